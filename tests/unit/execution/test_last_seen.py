from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.last_seen import LastSeen
from execution.matching import price_of
from marketdata.ticks import TICK, Ticks
from tests.unit.execution.market import tick

STEPS = st.lists(
    st.dictionaries(
        st.integers(1, 40), st.tuples(st.integers(-1, 10**6), st.integers(0, 10**9)), max_size=30
    ),
    max_size=12,
)


def step_of(told: dict[int, tuple[int, int]]) -> Ticks:
    """Return a step of tokens, their prices in paise and their volumes."""
    ticks = np.zeros(len(told), TICK)
    ticks["token"] = list(told)
    ticks["last"] = [paise / 100 for paise, _ in told.values()]
    ticks["volume"] = [volume for _, volume in told.values()]
    return ticks


@settings(deadline=None)
@given(STEPS)
def test_wide_and_narrow_steps_in_any_order_leave_the_newest_of_each(
    steps: list[dict[int, tuple[int, int]]],
) -> None:
    seen, newest = LastSeen(), dict[int, tuple[int, int]]()
    for told in steps:
        seen.see(step_of(told))
        newest |= told

    assert {token: (seen.last(token), seen.volume(token)) for token in range(1, 41)} == {
        token: (price_of(newest[token][0] / 100), newest[token][1])
        if token in newest
        else (None, None)
        for token in range(1, 41)
    }


def test_the_newest_price_and_volume_of_each_instrument_are_known() -> None:
    seen = LastSeen()
    seen.see(np.concatenate([tick(100, token=1, volume=10), tick(200, token=2, volume=20)]))
    seen.see(tick(101, token=1, volume=15))

    assert (seen.last(1), seen.volume(1)) == (Decimal(101), 15)
    assert (seen.last(2), seen.volume(2)) == (Decimal(200), 20)
    assert (seen.last(3), seen.volume(3)) == (None, None)


def test_nothing_is_forgotten_over_many_steps() -> None:
    seen = LastSeen()
    for step in range(500):
        seen.see(tick(100 + step, token=step % 7, volume=step))

    assert [seen.volume(token) for token in range(7)] == [497, 498, 499, 493, 494, 495, 496]


def test_an_array_changed_afterwards_changes_nothing() -> None:
    seen = LastSeen()
    ticks = tick(100)
    seen.see(ticks)

    ticks["last"] = 5

    assert seen.last(7) == Decimal(100)


def test_more_instruments_than_steps_are_kept_are_all_known_with_their_newest() -> None:
    seen = LastSeen()
    for token in range(200):
        seen.see(tick(100 + token, token=token, volume=token))
    for token in range(0, 200, 2):
        seen.see(tick(500 + token, token=token, volume=1_000 + token))

    assert [seen.volume(token) for token in range(200)] == [
        token if token % 2 else 1_000 + token for token in range(200)
    ]
    assert (seen.last(0), seen.last(1)) == (Decimal(500), Decimal(101))


def test_an_instrument_is_looked_up_in_the_newest_step_that_has_it() -> None:
    seen = LastSeen()
    seen.see(np.concatenate([tick(100, token=1), tick(200, token=2)]))
    seen.see(np.concatenate([tick(300, token=2), tick(400, token=3)]))

    assert [seen.last(token) for token in (1, 2, 3)] == [Decimal(100), Decimal(300), Decimal(400)]


WIDE = range(1, 21)


def wide_step(paise: int, volume: int, tokens: range = WIDE) -> Ticks:
    return step_of(dict.fromkeys(tokens, (paise * 100, volume)))


@pytest.mark.parametrize(
    "narrow",
    [
        {20: (50_000, 50), 7: (60_000, 60)},
        {20: (50_000, 50), 99: (90_000, 90)},
        {101: (51_000, 51), 99: (90_000, 90)},
        {-3: (52_000, 52)},
    ],
    ids=["known", "some new", "all new", "before all others"],
)
def test_a_wide_step_leaves_what_narrow_ones_told_of_instruments_that_are_not_in_it(
    narrow: dict[int, tuple[int, int]],
) -> None:
    seen, rest = LastSeen(), range(1, 16)
    seen.see(wide_step(100, 1))
    seen.see(step_of(narrow))

    seen.see(wide_step(200, 2, rest))

    told = {token: (Decimal(100), 1) for token in WIDE}
    told |= {token: (Decimal(paise) / 100, volume) for token, (paise, volume) in narrow.items()}
    told |= {token: (Decimal(200), 2) for token in rest}
    assert {token: (seen.last(token), seen.volume(token)) for token in told} == told
    assert (seen.last(98), seen.volume(0), seen.last(102)) == (None, None, None)


def test_narrow_steps_between_wide_ones_are_taken_up_each_time() -> None:
    seen = LastSeen()
    for round_ in range(1, 4):
        seen.see(wide_step(100 * round_, round_))
        seen.see(step_of({20 + round_: (round_, 10 * round_)}))

    assert [seen.volume(token) for token in range(20, 24)] == [3, 10, 20, 30]
    assert seen.last(20) == Decimal(300)


def test_narrow_steps_before_the_first_wide_one_are_kept_beside_it() -> None:
    seen = LastSeen()
    seen.see(step_of({20: (50_000, 50), 99: (90_000, 90)}))

    seen.see(wide_step(100, 1, range(1, 16)))

    assert [seen.volume(token) for token in (1, 15, 16, 20, 99)] == [1, 1, None, 50, 90]
    assert (seen.last(20), seen.last(15)) == (Decimal(500), Decimal(100))


def test_a_token_and_a_total_are_kept_to_the_unit_however_large() -> None:
    large, seen = 2**53 + 1, LastSeen()
    first = np.concatenate([wide_step(100, 1), tick(100, token=2**53), tick(100, token=large)])

    seen.see(first)
    first["volume"] = large
    seen.see(first)

    assert [seen.volume(token) for token in (1, 2**53, large)] == [large, large, large]
    assert seen.volume(2**53 + 2) is None


def test_wide_steps_tell_each_instrument_whatever_their_order() -> None:
    seen = LastSeen()
    for tokens in (WIDE, WIDE[::-1], range(31, 9, -1)):
        seen.see(step_of({token: (token * 100, token + len(tokens)) for token in tokens}))

    told = {token: token + (22 if token >= 10 else 20) for token in range(1, 32)}
    assert {token: seen.volume(token) for token in told} == told
