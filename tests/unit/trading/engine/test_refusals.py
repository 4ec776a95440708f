"""How long the next exit waits after so many refusals."""

from __future__ import annotations

import pytest

from execution.orders import OrderState
from trading.engine.refusals import pause_seconds

REFUSED, FILLED = OrderState.REJECTED, OrderState.FILLED


@pytest.mark.parametrize(
    ("refused", "seconds"),
    [(0, 0.5), (1, 0.5), (8, 0.5), (9, 1.0), (10, 2.0), (11, 3.0), (99, 3.0)],
)
def test_the_pause_grows_after_eight_refusals_in_a_row(refused: int, seconds: float):
    assert pause_seconds([REFUSED] * refused, 3.0) == seconds


def test_only_the_newest_in_a_row_count():
    assert pause_seconds([REFUSED, FILLED, *[REFUSED] * 20], 3.0) == 0.5
