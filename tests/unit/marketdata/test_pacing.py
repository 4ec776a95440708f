from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.dated import FactMissing
from marketdata.pacing import (
    HOLD,
    NEVER,
    Asked,
    Budget,
    Budgets,
    Call,
    Lane,
    LocalPacer,
    OverBudget,
    Patience,
    Windows,
    budgets_on,
)

START = datetime(2026, 11, 23, 9, 15, tzinfo=ZoneInfo("Asia/Kolkata"))
BUDGETS = budgets_on(START.date())
SECOND = Budget("second", frozenset({Call.PLACE}), 1.0, 8, 3, per_subject=False)
DAY = Budget("day", frozenset({Call.PLACE}), None, 10, 2, per_subject=False)
URGENT, NORMAL = Lane.URGENT, Lane.NORMAL


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


def pacer(budgets: Budgets = BUDGETS) -> tuple[LocalPacer, Clock]:
    clock = Clock()
    return LocalPacer(budgets, clock, clock.sleep, Patience()), clock


def spend(windows: Windows, budgets: Budgets, asked: Asked, at: datetime, most: int) -> int:
    """Make calls until one doesn't fit; return how many did."""
    for made in range(most):
        if windows.wait(budgets, asked, at)[0] > 0:
            return made
        windows.count(budgets, asked, at)
    return most


def test_normal_calls_leave_the_reserve_and_urgent_ones_use_it() -> None:
    windows = Windows()

    normal = spend(windows, (SECOND,), Asked(Call.PLACE, NORMAL), START, 20)
    urgent = spend(windows, (SECOND,), Asked(Call.PLACE, URGENT), START, 20)

    assert (normal, urgent) == (5, 3)


def test_the_wait_ends_when_the_oldest_call_leaves_the_window() -> None:
    windows, asked = Windows(), Asked(Call.PLACE, URGENT)
    for tenth in range(8):
        windows.count((SECOND,), asked, START + timedelta(seconds=tenth / 10))

    wait, name = windows.wait((SECOND,), asked, START + timedelta(seconds=0.75))

    assert (wait, name) == (0.25, "second")
    assert windows.wait((SECOND,), asked, START + timedelta(seconds=1))[0] == 0


def test_the_longest_wait_of_all_budgets_counts() -> None:
    windows, asked = Windows(), Asked(Call.PLACE, URGENT)
    for _ in range(10):
        windows.count((SECOND, DAY), asked, START)

    assert windows.wait((SECOND, DAY), asked, START) == (NEVER, "day")
    tomorrow = START + timedelta(days=1)
    assert windows.wait((SECOND, DAY), asked, tomorrow)[0] == 0


def test_a_day_ends_at_midnight_of_ist() -> None:
    windows, asked = Windows(), Asked(Call.PLACE, URGENT)
    evening = datetime(2026, 11, 23, 18, 29, tzinfo=ZoneInfo("UTC"))
    for _ in range(10):
        windows.count((DAY,), asked, evening)

    assert windows.wait((DAY,), asked, evening)[0] == NEVER
    assert windows.wait((DAY,), asked, evening + timedelta(minutes=1))[0] == 0


def test_modifications_are_counted_for_each_order_by_itself() -> None:
    windows = Windows()
    modifications = tuple(b for b in BUDGETS if b.name == "modifications")

    spent = {
        lane: spend(windows, modifications, Asked(Call.MODIFY, lane, "1"), START, 99)
        for lane in (NORMAL, URGENT)
    }

    assert spent == {NORMAL: 20, URGENT: 4}
    assert windows.wait(modifications, Asked(Call.MODIFY, NORMAL, "2"), START)[0] == 0


def test_a_clock_put_back_does_not_hold_calls_up_for_longer_than_the_window() -> None:
    windows, asked = Windows(), Asked(Call.PLACE, URGENT)
    for _ in range(8):
        windows.count((SECOND,), asked, START + timedelta(hours=1))

    assert windows.wait((SECOND,), asked, START)[0] == 1.0


def test_calls_of_one_kind_do_not_count_for_another() -> None:
    windows = Windows()
    spend(windows, BUDGETS, Asked(Call.PLACE, URGENT), START, 99)

    for call in (Call.QUOTE, Call.HISTORY, Call.OTHER):
        assert windows.wait(BUDGETS, Asked(call, NORMAL), START)[0] == 0
    assert windows.wait(BUDGETS, Asked(Call.CANCEL, URGENT), START)[0] > 0


def test_after_the_brokers_complaint_normal_calls_wait_and_urgent_ones_do_not() -> None:
    windows = Windows()
    windows.hold(Call.PLACE, START + HOLD)

    assert windows.wait(BUDGETS, Asked(Call.PLACE, NORMAL), START) == (2.0, "held")
    assert windows.wait(BUDGETS, Asked(Call.PLACE, URGENT), START)[0] == 0
    assert windows.wait(BUDGETS, Asked(Call.CANCEL, NORMAL), START)[0] == 0
    assert windows.wait(BUDGETS, Asked(Call.PLACE, NORMAL), START + HOLD)[0] == 0


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(Lane)), max_size=60),
)
def test_no_window_ever_holds_more_than_its_budget(calls: list[tuple[int, Lane]]) -> None:
    windows, made, at = Windows(), list[datetime](), START
    for milliseconds, lane in calls:
        at += timedelta(milliseconds=milliseconds)
        asked = Asked(Call.PLACE, lane)
        at += timedelta(seconds=windows.wait((SECOND,), asked, at)[0])
        assert windows.wait((SECOND,), asked, at)[0] == 0
        windows.count((SECOND,), asked, at)
        made.append(at)

    for begin in made:
        end = begin + timedelta(seconds=1)
        assert sum(begin <= moment < end for moment in made) <= SECOND.most


async def test_a_pacer_waits_for_its_turn() -> None:
    paced, clock = pacer((SECOND,))

    for _ in range(8):
        await paced.take(Call.PLACE, URGENT)
    assert clock.now == START
    await paced.take(Call.PLACE, URGENT)

    assert clock.now == START + timedelta(seconds=1)


async def test_a_pacer_gives_up_what_would_wait_too_long_and_counts_nothing() -> None:
    paced, clock = pacer()
    for _ in range(250):
        await paced.take(Call.PLACE, URGENT)
    clock.now += timedelta(seconds=1)

    with pytest.raises(OverBudget, match="orders-minute is free again in") as refused:
        await paced.take(Call.PLACE, NORMAL)

    assert refused.value.budget == "orders-minute"
    await paced.take(Call.CANCEL, URGENT)


async def test_a_day_that_is_used_up_is_told_so() -> None:
    paced, clock = pacer((DAY,))
    for _ in range(8):
        await paced.take(Call.PLACE, NORMAL)

    with pytest.raises(OverBudget, match="day is used up for the day"):
        await paced.take(Call.PLACE, NORMAL)
    await paced.take(Call.PLACE, URGENT)

    assert clock.now == START


async def test_urgent_calls_overtake_normal_ones_that_wait() -> None:
    paced, clock = pacer((SECOND,))
    for _ in range(5):
        await paced.take(Call.PLACE, NORMAL)

    waiting = asyncio.create_task(paced.take(Call.PLACE, NORMAL))
    await paced.take(Call.PLACE, URGENT)

    assert clock.now == START
    await waiting


async def test_a_held_pacer_lets_urgent_calls_through() -> None:
    paced, clock = pacer()
    paced.hold(Call.PLACE)

    with pytest.raises(OverBudget, match="held"):
        await paced.take(Call.PLACE, NORMAL)
    await paced.take(Call.PLACE, URGENT)

    assert clock.now == START


def test_the_desks_budgets_stay_under_the_published_limits() -> None:
    told = {
        budget.name: (budget.seconds, budget.room(NORMAL), budget.room(URGENT))
        for budget in BUDGETS
    }

    assert told == {
        "orders-second": (1.0, 5, 8),
        "orders-minute": (60.0, 250, 350),
        "orders-day": (None, 4000, 4500),
        "modifications": (None, 20, 24),
        "quotes": (1.1, 1, 1),
        "history": (1.1, 3, 3),
        "other": (1.0, 6, 8),
    }


def test_an_older_day_has_its_own_budgets() -> None:
    by_name = {budget.name: budget for budget in budgets_on(datetime(2025, 6, 2).date())}

    assert (by_name["orders-minute"].most, by_name["orders-day"].most) == (175, 2700)


def test_a_day_before_the_file_has_none() -> None:
    with pytest.raises(FactMissing):
        budgets_on(datetime(2020, 1, 1).date())


@pytest.mark.parametrize("fraction", [0.01, 0.25, 0.5, 1.0])
def test_a_share_is_never_more_and_leaves_each_lane_a_call_where_it_can(fraction: float) -> None:
    for budget in BUDGETS:
        share = budget.share(fraction)
        assert 1 <= share.room(NORMAL) <= max(budget.room(NORMAL), 1)
        assert share.most <= budget.most


@pytest.mark.parametrize(("most", "reserved"), [(0, 0), (3, 3), (3, -1)])
def test_a_budget_that_leaves_nothing_is_refused(most: int, reserved: int) -> None:
    with pytest.raises(ValueError, match="leaves none"):
        Budget("x", frozenset(), 1.0, most, reserved, per_subject=False)
