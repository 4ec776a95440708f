from __future__ import annotations

from dataclasses import replace

import pytest

from execution.kitesim.answers import KiteError
from execution.kitesim.gateway import call_of
from execution.kitesim.rates import Call, Rates
from execution.kitesim.settings import Limits


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def taken(rates: Rates, call: Call) -> bool:
    try:
        rates.take(call)
    except KiteError as error:
        return error.code != 429
    return True


@pytest.mark.parametrize(
    ("call", "most"),
    [(Call.PLACE, 10), (Call.CHANGE, 10), (Call.QUOTE, 1), (Call.HISTORY, 3), (Call.OTHER, 10)],
)
def test_so_many_calls_are_answered_in_a_second(call, most):
    clock = Clock()
    rates = Rates(Limits.newest(), clock)

    first = [taken(rates, call) for _ in range(most + 1)]
    clock.at = 0.999
    late = taken(rates, call)
    clock.at = 1.0

    assert first == [True] * most + [False]
    assert (late, taken(rates, call)) == (False, True)


def test_changes_share_the_seconds_and_minutes_of_placements_but_not_the_day():
    clock = Clock()
    few = replace(Limits.newest(), orders_a_second=2, orders_a_minute=3, orders_a_day=2)
    rates = Rates(few, clock)

    told = []
    for at, call in [
        (0, Call.PLACE),
        (0, Call.CHANGE),
        (0, Call.CHANGE),
        (1, Call.CHANGE),
        (2, Call.CHANGE),
        (60, Call.PLACE),
        (61, Call.PLACE),
        (61, Call.CHANGE),
    ]:
        clock.at = at
        told.append(taken(rates, call))

    assert told == [True, True, False, True, False, True, False, True]


def test_without_limits_everything_is_answered():
    rates = Rates(None, Clock())

    assert all(taken(rates, Call.QUOTE) for _ in range(100))


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("POST", "/orders/regular", Call.PLACE),
        ("PUT", "/orders/regular/1", Call.CHANGE),
        ("DELETE", "/orders/regular/1", Call.CHANGE),
        ("GET", "/orders/1", Call.OTHER),
        ("GET", "/quote/ltp", Call.QUOTE),
        ("GET", "/instruments/historical/1/day", Call.HISTORY),
        ("GET", "/instruments", Call.OTHER),
    ],
)
def test_every_call_counts_for_its_own_limit(method, path, call):
    assert call_of(method, path) is call
