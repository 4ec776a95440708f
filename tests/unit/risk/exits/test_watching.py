from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.exits import ExitPlan, ExitRules, ExitState, PriceBar, opened, step
from risk.exits.watching import ASKED, OVER, WATCHED, Prices, concerned, watched_row, with_seen
from tests.unit.risk.exits.builders import LONG, OPENED_AT, SHORT, plan

PRICES = st.floats(60.0, 140.0)
RULES = st.builds(
    ExitRules,
    **{
        name: st.booleans()
        for name in ("trail", "target1", "target2", "time_stop", "volatility", "mae")
    },
    arm_at_r=st.sampled_from((0.0, 0.5, 1.5)),
)


def plan_of(side: int, rules: ExitRules, *, rests: bool) -> ExitPlan:
    return plan(
        LONG if side > 0 else SHORT,
        entry=100.0,
        stop=100.0 - side * 10,
        target1=100.0 + side * 12,
        target2=100.0 + side * 30,
        rules=rules,
        entry_atr=2.0,
        hard_stop_rests=rests,
        tighten_at_s=OPENED_AT + 3_000,
        square_off_at_s=OPENED_AT + 6_000,
    )


def prices_of(bar: tuple[float, ...], slow: float, ended_s: float, *, is_new: bool) -> Prices:
    first, high, low, last = (np.array([price]) for price in bar)
    stamp = np.array([5 if is_new else 4])
    return Prices(first, high, low, last, np.array([slow]), stamp, 5, ended_s)


def looked_at(row: np.ndarray, mode: int, prices: Prices) -> bool:
    places = np.zeros((2, 1), dtype=np.int64)
    return bool(len(concerned(row[np.newaxis], np.array([mode]), places, prices)))


def stepped(
    exits: ExitPlan, state: ExitState, bar: tuple[float, ...], slow: float, now_s: float
) -> tuple[ExitState, bool]:
    after, decision = step(exits, state, PriceBar(*bar), atr=1.0, now_s=now_s, slow_atr=slow)
    return after, decision is not None


@settings(max_examples=300, deadline=None)
@given(
    side=st.sampled_from((1, -1)),
    rules=RULES,
    rests=st.booleans(),
    bars=st.lists(st.tuples(PRICES, PRICES, PRICES, st.floats(1.0, 6.0)), min_size=1, max_size=8),
    seconds=st.integers(1, 1_200),
)
def test_what_concerns_no_plan_leaves_it_as_each_step_would(side, rules, rests, bars, seconds):
    exits = plan_of(side, rules, rests=rests)
    one_by_one = opened(exits)
    row = watched_row(exits, one_by_one, OPENED_AT)
    for number, (first, other, last, slow) in enumerate(bars, start=1):
        bar = (first, max(first, other, last), min(first, other, last), last)
        now_s = OPENED_AT + number * float(seconds)
        if looked_at(row, WATCHED, prices_of(bar, slow, now_s, is_new=True)):
            break
        one_by_one, is_decided = stepped(exits, one_by_one, bar, slow, now_s)
        assert not is_decided
        assert with_seen(exits, opened(exits), row) == one_by_one


@pytest.mark.parametrize(("mode", "asked"), [(OVER, False), (WATCHED, False), (ASKED, True)])
def test_a_price_in_the_middle_concerns_only_a_plan_that_always_asks(mode: int, asked: bool):
    exits = plan_of(1, ExitRules(), rests=True)
    row = watched_row(exits, opened(exits), OPENED_AT)

    assert looked_at(row, mode, prices_of((100.5,) * 4, 1.0, OPENED_AT + 60, is_new=True)) is asked


@pytest.mark.parametrize("price", [float("nan"), 90.0, 140.0])
def test_a_price_at_a_level_or_none_at_all_concerns_a_plan(price: float):
    exits = plan_of(1, ExitRules(), rests=False)
    row = watched_row(exits, opened(exits), OPENED_AT)

    assert looked_at(row, WATCHED, prices_of((price,) * 4, 1.0, OPENED_AT + 60, is_new=True))


def test_a_column_that_the_step_does_not_tell_concerns_nobody():
    exits = plan_of(1, ExitRules(), rests=False)
    row = watched_row(exits, opened(exits), OPENED_AT)

    assert not looked_at(row, ASKED, prices_of((50.0,) * 4, 1.0, OPENED_AT + 60, is_new=False))


def test_the_volatility_exit_concerns_a_plan_whatever_the_price():
    exits = plan_of(1, ExitRules(), rests=True)
    row = watched_row(exits, opened(exits), OPENED_AT)

    assert looked_at(row, WATCHED, prices_of((100.5,) * 4, 4.0, OPENED_AT + 60, is_new=True))
