"""The exchange's limit price protection: by exchange, kind, price and day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from execution.price_protection import protection_range
from marketdata.instruments import Exchange
from tests.unit.execution.kitesim.desk import CALL, FUTURE, SHARE, D

DAY = date(2026, 11, 23)
STOCK = replace(FUTURE, symbol="INFY26DECFUT", name="INFY")
SENSEX = replace(FUTURE, exchange=Exchange.BFO, symbol="SENSEX26DECFUT", name="SENSEX")


@pytest.mark.parametrize(
    ("item", "reference", "expected"),
    [
        (CALL, 30, (10, 50)),
        (CALL, 50, (30, 70)),
        (CALL, 50.05, (D("30.03"), D("70.07"))),
        (CALL, 100, (60, 140)),
        (FUTURE, 5_000, (4_800, 5_200)),
        (FUTURE, 10_000, (9_800, 10_200)),
        (FUTURE, 26_000, (25_480, 26_520)),
        (STOCK, 20, (D("18.5"), D("21.5"))),
        (STOCK, 50, (D("48.5"), D("51.5"))),
        (STOCK, 1_500, (1_455, 1_545)),
        (SENSEX, 85_000, (83_300, 86_700)),
    ],
)
def test_the_range_depends_on_kind_and_price(item, reference, expected):
    assert protection_range(item, D(str(reference)), DAY) == expected


def test_shares_have_no_such_range():
    assert protection_range(SHARE, D(1500), DAY) is None


@pytest.mark.parametrize(
    ("item", "first"),
    [
        (FUTURE, date(2022, 10, 31)),
        (CALL, date(2022, 10, 31)),
        (SENSEX, date(2025, 12, 1)),
        (replace(SENSEX, symbol="INFY26DECFUT", name="INFY"), date(2026, 7, 6)),
    ],
)
def test_before_the_first_circular_of_its_exchange_nothing_limits_a_contract(item, first):
    assert protection_range(item, D(100), first) is not None
    assert protection_range(item, D(100), first - timedelta(days=1)) is None
