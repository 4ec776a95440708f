"""Kite's published limits: dated, and above the desk's own budgets."""

from __future__ import annotations

from datetime import date

import pytest

from execution.market_rules import ExchangeSettings
from marketdata.dated import FactMissing
from marketdata.kite_limits import NEWEST, Size, changes_of_an_order, rates_on, size_on
from marketdata.pacing import budgets_on

DAY = date(2026, 11, 23)


@pytest.mark.parametrize("size", Size)
def test_every_size_is_known_and_the_newest_holds(size):
    assert size_on(size, DAY) == size_on(size, NEWEST) > 0


def test_a_limit_is_the_one_of_its_day():
    assert rates_on(date(2025, 6, 2))["orders-minute"] == 200
    assert rates_on(DAY)["orders-minute"] == 400


def test_no_budget_of_ours_is_above_what_is_published():
    published = rates_on(DAY)

    assert {budget.name for budget in budgets_on(DAY)} == set(published)
    assert all(budget.most <= published[budget.name] for budget in budgets_on(DAY))


def test_a_day_before_the_file_is_not_guessed():
    with pytest.raises(FactMissing, match="2021-12-31"):
        size_on(Size.SOCKETS, date(2021, 12, 31))


def test_the_simulated_exchange_takes_as_many_changes_of_an_order_as_kite():
    assert changes_of_an_order() == rates_on(DAY)["modifications"] == 25
    assert ExchangeSettings().max_modifications == changes_of_an_order()
