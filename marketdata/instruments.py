"""What can be traded or watched: the instrument value and the arithmetic of its price grid.

How a dump is read lives in `instrument_dump.py`; which instruments are watched in `universe.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum


class Exchange(StrEnum):
    """Where an instrument trades, in Kite's words."""

    NSE = "NSE"
    BSE = "BSE"
    NFO = "NFO"
    BFO = "BFO"


TOKEN_SEGMENTS = {Exchange.NSE: 1, Exchange.NFO: 2, Exchange.BSE: 4, Exchange.BFO: 5}
"""Last byte of the tokens of an exchange's shares, or derivatives, as Kite gives them."""


class Kind(StrEnum):
    """What an instrument is."""

    INDEX = "INDEX"
    EQUITY = "EQ"
    FUTURE = "FUT"
    CALL = "CE"
    PUT = "PE"


class Segment(StrEnum):
    """The part of the market whose hours and charges apply."""

    CASH = "CASH"
    FUTURES = "FUTURES"
    OPTIONS = "OPTIONS"


_SEGMENT_OF = {
    Kind.INDEX: Segment.CASH,
    Kind.EQUITY: Segment.CASH,
    Kind.FUTURE: Segment.FUTURES,
    Kind.CALL: Segment.OPTIONS,
    Kind.PUT: Segment.OPTIONS,
}


class PriceDirection(StrEnum):
    """Which way to move a price that lies off the grid."""

    DOWN = "DOWN"
    UP = "UP"
    NEAREST = "NEAREST"


_ROUNDING = {
    PriceDirection.DOWN: ROUND_FLOOR,
    PriceDirection.UP: ROUND_CEILING,
    PriceDirection.NEAREST: ROUND_HALF_UP,
}
_ONE, _PAISA = Decimal(1), Decimal("0.01")


class _Named:
    """The key of an instrument once it was asked for; no field, so nothing is told or compared."""

    __slots__ = ("_key",)
    _key: str


@dataclass(frozen=True, slots=True)
class Instrument(_Named):
    """One line of the day's instrument dump, with its dated facts.

    `lot_size` in units (1 for shares), `tick_size` in rupees, `freeze_quantity` in units or None
    where the exchange sets none. `made_from` is empty for a listed instrument; else it names what
    a data set made this one from, and such an instrument can never be sent to a broker.
    """

    token: int
    exchange: Exchange
    symbol: str
    name: str
    kind: Kind
    lot_size: int
    tick_size: Decimal
    expiry: date | None = None
    strike: Decimal | None = None
    freeze_quantity: int | None = None
    made_from: str = ""

    def __post_init__(self) -> None:
        if self.lot_size < 1:
            raise ValueError(f"lot_size: {self.symbol} has {self.lot_size}, expected 1 or more")
        if self.tick_size <= 0:
            raise ValueError(f"tick_size: {self.symbol} has {self.tick_size}, expected above 0")

    @property
    def key(self) -> str:
        """Return Kite's name for the instrument, `NFO:NIFTY26NOVFUT`; unique on one day."""
        try:
            return self._key
        except AttributeError:
            key = f"{self.exchange}:{self.symbol}"
            object.__setattr__(self, "_key", key)
            return key

    @property
    def is_tradable(self) -> bool:
        """Say whether orders can exist for it; an index can only be watched."""
        return self.kind is not Kind.INDEX

    @property
    def segment(self) -> Segment:
        """Return the segment whose hours and charges apply."""
        return _SEGMENT_OF[self.kind]

    def on_grid(self, price: Decimal | float, direction: PriceDirection) -> Decimal:
        """Return `price` moved to the tick grid, never less than one tick.

        A float is read through its shortest decimal form, so 100.05 means 100.05.
        """
        exact = price if isinstance(price, Decimal) else Decimal(repr(float(price)))
        tick = self.tick_size
        steps = (exact / tick).quantize(_ONE, _ROUNDING[direction])
        return ((steps if steps > _ONE else _ONE) * tick).quantize(_PAISA)
