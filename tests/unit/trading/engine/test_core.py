from __future__ import annotations

from dataclasses import replace

import pytest

from execution.orders import OrderState, OrderUpdate, Role
from risk.breakers import DAILY_LOSS, TradingState
from tests.unit.trading.engine.builders import (
    FUTURE_COLUMN,
    INDEX_COLUMN,
    RELIANCE_COLUMN,
    ROOMY,
    D,
    saying,
)
from tests.unit.trading.engine.desk import Desk, as_absent, found_open
from trading.engine.actions import DecisionNoted, RiskNoted, StateNoted
from trading.engine.events import BrokerSaid, ConditionChanged, DataFault
from trading.engine.order_book import UnknownOrderError


def test_the_first_words_are_the_account_and_the_state():
    assert [type(note).__name__ for note in Desk().said] == ["LedgerNoted", "StateNoted"]


@pytest.mark.parametrize("name", ["data", "leader", "recorder"])
def test_a_bad_condition_blocks_entries_until_it_is_good(name):
    desk = Desk(strategies=saying(14, INDEX_COLUMN))
    desk.tell(ConditionChanged(desk.now, name, good=False, detail="late"))

    desk.speak()
    assert desk.notes(DecisionNoted)[0].refusals == ("trading-state",)
    desk.tell(ConditionChanged(desk.now, name, good=True))

    assert desk.engine.breakers.state is TradingState.OPEN
    assert [note.kind for note in desk.notes(RiskNoted)] == ["condition", "condition"]


def test_a_condition_is_a_warning_while_bad_and_news_when_good_again():
    desk = Desk()

    desk.tell(ConditionChanged(desk.now, "recorder", good=False, detail="7 records behind"))
    desk.tell(ConditionChanged(desk.now, "recorder", good=True))
    desk.tell(ConditionChanged(desk.now, "price-bands", good=True, detail="212 of 214 known"))

    assert [(note.severity, note.text) for note in desk.notes(RiskNoted)] == [
        ("WARNING", "recorder is bad: 7 records behind"),
        ("INFO", "recorder is good"),
        ("INFO", "price-bands is good: 212 of 214 known"),
    ]


def test_a_bad_condition_blocks_no_exit():
    desk = Desk()
    desk.enter()
    desk.tell(ConditionChanged(desk.now, "data", good=False))

    desk.tick(FUTURE_COLUMN, 24_100.0)

    assert desk.trade.closing is not None


def test_two_bad_conditions_block_until_both_are_good():
    desk = Desk()
    for name in ("data", "leader"):
        desk.tell(ConditionChanged(desk.now, name, good=False))

    desk.tell(ConditionChanged(desk.now, "data", good=True))

    assert desk.notes(StateNoted)[-1].blocked_by == ("leader",)


def test_an_order_of_unknown_outcome_blocks_entries_until_it_is_found():
    desk = Desk()
    desk.broker.next(Role.ENTRY, "lose-answer")
    desk.speak()
    assert "unknown-order" in desk.engine.breakers.blocked

    desk.tell(found_open(desk.broker.orders[desk.trade.entries[0]], desk.later(5)))

    assert desk.engine.breakers.state is TradingState.OPEN


def test_an_order_of_unknown_outcome_blocks_entries_until_it_is_proven_absent():
    desk = Desk()
    desk.broker.next(Role.ENTRY, "lose")
    desk.speak()

    desk.tell(as_absent(desk.trade.entries[0], desk.later(5)))

    assert desk.engine.breakers.state is TradingState.OPEN


def test_two_unknown_orders_block_until_both_are_resolved():
    desk = Desk(freeze=65)
    desk.broker.next(Role.ENTRY, "lose", "lose")
    desk.speak()
    first, second = desk.trade.entries

    desk.tell(as_absent(first, desk.later(5)))
    assert "unknown-order" in desk.engine.breakers.blocked
    desk.tell(as_absent(second, desk.later(5)))

    assert desk.engine.breakers.state is TradingState.OPEN


def test_an_order_of_unknown_outcome_is_never_sent_again():
    desk = Desk()
    desk.broker.next(Role.STOP, "lose-answer")
    desk.enter()

    for _ in range(3):
        desk.wait(60)
        desk.tick(FUTURE_COLUMN, 24_000.0)

    assert (
        len([order for order in desk.broker.orders.values() if order.request.role is Role.STOP])
        == 1
    )


def test_a_fill_of_an_order_of_unknown_outcome_is_booked():
    desk = Desk()
    desk.broker.next(Role.ENTRY, "lose-answer")
    desk.speak()

    desk.fill(desk.trade.entries[0], 130, 24_000.1)

    assert desk.trade.open_quantity == 130
    assert desk.engine.breakers.state is TradingState.OPEN


def test_news_of_a_foreign_order_stops_the_engine():
    desk = Desk()

    with pytest.raises(UnknownOrderError):
        desk.tell(BrokerSaid(desk.now, OrderUpdate("X1", "B1", desk.now, OrderState.OPEN)))


def test_data_faults_are_told_with_their_count():
    desk = Desk()

    desk.tell(DataFault(desk.now, "RELIANCE", "zero-price", 3))

    assert desk.notes(RiskNoted)[-1].text == "RELIANCE: zero-price x 3"


def test_a_market_that_moves_where_nothing_is_held_says_nothing():
    desk = Desk()

    assert desk.quotes() == []


def test_equal_events_are_answered_equally():
    def run() -> list[object]:
        desk = Desk()
        desk.enter()
        desk.tick(FUTURE_COLUMN, 24_050.0)
        desk.wait(30)
        desk.tick(FUTURE_COLUMN, 24_100.0)
        return list(desk.said)

    assert run() == run()


def test_a_stop_that_loses_the_day_flattens_the_rest_without_another_price():
    limits = replace(ROOMY, daily_loss=D("0.001"))
    both = saying(14, INDEX_COLUMN, RELIANCE_COLUMN)
    desk = Desk(limits=limits, strategies=both)
    desk.speak()
    future, share = desk.engine.ledger.trades.values()
    for trade in (future, share):
        units = desk.broker.orders[trade.entries[0]].left
        desk.fill(trade.entries[0], units, float(trade.expected_entry))
    desk.fill(future.stops[0], 130, 23_900.0)
    assert DAILY_LOSS not in desk.engine.breakers.locked

    desk.later(1)
    desk.bar()

    assert DAILY_LOSS in desk.engine.breakers.locked
    assert share.closing == "DAILY_LOSS"
