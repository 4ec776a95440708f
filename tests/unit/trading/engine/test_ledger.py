from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.charges import charges_for_order
from execution.orders import Product, Side
from tests.unit.trading.engine.builders import (
    FUTURE,
    FUTURE_COLUMN,
    RELIANCE_COLUMN,
    ROOMY,
    TODAY,
    D,
    saying,
)
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import EquityNoted, FillNoted, LedgerNoted
from trading.engine.marks import money
from trading.engine.settings import ExecutionSettings

CHARGED = ExecutionSettings(with_charges=True)


def charges(side: Side, quantity: int, value: Decimal) -> Decimal:
    return charges_for_order(FUTURE, side, quantity, value, Product.MIS, TODAY).total


def test_the_first_booking_is_the_opening_balance():
    (opening,) = Desk().notes(LedgerNoted)

    assert (opening.kind, opening.amount, opening.balance) == ("START", D(10**7), D(10**7))


def test_charges_are_those_of_the_order_however_many_fills_it_had():
    desk = Desk(execution=CHARGED)
    desk.speak()
    entry = desk.trade.entries[0]

    desk.fill(entry, 65, 24_000.1)
    desk.fill(entry, 65, 24_000.2)

    value = 65 * D("24000.1") + 65 * D("24000.2")
    booked = sum(note.amount for note in desk.notes(LedgerNoted) if note.kind == "CHARGES")
    assert -booked == charges(Side.BUY, 130, value) == desk.trade.charges


def test_a_round_trip_books_profit_and_charges_exactly():
    desk = Desk(execution=CHARGED)
    desk.enter()

    desk.fill(desk.trade.stops[0], 130, 23_950.0)

    paid = charges(Side.BUY, 130, 130 * D("24000.1")) + charges(Side.SELL, 130, 130 * D(23_950))
    assert desk.engine.ledger.balance == D(10**7) + 130 * D("-50.1") - paid
    assert [note.kind for note in desk.notes(LedgerNoted)] == [
        "START",
        "CHARGES",
        "REALISED",
        "CHARGES",
    ]


def test_every_balance_is_the_one_before_and_the_amount():
    desk = Desk(execution=CHARGED)
    desk.enter()
    desk.fill(desk.trade.stops[0], 65, 23_950.0)
    desk.fill(desk.trade.stops[0], 65, 23_949.9)

    opening, *rest = desk.notes(LedgerNoted)
    balance = opening.balance
    for note in rest:
        balance += note.amount
        assert note.balance == balance
    assert len({note.entry_id for note in rest}) == len(rest)


def test_a_fill_told_twice_is_booked_once():
    desk = Desk()
    desk.enter()
    balance, fills = desk.engine.ledger.balance, len(desk.notes(FillNoted))

    desk.news(desk.trade.entries[0], desk.broker.orders[desk.trade.entries[0]].state)

    assert desk.engine.ledger.balance == balance
    assert len(desk.notes(FillNoted)) == fills


def test_an_entry_remembers_the_price_it_was_decided_on():
    desk = Desk()
    desk.enter()
    desk.fill(desk.trade.stops[0], 130, 23_950.0)

    entry, exit_ = desk.notes(FillNoted)

    assert (entry.expected_price, exit_.expected_price) == (D("24000.30"), None)


def test_equity_is_the_balance_and_the_open_profit_at_the_last_price():
    desk = Desk()
    desk.enter()
    desk.later(60)

    desk.tick(FUTURE_COLUMN, 24_010.1)
    desk.bar()

    note = desk.notes(EquityNoted)[-1]
    assert (note.balance, note.unrealised, note.equity) == (D(10**7), D(1_300), D(10_001_300))
    assert note.open_positions == 1


def test_a_working_entry_counts_as_filled():
    desk = Desk()

    desk.speak()

    (risk,) = desk.engine.ledger.exposure(desk.engine.last_prices()).open
    assert (risk.quantity, risk.working) == (130, True)
    assert risk.risk_inr == 130 * (D("24000.3") - D("23950.00") + D("2.395"))


def test_heat_falls_to_slippage_once_the_stop_stands_at_break_even():
    desk = Desk()
    desk.enter()
    before = desk.engine.ledger.exposure(desk.engine.last_prices()).heat_inr
    desk.tick(FUTURE_COLUMN, 24_050.0)
    exit_ = desk.trade.exits[0]
    desk.fill(exit_, 65, 24_050.0)

    after = desk.engine.ledger.exposure(desk.engine.last_prices()).heat_inr

    assert before == 130 * (D("50.1") + D("2.395"))
    assert after == 65 * D("2.40001")


def test_an_entry_that_is_over_carries_no_risk():
    desk = Desk()
    desk.speak()

    desk.wait(30)

    exposure = desk.engine.ledger.exposure(desk.engine.last_prices())
    assert (exposure.count, exposure.heat_inr, exposure.margin_inr) == (0, 0, 0)


def test_shares_are_booked_to_six_places():
    desk = Desk(execution=CHARGED, strategies=saying(14, RELIANCE_COLUMN, stop=10.0))
    desk.speak()
    entry = desk.trade.entries[0]
    for quantity, price in ((1, 1_000.1), (2, 1_000.2)):
        desk.fill(entry, quantity, price)

    desk.fill(desk.trade.stops[0], 1, 990.1)

    realised = desk.trade.booked_realised
    assert realised == (D("990.1") - D("3000.5") / 3).quantize(D("0.000001"))


@pytest.mark.parametrize(
    ("price", "told"),
    [(100.05, "100.05"), (24_000.1, "24000.10"), (0.005, "0.01"), (1e5, "100000.00")],
)
def test_a_price_of_a_column_is_told_to_the_paisa(price, told):
    assert abs(money(price) - Decimal(told)) <= (D("0.01") if price < 0.01 else D(0))


@settings(max_examples=30, deadline=None)
@given(
    parts=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    prices=st.lists(st.integers(9_000, 11_000), min_size=8, max_size=8),
)
def test_fills_positions_bookings_and_balance_agree(parts: list[int], prices: list[int]):
    desk = Desk(execution=CHARGED, strategies=saying(14, RELIANCE_COLUMN, stop=10.0))
    desk.speak()
    for part, price in zip(parts[: len(parts)], prices, strict=False):
        open_ = desk.broker.orders[desk.trade.entries[0]].left
        if open_:
            desk.fill(desk.trade.entries[0], min(part, open_), price / 10)
    desk.fill(desk.trade.stops[0], desk.trade.open_quantity, prices[-1] / 10)

    fills = desk.notes(FillNoted)
    cash = sum((-1 if f.side == "BUY" else 1) * f.quantity * f.price for f in fills)
    booked = sum(note.amount for note in desk.notes(LedgerNoted)[1:])
    assert desk.engine.ledger.balance == D(10**7) + booked
    assert booked == cash - desk.trade.charges


def test_the_risk_at_the_stop_allows_for_a_gap_through_it():
    plain, wide = Desk(), Desk(limits=replace(ROOMY, gap_share=D("0.2")))
    for desk in (plain, wide):
        desk.enter()

    heats = [d.engine.ledger.exposure(d.engine.last_prices()).heat_inr for d in (plain, wide)]

    distance = D("24000.1") - money(plain.trade.exit_state.stop)
    assert heats[1] - heats[0] == distance * D("0.2") * 130


def test_a_stop_that_locks_a_profit_in_allows_for_no_gap():
    desk = Desk(limits=replace(ROOMY, gap_share=D("0.2")))
    desk.enter()
    desk.trade.exit_state = replace(desk.trade.exit_state, stop=24_100.0)

    assert desk.engine.ledger.exposure(desk.engine.last_prices()).heat_inr == 0
