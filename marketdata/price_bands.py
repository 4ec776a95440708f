"""The day's price bands: lowest and highest price that orders may have, as told before the open.

They come with a broker's quotes and change when the exchange widens them; their age says how much
they are worth. Asking for them is a service's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec

from marketdata.instruments import Instrument

Band = tuple[Decimal, Decimal]
"""Lowest and highest price, both allowed."""


class BandsError(ValueError):
    """Price bands that cannot be read; names the file and what was expected."""


@dataclass(frozen=True, slots=True)
class PriceBands:
    """Bands by Kite's key, of which day, from where, and when they were told."""

    day: date
    source: str
    taken_at: datetime
    bands: Mapping[str, Band]

    def __post_init__(self) -> None:
        if self.taken_at.tzinfo is None:
            raise ValueError("taken_at: expected an aware moment")
        for key, (low, high) in self.bands.items():
            if not 0 <= low < high:
                raise ValueError(f"bands: {key} from {low} to {high}")

    def age(self, now: datetime) -> timedelta:
        """Return how long ago they were told."""
        return now - self.taken_at

    def allows(self, instrument: Instrument, price: Decimal) -> bool:
        """Say whether an order at that price would be taken; not where no band is known."""
        band = self.bands.get(instrument.key)
        return band is not None and band[0] <= price <= band[1]

    def missing(self, instruments: Iterable[Instrument]) -> tuple[str, ...]:
        """Return the tradable instruments without a band, by key."""
        return tuple(
            item.key for item in instruments if item.is_tradable and item.key not in self.bands
        )

    def write(self, path: Path) -> None:
        """Write them whole, or leave the file that is there."""
        draft = path.with_name(f"{path.name}.draft")
        draft.write_bytes(msgspec.json.encode(self))
        draft.replace(path)


def read_bands(path: Path) -> PriceBands:
    """Return the bands of a file. Raises `BandsError`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=PriceBands)
    except (OSError, ValueError) as error:
        raise BandsError(f"{path}: {error}, expected price bands") from error
