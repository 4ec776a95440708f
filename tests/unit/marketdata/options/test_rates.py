"""The rate that discounts, by date."""

from __future__ import annotations

from datetime import date
from math import exp

import pytest

from marketdata.dated import FactMissing
from marketdata.options.rates import discount_factor, interest_rate


def test_the_rate_changes_on_the_day_it_was_announced():
    assert interest_rate(date(2025, 12, 4)) == 0.055
    assert interest_rate(date(2025, 12, 5)) == 0.0525


def test_before_the_data_begin_no_rate_is_made_up():
    with pytest.raises(FactMissing, match="policy repo rate"):
        interest_rate(date(2015, 1, 1))


def test_a_rupee_later_is_worth_less_now():
    assert discount_factor(0.05, 2.0) == exp(-0.1)
    assert discount_factor(0.05, 0.0) == 1.0
