"""Two strategies that can't wait: one trades shares and the future, one four kinds of option legs.

They exist to keep every part of the desk busy; what they say means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from marketdata.features.base import Feature
from marketdata.instruments import Instrument
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.outlook import Outlook
from strategies.signals import Direction, Signal, Signals
from strategies.structure_rules import StructureMarket
from strategies.structures import Leg, NotPossible, Structure, StructureKind
from strategies.ways_out import DESK

_NO_LIMIT = float("inf")


@dataclass(frozen=True, slots=True)
class Restless(Strategy):
    """Speaks of its columns at every bar, in a direction that changes with minute and column.

    `far`: column and how far stop and first target lie from the price, in rupees.
    """

    name: ClassVar[str] = "restless"
    timeframe: ClassVar[Timeframe] = Timeframe.MINUTE
    repeat: ClassVar[Repeat] = Repeat(once_a_side_a_day=False, gap_minutes=0)
    valid_minutes: ClassVar[int] = 1
    max_positions: ClassVar[int] = 3

    far: tuple[tuple[int, float], ...] = ()

    def features(self) -> dict[str, Feature]:
        """Return nothing: prices are enough."""
        return {}

    def signals(self, frame: Frame) -> Signals:
        """Return an opinion on every column that has a price."""
        close = frame.close
        side = np.zeros(len(close), dtype=np.int8)
        far, way = np.full(len(close), 1.0), np.ones(len(close))
        for column, distance in self.far:
            way[column] = 1 if (int(frame.minute) // 2 + column) % 2 else -1
            side[column] = way[column] if np.isfinite(close[column]) else 0
            far[column] = distance
        near, last = close + way * far, close + 2 * way * far
        return Signals(side, close, close - way * far, near, last, np.full(len(close), 0.5))


@dataclass(frozen=True, slots=True)
class Shape:
    """Legs with their signed ratios, and how far stop and targets lie from the net entry price."""

    kind: StructureKind
    legs: tuple[tuple[Instrument, int], ...]
    direction: Direction
    far: float
    max_loss: float = _NO_LIMIT


@dataclass(frozen=True, slots=True)
class InTurn:
    """Trades one underlying in one shape after the other, by the minute."""

    underlying: str
    shapes: tuple[Shape, ...]

    def build(self, signal: Signal, market: StructureMarket) -> Structure | NotPossible:
        """Return the structure at the prices it can be entered at now."""
        if signal.instrument.key != self.underlying:
            return NotPossible("not traded here")
        shape = self.shapes[market.at.minute % len(self.shapes)]
        legs = tuple(
            Leg(item, Direction(1 if ratio > 0 else -1), abs(ratio)) for item, ratio in shape.legs
        )
        paid = sum(
            leg.sign * market.quote(leg.instrument).executable(leg.direction) for leg in legs
        )
        way, entry = shape.direction, shape.direction * paid
        return Structure(
            shape.kind,
            legs,
            way,
            entry,
            entry - way * shape.far,
            entry + way * shape.far * 0.6,
            entry + way * shape.far * 1.2,
            signal,
            Outlook(max_loss=shape.max_loss),
            DESK,
        )


@dataclass(frozen=True, slots=True)
class RestlessLegs(Restless):
    """Speaks as often, of an index that it trades in option legs."""

    name: ClassVar[str] = "restless_legs"

    rule: InTurn = InTurn("", ())

    @property
    def structure(self) -> InTurn:
        """Return the rule that chooses the legs."""
        return self.rule
