"""Days before Kite, in this process, on which things go wrong; all 200 with `kite_days 1..200`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.kite_days import play

FEW = {
    0: "nothing goes wrong",
    10: "orders are rejected after a part was filled",
    11: "order messages are lost",
    19: "the token dies",
    20: "the desk dies",
    21: "one request makes two orders",
    30: "the desk dies, calls hang, orders fill after their cancellation",
    38: "clocks differ, messages come late and twice, calls fail",
}


@pytest.mark.parametrize("seed", FEW, ids=[text.replace(" ", "-") for text in FEW.values()])
def test_a_day_before_kite_ends_flat_with_equal_books(seed: int, tmp_path: Path):
    told = play(seed, tmp_path)

    assert told.faults == ()
    assert told.plans > 2


def test_the_fill_of_a_second_order_from_one_request_is_held_as_the_plans_own(tmp_path: Path):
    told = play(21, tmp_path)

    assert told.struck["accept-twice"] > 0
    assert told.twins > 0
    assert told.twins_filled > 0
    assert told.faults == ()


@pytest.mark.matrix
@pytest.mark.parametrize("seed", range(1, 201))
def test_two_hundred_days_before_kite_end_flat_with_equal_books(seed: int, tmp_path: Path):
    assert play(seed, tmp_path).faults == ()


def test_the_same_seed_gives_the_same_day(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert play(20, tmp_path / "a") == play(20, tmp_path / "b")
