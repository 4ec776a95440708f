"""What the ranking is told: weights, penalties and how much is kept.

How they are used stands in `ranking.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import fsum, inf
from typing import NamedTuple

from marketdata.instruments import Segment
from strategies.parameters import check_range

_BY_SEGMENT = (
    "spread_by_segment",
    "depth_lots_by_segment",
    "volume_lots_by_segment",
    "open_interest_lots_by_segment",
)


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight of each feature in a score; together 1."""

    momentum: float = 0.25
    trend: float = 0.25
    liquidity: float = 0.20
    regime: float = 0.15
    rr: float = 0.15

    def __post_init__(self) -> None:
        names = [item.name for item in fields(self)]
        check_range(self, 0, 1, *names)
        total = fsum(getattr(self, name) for name in names)
        if abs(total - 1) > 1e-9:
            raise ValueError(f"weights: {', '.join(names)} add up to {total:g}, expected 1")


class Threshold(NamedTuple):
    """A threshold and whether it is the segment's own."""

    value: float
    is_own: bool


class Thresholds(NamedTuple):
    """The thresholds of one segment, from which on a contract is illiquid."""

    spread: Threshold
    depth_lots: Threshold
    volume_lots: Threshold
    open_interest_lots: Threshold


@dataclass(frozen=True, slots=True)
class PenaltyFactors:
    """What a score is multiplied by, and from where on; thresholds are absolute.

    Illiquid: the spread is above `max_spread` of the middle, fewer than `min_depth_lots` stand on
    the thinner side of the book, or the traded contract's day or open interest, where they are
    told, has fewer than `min_volume_lots` or `min_open_interest_lots`; each of the four may be
    said otherwise for CASH, FUTURES or OPTIONS alone (`..._by_segment`). Far from VWAP: more than
    `max_vwap_distance` of it away. Correlated: what is held, or kept before it in the same cycle,
    moves with it by more than `max_correlation`.
    """

    illiquid: float = 0.5
    event: float = 0.7
    far_from_vwap: float = 0.8
    correlated: float = 0.8
    max_spread: float = 0.005
    min_depth_lots: float = 1.0
    min_volume_lots: float = 10.0
    min_open_interest_lots: float = 100.0
    max_vwap_distance: float = 0.01
    max_correlation: float = 0.8
    spread_by_segment: Mapping[str, float] = field(default_factory=dict)
    depth_lots_by_segment: Mapping[str, float] = field(default_factory=dict)
    volume_lots_by_segment: Mapping[str, float] = field(default_factory=dict)
    open_interest_lots_by_segment: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_range(self, 0, 1, "illiquid", "event", "far_from_vwap", "correlated")
        check_range(self, 0, 1, "max_spread", "max_vwap_distance", "max_correlation")
        check_range(self, 0, inf, "min_depth_lots", "min_volume_lots", "min_open_interest_lots")
        for name in _BY_SEGMENT:
            _check_segments(name, getattr(self, name), 1 if name == "spread_by_segment" else inf)

    def spread_of(self, segment: str) -> Threshold:
        """Return the widest spread that is not too thin there, a fraction of the middle."""
        return _own_or(self.spread_by_segment, segment, self.max_spread)

    def depth_of(self, segment: str) -> Threshold:
        """Return the fewest lots at the thinner side of a book that are enough there."""
        return _own_or(self.depth_lots_by_segment, segment, self.min_depth_lots)

    def volume_of(self, segment: str) -> Threshold:
        """Return the fewest lots traded today that are enough there."""
        return _own_or(self.volume_lots_by_segment, segment, self.min_volume_lots)

    def open_interest_of(self, segment: str) -> Threshold:
        """Return the fewest lots of open interest that are enough there."""
        own = self.open_interest_lots_by_segment
        return _own_or(own, segment, self.min_open_interest_lots)

    def thresholds(self, segment: str) -> Thresholds:
        """Return all four of a segment."""
        return Thresholds(
            self.spread_of(segment),
            self.depth_of(segment),
            self.volume_of(segment),
            self.open_interest_of(segment),
        )


def _own_or(own: Mapping[str, float], segment: str, common: float) -> Threshold:
    found = own.get(segment)
    return Threshold(common, False) if found is None else Threshold(found, True)


def _check_segments(name: str, limits: Mapping[str, float], most: float) -> None:
    for segment, limit in limits.items():
        if segment not in set(Segment):
            raise ValueError(f"{name}.{segment}: expected a segment of {', '.join(Segment)}")
        if not 0 <= limit <= most:
            upper = "0 or more" if most == inf else f"0 to {most:g}"
            raise ValueError(f"{name}.{segment}: {limit}, expected {upper}")


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """How opinions are compared and how many are kept a cycle.

    `window`: observations kept for each instrument; `min_samples`: population below which a raw
    value stands for itself; `clip`: the largest distance from the median that counts, in robust
    standard deviations. `correlation_bars`: over how many returns a correlation is taken, of
    which at least `min_samples` have to be known; `max_correlated`: how many that move together,
    by more than the penalty's `max_correlation`, may be held and kept at once.
    """

    weights: Weights = field(default_factory=Weights)
    penalties: PenaltyFactors = field(default_factory=PenaltyFactors)
    top_n: int = 5
    max_per_underlying: int = 1
    window: int = 100
    min_samples: int = 10
    clip: float = 3.0
    correlation_bars: int = 60
    max_correlated: int = 3

    def __post_init__(self) -> None:
        check_range(self, 1, 1000, "top_n", "max_per_underlying", "min_samples")
        check_range(self, 1, 1000, "max_correlated")
        check_range(self, 2, 1000, "correlation_bars")
        check_range(self, 1, 10_000, "window")
        check_range(self, 0.1, 10, "clip")
