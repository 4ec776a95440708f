"""How values are told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from backoffice.admin.panels import bars
from backoffice.admin.shown import inr, moment, number


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Decimal("0"), "0.00"),
        (Decimal("999.999"), "1,000.00"),
        (Decimal("100000"), "1,00,000.00"),
        (Decimal("-12345678.9"), "-1,23,45,678.90"),
        (1234567.891, "12,34,567.89"),
        (None, "–"),
    ],
)
def test_rupees_are_grouped_as_in_india(value, told):
    assert inr(value) == told


def test_a_gain_is_told_with_its_sign_and_nothing_with_none():
    assert [inr(value, sign=True) for value in (1, 0, -1)] == ["+1.00", "0.00", "-1.00"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2.0", "2"),
        (0.123456, "0.1235"),
        (1234, "1,234"),
        ("OPEN", "OPEN"),
        ("", "–"),
        (None, "–"),
        (True, "yes"),
        (100.0, "100"),
        ("NaN", "NaN"),
    ],
)
def test_numbers_lose_the_digits_nobody_reads(value, told):
    assert number(value) == told


def test_a_moment_is_told_in_exchange_time():
    told = str(moment(datetime(2021, 4, 9, 9, 40, 7, tzinfo=UTC)))

    assert "15:10:07" in told
    assert "09 Apr" in told


def test_losses_run_left_of_an_axis_in_the_middle():
    drawn = bars("x", [("a", 2.0, ""), ("b", -1.0, "")])

    assert drawn.axis == 50
    assert [(bar.left, bar.width, bar.tone) for bar in drawn.bars] == [
        (50, 50, "good"),
        (25, 25, "bad"),
    ]


def test_gains_alone_have_the_whole_width():
    drawn = bars("x", [("a", 2.0, ""), ("b", 0.5, "")])

    assert [(bar.left, bar.width) for bar in drawn.bars] == [(0, 100), (0, 25)]


def test_bars_of_nothing_stay_empty():
    assert bars("x", [("a", 0.0, "")]).bars[0].width == 0
