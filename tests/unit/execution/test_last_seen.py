from __future__ import annotations

from decimal import Decimal

import numpy as np

from execution.last_seen import LastSeen
from tests.unit.execution.market import tick


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


def test_steps_of_the_same_instruments_do_not_pile_up() -> None:
    seen = LastSeen()
    for step in range(50):
        seen.see(tick(100 + step))

    assert len(seen._recent) == 1


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
