"""A small option chain on a panel, priced by a smile, for tests that need one to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.options.chain import ChainColumns, chains_of
from marketdata.options.greeks import price
from marketdata.options.rates import discount_factor, interest_rate
from marketdata.panel import Panel
from marketdata.ticks import TICK
from marketdata.timeframes import Timeframe
from marketdata.universe import Column, Universe

DAY = date(2026, 10, 6)
EXPIRY = date(2026, 10, 13)
AT = datetime(2026, 10, 6, 11, 0, tzinfo=IST)
FORWARD = 24_512.5
_YEAR_SECONDS = 365 * 86_400
_SPOT, _FUTURE, _FIRST_OPTION = 1, 2, 100


@dataclass(frozen=True)
class MadeChain:
    """NIFTY with calls and puts at `strikes`, worth what `smile` says at their strike.

    `half_spread` in rupees; `gone`: symbols not listed; `open_units`: by symbol.
    """

    strikes: Sequence[int] = tuple(range(23_500, 25_550, 50))
    smile: Callable[[float], float] = lambda strike: 0.12
    expiry: date = EXPIRY
    forward: float = FORWARD
    half_spread: float = 0.05
    gone: frozenset[str] = frozenset()
    with_future: bool = False
    open_units: Mapping[str, int] = field(default_factory=dict)

    @property
    def years(self) -> float:
        """Return the time from the usual moment to 15:40 of the expiry day."""
        closes_at = datetime(
            self.expiry.year, self.expiry.month, self.expiry.day, 15, 40, tzinfo=IST
        )
        return (closes_at - AT).total_seconds() / _YEAR_SECONDS

    def instruments(self) -> list[Instrument]:
        """Return the index, its future if wanted, and the options, calls before puts."""
        found = [_instrument(_SPOT, "NIFTY 50", Kind.INDEX)]
        if self.with_future:
            found.append(replace(_instrument(_FUTURE, "NIFTYFUT", Kind.FUTURE), expiry=self.expiry))
        for place, strike in enumerate(self.strikes):
            for side, kind in enumerate((Kind.CALL, Kind.PUT)):
                token = _FIRST_OPTION + 2 * place + side
                option = _instrument(token, f"NIFTY{strike}{kind}", kind)
                found.append(replace(option, expiry=self.expiry, strike=Decimal(strike)))
        return [item for item in found if item.symbol not in self.gone]

    def universe(self) -> Universe:
        """Return a universe of all of them; nothing is scanned."""
        columns = [
            Column(place, item, False, None, place, "made")
            for place, item in enumerate(self.instruments())
        ]
        return Universe(tuple(columns), (), frozenset())

    def columns(self) -> ChainColumns:
        """Return where the chain stands in that universe."""
        return chains_of(self.universe(), DAY)["NIFTY", self.expiry]

    def worth(self, item: Instrument) -> float:
        """Return what the smile says an option is worth, in rupees."""
        strike = float(item.strike or 0)
        discount = discount_factor(interest_rate(DAY), self.years)
        volatility = self.smile(strike)
        is_call = item.kind is Kind.CALL
        return price(self.forward, strike, self.years, volatility, discount, is_call)

    def panel(self, changed: Mapping[str, Mapping[str, float]] | None = None) -> Panel:
        """Return a panel that heard of everything at `AT`.

        `changed`: fields of the tick by symbol; a moment of 0 keeps the symbol silent.
        """
        items = self.instruments()
        ticks = np.zeros(len(items), TICK)
        for row, item in zip(ticks, items, strict=True):
            self._fill(row, item)
            for name, value in (changed or {}).get(item.symbol, {}).items():
                row[name] = value
        told = ticks[ticks["exchange_at"] > 0]
        panel = Panel(
            tokens=np.array([item.token for item in items]),
            timeframes=[Timeframe.MINUTE],
            opens_at_s=int(datetime(2026, 10, 6, 9, 15, tzinfo=IST).timestamp()),
            session=DAY.toordinal(),
            volume_from=None,
            previous_close=None,
        )
        panel.apply(told)
        return panel

    def _fill(self, row: np.void, item: Instrument) -> None:
        row["token"], row["exchange_at"] = item.token, int(AT.timestamp() * 1_000_000)
        row["oi"] = self.open_units.get(item.symbol, 0)
        if item.kind is Kind.INDEX:
            row["last"], row["bid"], row["ask"] = 24_500.0, np.nan, np.nan
            return
        value = self.forward if item.kind is Kind.FUTURE else self.worth(item)
        row["last"] = value
        row["bid"], row["ask"] = value - self.half_spread, value + self.half_spread


def _instrument(token: int, symbol: str, kind: Kind) -> Instrument:
    exchange = Exchange.NSE if kind is Kind.INDEX else Exchange.NFO
    return Instrument(token, exchange, symbol, "NIFTY", kind, 65, Decimal("0.05"))
