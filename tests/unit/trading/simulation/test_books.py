from __future__ import annotations

import pytest

from execution.orders import OrderState
from trading.simulation.books import differences
from trading.simulation.day import Day
from trading.simulation.virtual_time import in_virtual_time


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    played = Day("1.1", (), tmp_path_factory.mktemp("day"))
    in_virtual_time(played.live())
    return played


def test_books_that_agree_have_no_differences(day: Day):
    assert day.engine is not None
    assert differences(day.engine, day.floor) == []


def test_a_paisa_too_much_is_found(day: Day):
    assert day.engine is not None
    ledger = day.engine.ledger
    before = ledger.balance
    ledger.balance += type(before)("0.01")

    found = differences(day.engine, day.floor)

    ledger.balance = before
    assert any("in our books" in what for what in found)


def test_an_order_that_the_broker_does_not_have_is_found(day: Day):
    assert day.engine is not None
    broker_id, row = next(
        (name, row) for name, row in day.floor.rows.items() if row.word.state is OrderState.FILLED
    )
    del day.floor.rows[broker_id]

    found = differences(day.engine, day.floor)

    day.floor.rows[broker_id] = row
    assert f"{row.tag} is FILLED in our books and not there" in found


def test_an_order_that_still_works_is_found(day: Day):
    assert day.engine is not None
    row = next(iter(day.floor.rows.values()))
    word = row.word
    row.word = type(word)(word.client_id, word.broker_id, word.at, OrderState.OPEN)

    found = differences(day.engine, day.floor)

    row.word = word
    assert f"{row.tag} ({row.broker_id}) still works at the broker at the end" in found
