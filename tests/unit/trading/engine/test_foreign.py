from __future__ import annotations

from dataclasses import replace

import pytest

from execution.broker import OrderLine
from execution.foreign import ForeignPosition
from execution.orders import Side
from risk.breakers import TradingState
from risk.exposure import OpenRisk
from strategies.direction import Direction
from tests.unit.trading.engine.builders import (
    FUTURE,
    RELIANCE,
    ROOMY,
    TCS,
    D,
    setup,
)
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import AlertNoted, DecisionNoted, PlaceOrder, RiskNoted
from trading.engine.events import (
    BOOK,
    UNREAD,
    CommandIssued,
    CommandKind,
    ConditionChanged,
    ForeignSeen,
    TimerFired,
)
from trading.engine.foreign import FOREIGN, foreign_risks


def seen(desk: Desk, *positions: ForeignPosition, orders: tuple[OrderLine, ...] = ()) -> None:
    desk.tell(ForeignSeen(desk.now, orders, positions))


def held(quantity: int, key: str = FUTURE.key, last: str = "24000") -> ForeignPosition:
    return ForeignPosition(key, quantity, D(last))


def risk_of(*positions: ForeignPosition, orders: tuple[OrderLine, ...] = ()) -> OpenRisk:
    told = ForeignSeen(Desk().now, orders, positions)
    [risk] = foreign_risks(told, setup(), D(1_000_000))
    return risk


def alerts(desk: Desk) -> list[str]:
    return [note.text for note in desk.notes(AlertNoted) if note.kind == FOREIGN]


def test_a_foreign_future_counts_with_the_move_that_it_may_make_against_its_owner():
    risk = risk_of(held(-65))

    assert (risk.underlying, risk.strategy, risk.direction) == ("NIFTY", FOREIGN, Direction.SHORT)
    assert risk.risk_inr == 65 * 24_000 * D("0.02")
    assert risk.margin_inr > 0


@pytest.mark.parametrize(
    ("orders", "units", "way"),
    [
        ([("BUY", 130, 0)], 195, Direction.LONG),
        ([("BUY", 130, 65)], 130, Direction.LONG),
        ([("SELL", 65, 0)], 65, Direction.LONG),
        ([("SELL", 260, 0)], 195, Direction.SHORT),
        ([("SELL", 260, 0), ("BUY", 195, 0)], 260, Direction.LONG),
    ],
)
def test_working_foreign_orders_count_as_if_the_worse_of_them_had_filled(orders, units, way):
    lines = tuple(
        OrderLine(f"X{n}", FUTURE.key, Side(side), quantity, filled, D(24_000))
        for n, (side, quantity, filled) in enumerate(orders)
    )

    risk = risk_of(held(65), orders=lines)

    assert (risk.quantity, risk.direction) == (units, way)


def test_a_share_that_nobody_knows_counts_by_its_value_and_an_unknown_option_takes_all_heat():
    share = risk_of(held(100, "NSE:UNKNOWN", "500"))
    option = risk_of(held(-65, "NFO:UNKNOWN26OCT100CE", "10"))

    assert share.risk_inr == 50_000 * D("0.02")
    assert option.risk_inr == setup().limits.heat_budget_inr(D(1_000_000))


def test_what_is_foreign_takes_its_part_of_the_heat_and_blocks_no_more_than_that():
    tight = replace(ROOMY, heat=D("0.1"))
    desk = Desk(limits=tight)
    seen(desk, held(100, TCS.key, "2000"))

    desk.speak()

    (decision,) = desk.notes(DecisionNoted)
    assert decision.approved
    assert decision.heat_before_inr == 200_000 * D("0.02")


def test_an_entry_that_the_heat_of_others_leaves_no_room_for_is_refused():
    desk = Desk(limits=replace(ROOMY, risk_per_trade=D("0.005"), heat=D("0.02")))
    seen(desk, held(65, "NFO:UNKNOWN26OCT100CE", "10"))

    desk.speak()

    (decision,) = desk.notes(DecisionNoted)
    assert "heat" in decision.refusals


def test_no_entry_bets_against_a_position_of_somebody_else():
    desk = Desk(limits=replace(ROOMY, max_positions_per_underlying=5))
    seen(desk, held(-65))

    desk.speak()

    (decision,) = desk.notes(DecisionNoted)
    assert "opposite" in decision.refusals


def test_it_is_told_once_told_again_when_it_changes_and_told_when_it_is_gone():
    desk = Desk()
    order = OrderLine("X1", RELIANCE.key, Side.BUY, 10, 0, D(1000))

    seen(desk, orders=(order,))
    seen(desk, orders=(order,))
    seen(desk, orders=(replace(order, filled=4),))
    seen(desk)

    remarks = [note.text for note in desk.notes(RiskNoted) if note.kind == FOREIGN]
    assert alerts(desk) == [
        "order X1 of somebody else: BUY 10 NSE:RELIANCE, 0 filled",
    ]
    assert [text.rpartition(", ")[2] for text in remarks] == ["0 filled", "4 filled", "now gone"]
    assert desk.engine.ledger.foreign == ()


def test_nothing_foreign_is_ever_touched():
    desk = Desk()
    seen(desk, held(65), held(-10, TCS.key, "2000"))
    before = len(desk.notes(PlaceOrder))

    desk.tell(CommandIssued(desk.now, 1, CommandKind.FLATTEN, "ann", ""))
    desk.tell(TimerFired(desk.now, "stage:square_off:FUT"))

    assert desk.engine.breakers.state is TradingState.HALTED
    assert len(desk.notes(PlaceOrder)) == before == 0


def test_a_book_that_does_not_agree_is_an_alert_and_one_not_read_yet_is_none():
    desk = Desk()

    desk.tell(ConditionChanged(desk.now, BOOK, good=False, detail=UNREAD))
    desk.tell(ConditionChanged(desk.now, BOOK, good=False, detail="position X: ours 0"))

    found = [note for note in desk.notes(AlertNoted) if note.kind == BOOK]
    assert [(note.severity, note.text) for note in found] == [
        ("CRITICAL", "no entries: position X: ours 0")
    ]


@pytest.mark.parametrize("key", [FUTURE.key, TCS.key])
def test_an_order_at_the_market_counts_at_the_close_before(key):
    order = OrderLine("X1", key, Side.BUY, 65, 0, D(0))

    risk = risk_of(orders=(order,))

    close = {FUTURE.key: 24_000, TCS.key: 2_000}[key]
    assert risk.risk_inr == 65 * close * D("0.02")
    assert risk.margin_inr > 0


@pytest.mark.parametrize("key", [FUTURE.key, TCS.key, "NSE:UNKNOWN"])
@pytest.mark.parametrize("quantity", [65, -65])
def test_what_has_no_price_at_all_takes_all_heat(key, quantity):
    told = ForeignSeen(Desk().now, (), (held(quantity, key, "0"),))
    unpriced = setup(previous_close=(float("nan"),) * 4)

    [risk] = foreign_risks(told, unpriced, D(1_000_000))

    assert risk.risk_inr == unpriced.limits.heat_budget_inr(D(1_000_000))
