"""How far fills may be off, against minutes made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risk.exits import kernel
from tests.unit.trading.research.made_bars import DAYS, IST, write_bars
from trading.engine.actions import FillNoted, PlanNoted
from trading.research.backtest import Request, read_market
from trading.research.bar_market import Market
from trading.research.collector import Collector
from trading.research.fill_error import FillError, fill_error_of
from trading.research.profiles import Profile, Wishes, config_of
from trading.research.screen import ScreenTrades
from trading.research.screen_files import row_of
from trading.research.screen_money import earned, terms_of

OPEN = datetime(2021, 7, 5, 9, 15, tzinfo=IST)
WITHIN = timedelta(seconds=59, milliseconds=999)
BARS = ((100.0, 102.0, 99.0, 101.0), (101.0, 104.0, 97.0, 98.0), (98.0, 98.5, 97.5, 98.0))
"""Open, high, low, close of the first minutes of the day."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    folder = tmp_path_factory.mktemp("bars")
    bars = pd.DataFrame(BARS, columns=["open", "high", "low", "close"])
    bars.insert(0, "ts", pd.date_range(OPEN, periods=len(BARS), freq="min"))
    write_bars(folder, "AAA", bars.assign(volume=1000, oi=0))
    wishes = Wishes(Profile.PLAIN, ("opening_range",), Decimal(10**6), {}, ())
    request = Request(folder, None, DAYS[0], DAYS[-1], wishes)
    return read_market(request, config_of(wishes))


def at(minute: int, span: timedelta = timedelta(0)) -> datetime:
    return OPEN + timedelta(minutes=minute) + span


def fill(side: str, moment: datetime, price: float, quantity: int = 10) -> FillNoted:
    text = Decimal(str(price))
    return FillNoted(moment, "T", "C", "B", "P1", "NSE:AAA", side, quantity, text, None)


def off(market: Market, *fills: FillNoted, target: float | None = 103.0, way: int = 1) -> FillError:
    notes = Collector()
    notes.plans.append(PlanNoted(at(0), "P1", "D1", "s", way, (), 100.0, 98.0, 101.0, target))
    notes.fills.extend(fills)
    return fill_error_of(market, notes, 50.0)


def test_every_fill_is_held_against_the_range_of_its_own_minute(market: Market) -> None:
    # Bought at 100 in a minute from 99 to 102, sold at 98 in one from 97.5 to 98.5.
    found = off(market, fill("BUY", at(0), 100.0), fill("SELL", at(2), 98.0))

    assert (found.fills, found.net) == (2, 50.0)
    assert found.net_worst == 50.0 - 10 * (2.0 + 0.5)
    assert found.net_best == 50.0 + 10 * (1.0 + 0.5)


def test_a_tick_on_each_fill_is_what_the_price_moves_by_least(market: Market) -> None:
    tick = float(market.days[0].instruments[0].tick_size)

    found = off(market, fill("BUY", at(0), 100.0), fill("SELL", at(2), 98.0, quantity=5))

    assert found.one_tick == pytest.approx(15 * tick)


def test_a_price_beyond_its_minute_is_never_made_better_than_it_was(market: Market) -> None:
    found = off(market, fill("BUY", at(0), 102.5), fill("SELL", at(2), 97.0))

    assert (found.net_worst, found.net_best) == (50.0, 50.0 + 10 * (3.5 + 1.5))


def test_a_stop_in_a_minute_that_reached_the_target_too_is_undecided(market: Market) -> None:
    bought, stopped = fill("BUY", at(0), 100.0), fill("SELL", at(1, WITHIN), 98.0)

    found = off(market, bought, stopped)

    assert (found.undecided, found.undecided_more) == (1, 10 * (103.0 - 98.0))
    assert off(market, bought, stopped, target=104.5).undecided == 0
    assert off(market, bought, stopped, target=None).undecided == 0


def test_an_exit_at_the_first_price_of_a_minute_is_decided(market: Market) -> None:
    found = off(market, fill("BUY", at(0), 100.0), fill("SELL", at(1), 101.0))

    assert found.undecided == 0


def test_an_exit_at_the_target_is_decided_and_a_short_is_the_mirror_image(market: Market) -> None:
    sold = fill("SELL", at(0), 100.0)

    reached = off(market, sold, fill("BUY", at(1, WITHIN), 98.0), target=98.0, way=-1)
    stopped = off(market, sold, fill("BUY", at(1, WITHIN), 102.0), target=98.0, way=-1)

    assert reached.undecided == 0
    assert (stopped.undecided, stopped.undecided_more) == (1, 40.0)


def test_a_minute_without_a_bar_tells_nothing(market: Market) -> None:
    found = off(market, fill("BUY", at(40), 100.0))

    assert (found.net_worst, found.net_best) == (50.0, 50.0)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["BUY", "SELL"]),
            st.integers(0, 2),
            st.booleans(),
            st.integers(1900, 2100),
            st.integers(1, 500),
        ),
        max_size=12,
    )
)
def test_the_net_lies_between_the_worst_and_the_best(
    market: Market, drawn: list[tuple[str, int, bool, int, int]]
) -> None:
    fills = [
        fill(side, at(minute, WITHIN if late else timedelta(0)), twentieths / 20, quantity)
        for side, minute, late, twentieths, quantity in drawn
    ]

    found = off(market, *fills)

    assert found.net_worst <= found.net <= found.net_best
    assert found.undecided_more >= 0


def error(**changes: float) -> FillError:
    return replace(FillError(40, 100.0, 60.0, -500.0, 700.0, 0, 0.0), **changes)


def test_a_profit_smaller_than_a_tick_on_each_fill_is_warned_of() -> None:
    (warned,) = error(one_tick=100.0).warnings

    assert "not more than one tick on each fill, 100.00 INR" in warned
    assert error().warnings == ()
    assert error(net=-5.0, one_tick=100.0).warnings == ()
    assert error(one_tick=100.0, fills=19).warnings == ()


def test_the_words_hold_every_number() -> None:
    told = " ".join(error(undecided=3, undecided_more=41.5).lines)

    for number in ("40", "40.00 INR instead of 100.00", "-500.00", "700.00", "3 exits", "41.50"):
        assert number in told


def screened(side: int, entry: float, left: float, part: float = 0.0) -> ScreenTrades:
    """Return one trade entered in the first minute and left in the third."""
    whole = {"column": 0, "day": 0, "side": side, "signal_at": 0, "code": kernel.AT_HARD_STOP}
    whole |= {"entry_at": int(at(0).timestamp()), "exit_bar_at": int(at(2).timestamp())}
    parts = {"entry": entry, "exit": left, "risk": 1.0, "part": part, "part_exit": left}
    return ScreenTrades(
        **{name: np.array([value], dtype=np.int64) for name, value in whole.items()},
        **{name: np.array([value], dtype=np.float64) for name, value in parts.items()},
    )


def test_a_screen_tells_the_same_bounds(market: Market) -> None:
    long = row_of(
        trades := screened(1, 100.0, 98.0),
        earned(trades, terms_of(market, lots=False, charged=False, times=10)),
    )
    short = row_of(
        trades := screened(-1, 100.0, 98.0),
        earned(trades, terms_of(market, lots=False, charged=False)),
    )

    assert (long.net, long.net_worst, long.net_best) == (-20.0, -20.0 - 25.0, -20.0 + 15.0)
    assert (short.net, short.net_worst, short.net_best) == (2.0, 2.0 - 1.5, 2.0 + 2.5)


def test_what_a_screen_left_at_a_first_target_counts_as_it_is(market: Market) -> None:
    trades = screened(1, 100.0, 98.0, part=0.5)

    row = row_of(trades, earned(trades, terms_of(market, lots=False, charged=False)))

    assert row.net - row.net_worst == 2.0 + 0.25
