"""Which plans each price of a step concerns, and what a step that concerns none leaves behind."""

from __future__ import annotations

import math

import numpy as np
import pytest

from risk.exits import opened
from risk.exits.watching import (
    ASKED,
    HIGHEST,
    LOWEST,
    OVER,
    SEEN_AT,
    WATCHED,
    Prices,
    concerned,
    watched_row,
    with_seen,
)
from tests.unit.risk.exits.builders import OPENED_AT, only, plan

STOP = only(hard_stop=True)
TARGETS = only(hard_stop=True, target1=True, target2=True)


def one_tick(first: float, high: float, low: float, last: float) -> Prices:
    columns = (np.array([price]) for price in (first, high, low, last, 1.0))
    return Prices(*columns, np.array([5]), 5, OPENED_AT + 60.0)


def looked_at(row: np.ndarray, prices: Prices, mode: int = WATCHED) -> bool:
    places = np.zeros((2, 1), dtype=np.int64)
    return bool(len(concerned(row[np.newaxis], np.array([mode]), places, prices)))


@pytest.mark.parametrize("place", range(4), ids=["first", "high", "low", "last"])
@pytest.mark.parametrize("level", [90.0, 112.0, math.nan])
def test_a_step_that_touches_a_level_with_any_of_its_prices_concerns_a_plan(
    place: int, level: float
) -> None:
    of = plan(rules=TARGETS)
    told = [100.0] * 4
    told[place] = level

    assert looked_at(watched_row(of, opened(of), OPENED_AT), one_tick(*told))


@pytest.mark.parametrize(
    ("told", "best", "worst"),
    [
        ((104.0, 100.0, 100.0, 100.0), 104.0, 100.0),
        ((96.0, 100.0, 100.0, 100.0), 100.0, 96.0),
        ((100.0, 104.0, 96.0, 100.0), 104.0, 96.0),
        ((100.0, 100.0, 100.0, 104.0), 104.0, 100.0),
        ((100.0, 100.0, 100.0, 96.0), 100.0, 96.0),
    ],
    ids=["first above", "first below", "high and low", "last above", "last below"],
)
def test_a_step_that_concerns_no_plan_leaves_the_extremes_of_all_its_prices(
    told: tuple[float, float, float, float], best: float, worst: float
) -> None:
    of, calm = plan(rules=STOP), one_tick(100.0, 100.0, 100.0, 100.0)

    for steps in ((one_tick(*told), calm), (calm, one_tick(*told))):
        row = watched_row(of, opened(of), OPENED_AT)
        assert not any(looked_at(row, step) for step in steps)
        seen = with_seen(of, opened(of), row)
        assert (seen.best, seen.worst) == (best, worst)


def test_the_moment_of_a_step_that_concerned_no_plan_arms_a_trail_that_is_due() -> None:
    of = plan(rules=STOP, tighten_at_s=OPENED_AT + 60.0)
    row = watched_row(of, opened(of), OPENED_AT)

    assert not looked_at(row, one_tick(100.0, 100.0, 100.0, 100.0))

    assert with_seen(of, opened(of), row).armed


def test_the_moment_in_which_time_is_up_concerns_a_plan_whatever_the_price() -> None:
    just, not_yet = (
        plan(rules=only(end_of_day=True), square_off_at_s=OPENED_AT + seconds)
        for seconds in (60.0, 60.5)
    )
    calm = one_tick(100.0, 100.0, 100.0, 100.0)

    assert looked_at(watched_row(just, opened(just), OPENED_AT), calm)
    assert not looked_at(watched_row(not_yet, opened(not_yet), OPENED_AT), calm)


def test_a_plan_that_is_over_is_neither_looked_at_nor_told_anything() -> None:
    of = plan(rules=STOP)
    row = watched_row(of, opened(of), OPENED_AT)
    before = row.tolist()

    assert not looked_at(row, one_tick(50.0, 50.0, 50.0, 50.0), OVER)
    assert row.tolist() == before


def test_of_many_plans_those_that_a_step_concerns_are_named_in_their_order() -> None:
    of = plan(rules=STOP)
    rows = np.array([watched_row(of, opened(of), OPENED_AT)] * 4)
    modes, places = np.array([WATCHED, ASKED, OVER, ASKED]), np.array([[0, 0, 0, 1], [0] * 4])
    both = Prices(*(np.array([100.0, 100.0]) for _ in range(5)), np.array([5, 4]), 5, OPENED_AT)

    assert concerned(rows, modes, places, both).tolist() == [1]
    assert concerned(rows, modes, places, both._replace(since=4)).tolist() == [1, 3]


def test_a_row_begins_without_a_price_that_was_seen() -> None:
    of = plan(rules=STOP)

    row = watched_row(of, opened(of), OPENED_AT)

    assert tuple(row[[LOWEST, HIGHEST, SEEN_AT]]) == (math.inf, -math.inf, -math.inf)
