"""Which options of the scanned underlyings become columns: those nearest to the money, to a cap.

They are watched to be traded in structures; no strategy looks at one. Where an option stands among
the columns is said here, what the other columns are in `universe.py`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from marketdata.instruments import Instrument, Kind

OPTIONS = frozenset({Kind.CALL, Kind.PUT})


@dataclass(frozen=True, slots=True)
class OptionColumns:
    """How many options may be columns, and where the money is.

    `most`: the cap over all underlyings. `spots`: rupees before the open by the name of the
    derivatives; where one is missing, its options are the first that the cap leaves out.
    """

    most: int
    spots: Mapping[str, float]

    def __post_init__(self) -> None:
        if self.most < 0:
            raise ValueError(f"options.most: is {self.most}, expected 0 or more")


@dataclass(frozen=True, slots=True)
class _Option:
    """An option with the facts that every one has."""

    instrument: Instrument
    expiry: date
    strike: Decimal

    @property
    def place(self) -> tuple[str, date, Decimal, Kind]:
        """Return its place among the columns: underlying, expiry, strike, calls before puts."""
        return self.instrument.name, self.expiry, self.strike, self.instrument.kind

    def distance(self, spots: Mapping[str, float]) -> float:
        """Return how far its strike is from the money, as a part of the spot."""
        spot = spots.get(self.instrument.name, math.nan)
        return abs(float(self.strike) / spot - 1.0) if spot > 0 else math.inf

    @property
    def why(self) -> str:
        return f"option of {self.instrument.name}, {self.strike.normalize():f} " + (
            f"{self.instrument.kind}, expires {self.expiry}"
        )


def choose_options(
    instruments: Sequence[Instrument], on: date, names: Collection[str], settings: OptionColumns
) -> tuple[list[tuple[Instrument, str]], list[tuple[str, str]]]:
    """Return the options of `names` that become columns, in their order, and those left out.

    Each with its reason, the latter by key. One expiring on `on` is still in; one expired before
    is no candidate. The cap keeps those nearest to their money, of equally near the earlier
    expiries.
    """
    listed = [
        _Option(item, item.expiry, item.strike)
        for item in instruments
        if item.kind in OPTIONS and item.name in names
        if item.expiry is not None and item.strike is not None and item.expiry >= on
    ]
    ranked = sorted(listed, key=lambda o: (o.distance(settings.spots), o.expiry, o.place))
    kept = sorted(ranked[: settings.most], key=lambda option: option.place)
    over = f"over the cap of {settings.most} options"
    left_out = [(option.instrument.key, over) for option in ranked[settings.most :]]
    return [(option.instrument, option.why) for option in kept], left_out
