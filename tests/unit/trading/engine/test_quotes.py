from __future__ import annotations

import math

import pytest

from strategies.structures import Quote
from trading.engine.quotes import worth


def quote(last: float, bid: float, ask: float) -> Quote:
    return Quote(last, bid, ask, 650.0, 650.0)


@pytest.mark.parametrize(
    ("told", "value"),
    [
        (quote(90.0, 99.0, 101.0), 100.0),
        (quote(90.0, 95.0, 105.0), 100.0),
        (quote(97.0, 94.9, 105.1), 97.0),
        (quote(90.0, 50.0, 150.0), 90.0),
        (quote(40.0, 50.0, 150.0), 50.0),
        (quote(160.0, 50.0, 150.0), 150.0),
        (quote(90.0, 0.0, 150.0), 90.0),
        (quote(math.nan, 50.0, 150.0), 100.0),
    ],
)
def test_a_tight_book_tells_its_middle_and_a_wide_one_bounds_the_last_price(
    told: Quote, value: float
) -> None:
    assert worth(told) == pytest.approx(value)


def test_nothing_tells_nothing() -> None:
    assert math.isnan(worth(quote(math.nan, math.nan, 5.0)))
