"""Figures with literal trades and curves."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import numpy as np
import pytest

from marketdata.calendar import IST
from trading.research.equity import Curve
from trading.research.report_chart import chart_of
from trading.research.report_files import trades_csv
from trading.research.round_trips import RoundTrip
from trading.research.statistics import ratios_of, totals_of, warnings_of

AT = datetime(2021, 7, 5, 9, 31, tzinfo=IST)


def trip(gross: str, charges: str = "0") -> RoundTrip:
    return RoundTrip(
        strategy="opening_range",
        symbol="AAA",
        column=0,
        direction="LONG",
        quantity=1,
        signal_at=AT,
        entry_at=AT,
        entry_price=Decimal("100.5"),
        exit_at=AT.replace(second=59, microsecond=999_000),
        exit_price=Decimal("101"),
        exit_reason="TARGET2",
        gross=Decimal(gross),
        charges=Decimal(charges),
    )


def curve(equity, days=None) -> Curve:
    values = np.array(equity, dtype=float)
    peak = np.maximum(np.maximum.accumulate(values), values[0])
    return Curve(
        end=1_625_456_760 + 60 * np.arange(len(values)),
        balance=values,
        equity=values,
        drawdown=values / peak - 1,
        open_positions=np.array([1, *[0] * (len(values) - 1)]),
        day=np.array(days or [0] * len(values)),
    )


def test_totals_count_a_win_after_charges():
    totals = totals_of([trip("10", "2"), trip("1", "2"), trip("-4", "1"), trip("3", "3")])

    assert (totals.trades, totals.wins, totals.losses) == (4, 1, 2)
    assert (totals.gross, totals.charges, totals.net) == (10.0, 8.0, 2.0)
    assert totals.profit_factor == pytest.approx(8 / 6)
    assert (totals.win_rate, totals.expectancy) == (0.25, 0.5)
    assert (totals.average_win, totals.average_loss) == (8.0, -3.0)


def test_nothing_is_divided_by_nothing():
    none, won = totals_of([]), totals_of([trip("5")])

    assert (none.win_rate, none.expectancy, none.profit_factor) == (None, None, None)
    assert (won.profit_factor, won.average_loss) == (None, None)


def test_ratios_are_of_daily_returns_and_the_drawdown_is_marked_to_market():
    ratios = ratios_of(curve([100, 90, 110, 99, 121, 121], [0, 0, 1, 1, 2, 2]), Decimal(100))

    returns = np.array([90 / 100, 99 / 90, 121 / 99]) - 1
    assert ratios.max_drawdown == pytest.approx(0.1)
    assert ratios.total_return == pytest.approx(0.21)
    assert ratios.exposure == pytest.approx(1 / 6)
    assert ratios.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * 252**0.5)
    down = np.sqrt(np.mean(np.minimum(returns, 0) ** 2))
    assert ratios.sortino == pytest.approx(returns.mean() / down * 252**0.5)
    assert ratios.calmar == pytest.approx((1.21 ** (252 / 3) - 1) / 0.1)


def test_a_flat_account_has_no_ratios():
    ratios = ratios_of(curve([100, 100], [0, 1]), Decimal(100))

    assert (ratios.sharpe, ratios.sortino, ratios.calmar) == (None, None, None)


def test_what_beats_a_coin_by_far_is_told():
    wins = [trip("10")] * 30 + [trip("9")]

    texts = " ".join(warnings_of(wins, curve([100, 130])))

    for word in ("31 of 31 trades won", "mean trade", "none of 31 trades lost", "earlier high"):
        assert word in texts


def test_a_coin_gets_no_warning():
    coin = [trip("10"), trip("-10")] * 20

    assert warnings_of(coin, curve([100, 95, 100])) == ()
    assert warnings_of([trip("10")] * 9, curve([100, 190])) == ()


def test_a_trade_is_told_in_full_with_milliseconds():
    head, row = trades_csv([trip("0.5", "0.123456")]).splitlines()

    assert head.startswith("strategy,symbol,direction,quantity,signal_at,entry_at,entry_price")
    assert row == (
        "opening_range,AAA,LONG,1,2021-07-05T09:31:00.000+05:30,2021-07-05T09:31:00.000+05:30,"
        "100.50,2021-07-05T09:31:59.999+05:30,101.00,TARGET2,0.50,0.123456,0.376544"
    )


def test_the_chart_keeps_the_extremes_of_a_long_curve():
    values = np.full(100_000, 100.0)
    values[77_777] = 50.0

    chart = chart_of(curve(values), 100.0)

    assert chart.count("<polyline") == 1
    assert "-50.00%" in chart
    assert len(chart) < 100_000
