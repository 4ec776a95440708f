"""What a screen's trades earn in rupees: one unit or one lot each, with the charges of their day.

The same rates as `execution.charges`, in float64 rupees for thousands of trades at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from execution.charge_rates import rates_for
from execution.orders import Product
from marketdata.bars import Flags, Floats, Ints
from marketdata.calendar import Calendar
from trading.research.bar_days import Laid
from trading.research.bar_market import Market
from trading.research.listings import Listing, Role, instrument_of, listings
from trading.research.screen import ScreenTrades

_BUY, _SELL, _STAMP, _TURNOVER, _SHARE, _MOST, _FLAT, _TAXED, _GST = range(9)


@dataclass(frozen=True, slots=True)
class Terms:
    """Units a trade, shape `(D, N)`, and the rates by day and column, None where nothing is paid.

    `rates`: shape `(9, D, N)`, in the order of the names above. `bars`: the minutes that fills are
    held against.
    """

    units: Ints
    rates: Floats | None
    bars: Laid


@dataclass(frozen=True, slots=True)
class Earned:
    """Rupees of each trade, shape `(M,)`; `risk` what it would lose at its stop, 1 R.

    `worse` and `better`: how far it would be off if it had been entered and left at the worst, or
    the best, prices of those minutes; what was left at a first target counts as it is.
    """

    gross: Floats
    charges: Floats
    risk: Floats
    worse: Floats
    better: Floats

    @property
    def net(self) -> Floats:
        """Return what is left after charges."""
        return self.gross - self.charges


def terms_of(market: Market, *, lots: bool, charged: bool, times: int = 1) -> Terms:
    """Return how a market's trades are counted: a lot each with `lots`, with `charged` charges.

    `times`: how many units, or lots, each trade is. An index counts as its near future. Raises
    `ListingError` or `FactMissing` where a dated fact isn't known, and `ListingError` for an
    index that has no future.
    """
    shape = (len(market.days), len(market.laid.columns))
    units = np.full(shape, times, dtype=np.int64)
    if not lots and not charged:
        return Terms(units, None, market.laid)
    rates, calendar = np.zeros((9, *shape)), Calendar.load()
    for column, traded in enumerate(_traded(market)):
        for place, day in enumerate(market.days):
            level = float(market.previous_close[place, column])
            known = level if np.isfinite(level) else _first_price(market, column)
            instrument = instrument_of(traded, day.date, known, calendar)
            if lots:
                units[place, column] = times * instrument.lot_size
            if charged:
                one = rates_for(instrument, Product.MIS, day.date)
                protected = one.exchange + one.protection
                taxed = (protected if one.protection_taxed else one.exchange) + one.sebi
                rates[:, place, column] = (
                    float(one.tax_buy),
                    float(one.tax_sell),
                    float(one.stamp),
                    float(protected + one.sebi),
                    float(one.brokerage_share),
                    float(one.brokerage_most),
                    float(one.brokerage_flat),
                    float(taxed),
                    float(one.gst),
                )
    return Terms(units, rates if charged else None, market.laid)


def _traded(market: Market) -> list[Listing]:
    """Return what each column would be traded as by the desk: an index as its near future."""
    found = []
    for column in market.laid.columns:
        own = listings((column.symbol,), plain=False)
        found.append(own[-1] if own[-1].role is Role.MADE_FUTURE else own[0])
    return found


def _first_price(market: Market, column: int) -> float:
    prices = market.laid.open[:, column]
    there = np.flatnonzero(~np.isnan(prices))
    return float(prices[there[0]]) if len(there) else 1.0


def earned(trades: ScreenTrades, terms: Terms) -> Earned:
    """Return what each trade earns: a buying and a selling order of its units."""
    units = terms.units[trades.day, trades.column]
    gross, risk = trades.gross * units, trades.risk * units
    off = _off(trades, terms.bars, units)
    if terms.rates is None:
        return Earned(gross, np.zeros(len(gross)), risk, *off)
    rates = terms.rates[:, trades.day, trades.column]
    charges = _charged(trades.side > 0, trades.entry * units, rates)
    for price, share in ((trades.part_exit, trades.part), (trades.exit, 1.0 - trades.part)):
        charges += _charged(trades.side < 0, price * units * share, rates)
    return Earned(gross, charges, risk, *off)


def _off(trades: ScreenTrades, bars: Laid, units: Ints) -> tuple[Floats, Floats]:
    """Return how much worse and better each trade could be within the minutes of its fills."""
    worse, better = np.zeros(len(trades)), np.zeros(len(trades))
    rest = 1.0 - trades.part
    for at, price, side, share in (
        (trades.entry_at, trades.entry, trades.side, np.ones(len(trades))),
        (trades.exit_bar_at, trades.exit, -trades.side, rest),
    ):
        row = np.searchsorted(bars.start, at, side="right") - 1
        up = np.fmax(bars.high[row, trades.column] - price, 0.0)
        down = np.fmax(price - bars.low[row, trades.column], 0.0)
        worse += share * np.where(side > 0, up, down)
        better += share * np.where(side > 0, down, up)
    return worse * units, better * units


def _charged(buys: Flags, value: Floats, rates: Floats) -> Floats:
    """Return the charges of an order of `value` rupees each, nothing for one of nothing."""
    taxes = np.where(buys, rates[_BUY] + rates[_STAMP], rates[_SELL])
    brokerage = np.minimum(value * rates[_SHARE], rates[_MOST]) + rates[_FLAT] * (value > 0)
    charges: Floats = value * (taxes + rates[_TURNOVER]) + brokerage
    charges += (brokerage + value * rates[_TAXED]) * rates[_GST]
    return charges
