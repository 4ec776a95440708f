from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.kite.backoff import Backoff


def test_waits_double_to_a_limit_and_stay_there():
    waits = [Backoff().wait(failures, 0.0) for failures in range(1, 9)]

    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


@given(failures=st.integers(1, 1_000_000), chance=st.floats(0, 1, exclude_max=True))
def test_chance_cuts_a_wait_by_at_most_its_share_and_never_lengthens_it(failures, chance):
    whole, cut = Backoff().wait(failures, 0.0), Backoff().wait(failures, chance)

    assert whole * 0.8 <= cut <= whole <= 30


def test_a_connection_that_stood_makes_the_next_failure_the_first():
    assert Backoff(settled=10).failures(7, stood=10.0) == 1
    assert Backoff(settled=10).failures(7, stood=9.9) == 8


@pytest.mark.parametrize("wrong", [{"first": 0}, {"first": 31}, {"spread": 1}, {"spread": -0.1}])
def test_a_setting_that_makes_no_sense_is_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Backoff(**wrong)
