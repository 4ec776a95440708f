"""Put-call ratios, walls and max pain, against sums done by hand and by the slow way."""

from __future__ import annotations

from math import isnan

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from marketdata.options.columns import CALL, PUT
from marketdata.options.interest import max_pain, put_call_ratio, wall

STRIKES = np.array([100.0, 110.0, 130.0])
UNITS = np.array([[10, 50], [20, 40], [30, 0]])
OPEN = st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), min_size=1, max_size=12)


def test_the_ratio_is_puts_over_calls():
    assert put_call_ratio(UNITS) == 90 / 60
    assert isnan(put_call_ratio(np.array([[0, 5]])))


def test_walls_stand_where_most_is_open():
    assert wall(STRIKES, UNITS, CALL) == 130.0
    assert wall(STRIKES, UNITS, PUT) == 100.0
    assert isnan(wall(STRIKES, np.zeros((3, 2), np.int64), PUT))


def test_of_two_equal_walls_the_lower_stands():
    assert wall(STRIKES, np.array([[7, 0], [7, 0], [1, 0]]), CALL) == 100.0


def test_max_pain_is_worked_out_by_hand():
    # Paid at 100: puts 40 * 10 = 400. At 110: calls 10 * 10 = 100. At 130: calls 10 * 30 + 20 * 20.
    assert max_pain(STRIKES, UNITS) == 110.0


def test_where_nothing_is_open_there_is_no_pain():
    assert isnan(max_pain(STRIKES, np.zeros((3, 2), np.int64)))


@given(OPEN)
def test_max_pain_is_where_holders_are_paid_least(pairs):
    units = np.array(pairs, dtype=np.int64)
    strikes = 20_000.0 + 50.0 * np.arange(len(units))

    found = max_pain(strikes, units)

    def paid(at):
        calls = sum(int(n) * max(at - k, 0.0) for k, n in zip(strikes, units[:, CALL], strict=True))
        puts = sum(int(n) * max(k - at, 0.0) for k, n in zip(strikes, units[:, PUT], strict=True))
        return calls + puts

    if units.any():
        assert paid(found) == min(paid(at) for at in strikes)
