from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from execution.charges import round_trip
from execution.orders import Product
from risk.exits import kernel
from tests.unit.trading.research.made_bars import DAYS, made_folder
from trading.research.backtest import Request, read_market
from trading.research.listings import Listing, Role, instrument_of
from trading.research.profiles import Profile, Wishes, config_of
from trading.research.screen import ScreenTrades
from trading.research.screen_files import row_of
from trading.research.screen_money import earned, terms_of


@pytest.fixture
def market(tmp_path):
    folder = made_folder(tmp_path, ("AAA", "NIFTY"))
    wishes = Wishes(Profile.PLAIN, ("opening_range",), Decimal(10**9), {}, ())
    request = Request(folder, None, DAYS[0], DAYS[-1], wishes)
    return read_market(request, config_of(wishes))


def trades_of(*rows: tuple[int, int, int, float, float]) -> ScreenTrades:
    column, day, side, entry, left = (np.array(each) for each in zip(*rows, strict=True))
    zero = np.zeros(len(rows), dtype=np.int64)
    return ScreenTrades(
        column=column,
        day=day,
        side=side,
        signal_at=zero,
        entry_at=zero,
        entry=entry.astype(float),
        exit_bar_at=zero,
        exit=left.astype(float),
        code=zero + kernel.AT_HARD_STOP,
        risk=np.full(len(rows), 2.0),
        part=np.zeros(len(rows)),
        part_exit=left.astype(float),
    )


def listed(symbol: str, role: Role, day: date, level: float):
    from marketdata.calendar import Calendar

    return instrument_of(Listing(symbol, role, 1001), day, level, Calendar.load())


def test_charges_are_those_of_the_orders_one_by_one(market):
    trades = trades_of(
        (0, 1, 1, 400.0, 410.55), (0, 2, -1, 395.5, 391.0), (1, 3, 1, 15_700.5, 15_650.25)
    )

    money = earned(trades, terms_of(market, lots=True, charged=True))

    for at, (symbol, role) in enumerate(
        [("AAA", Role.SHARE), ("AAA", Role.SHARE), ("NIFTY", Role.MADE_FUTURE)]
    ):
        day = market.days[int(trades.day[at])].date
        one = listed(symbol, role, day, float(trades.entry[at]))
        prices = [Decimal(repr(float(x))) for x in (trades.entry[at], trades.exit[at])]
        buy, sell = prices if trades.side[at] > 0 else prices[::-1]
        exact = round_trip(one, one.lot_size, buy, sell, Product.MIS, day).total
        assert money.charges[at] == pytest.approx(float(exact), abs=1e-4)
        assert money.gross[at] == pytest.approx(float((sell - buy) * one.lot_size))


def test_one_unit_without_charges_is_the_difference_of_prices(market):
    trades = trades_of((0, 1, 1, 400.0, 410.5), (1, 1, -1, 100.0, 101.0))

    money = earned(trades, terms_of(market, lots=False, charged=False))
    row = row_of(trades, money)

    assert money.net.tolist() == [10.5, -1.0]
    assert (row.trades, row.wins, row.net, row.net_r) == (2, 1, 9.5, 4.75)
    assert row.profit_factor == 10.5


def test_charges_make_a_trade_without_a_gain_lose_in_r_too(market):
    trades = trades_of((0, 1, 1, 400.0, 400.0))

    row = row_of(trades, earned(trades, terms_of(market, lots=False, charged=True)))

    assert row.net_r < 0
    assert row.net_r == pytest.approx(row.net / 2.0)
    assert row.profit_factor == 0.0


def test_a_set_without_trades_sums_to_nothing_and_has_no_means(market):
    none = trades_of((0, 1, 1, 1.0, 1.0)).where(np.array([False]))

    row = row_of(none, earned(none, terms_of(market, lots=False, charged=False)))

    assert (row.trades, row.net, row.net_r) == (0, 0, 0)
    assert (row.win_rate, row.mean_r, row.worst_r) == (None, None, None)
    assert row.profit_factor is None
