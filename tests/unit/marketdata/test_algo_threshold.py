from __future__ import annotations

from datetime import date

import pytest

from marketdata.algo_threshold import most_unregistered_on
from marketdata.dated import FactMissing


def test_ten_orders_a_second_need_no_id_of_their_own():
    assert most_unregistered_on(date(2026, 11, 23)) == 10


def test_before_the_rule_nothing_is_known():
    with pytest.raises(FactMissing):
        most_unregistered_on(date(2025, 9, 30))
