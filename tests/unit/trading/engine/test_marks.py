from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.orders import OrderState, OrderUpdate
from execution.positions import Position
from risk.exposure import OpenRisk
from tests.unit.trading.engine.builders import FUTURE_COLUMN, RELIANCE_COLUMN, ROOMY, D, saying
from tests.unit.trading.engine.desk import Desk
from tests.unit.trading.engine.legs import LOW_CALL, LegsDesk, Shape
from trading.engine.actions import DecisionNoted
from trading.engine.caps import check_caps
from trading.engine.events import BrokerSaid
from trading.engine.marks import Marks
from trading.engine.trades import PlanState, Trade


def part_out(desk: Desk) -> None:
    desk.fill(desk.trade.stops[0], 65, 23_950.0)


def all_out(desk: Desk) -> None:
    part_out(desk)
    part_out(desk)


def moved(desk: Desk) -> None:
    desk.tick(FUTURE_COLUMN, 24_040.0)


def trailed(desk: Desk) -> None:
    for price in (24_050.0, 24_080.0, 24_090.0):
        desk.later(60)
        desk.tick(FUTURE_COLUMN, price)


@pytest.mark.parametrize("after", [moved, trailed, part_out, all_out, lambda desk: None])
def test_what_is_kept_is_what_is_worked_out_anew(after: Callable[[Desk], None]):
    desk = Desk()
    desk.enter()
    ledger, last = desk.engine.ledger, desk.engine.last_prices()
    before = ledger.exposure(last)

    after(desk)

    anew = Marks(desk.engine.orders, desk.engine.setup.limits)
    anew.stirred.extend(ledger.trades.values())
    now = ledger.exposure(desk.engine.last_prices())
    assert before.open
    assert list(now.open) == anew.risks(ledger.alive())
    assert now.unrealised_inr == anew.profit(desk.engine.last_prices())


def test_a_price_alone_changes_the_open_profit_by_every_unit_held():
    desk = Desk()
    trade = desk.enter()
    desk.tick(FUTURE_COLUMN, 24_010.0)
    before = desk.engine.ledger.standing(desk.engine.last_prices()).unrealised_inr

    desk.tick(FUTURE_COLUMN, 24_011.0)

    after = desk.engine.ledger.standing(desk.engine.last_prices()).unrealised_inr
    assert after - before == trade.open_quantity


@pytest.mark.parametrize("after", [moved, trailed, part_out, all_out])
def test_the_least_that_an_open_profit_can_be_lies_just_below_it(after: Callable[[Desk], None]):
    desk = Desk()
    trade = desk.enter()
    after(desk)
    last = desk.engine.last_prices()
    marks = Marks(desk.engine.orders, desk.engine.setup.limits)
    marks.stirred.append(trade)

    least = marks.at_least(last)

    profit = float(marks.profit(last))
    assert least <= profit <= least + 0.02 * trade.open_quantity + 0.01


@given(price=st.floats(0.01, 1e6), quantity=st.integers(1, 100_000), side=st.sampled_from([1, -1]))
def test_what_is_surely_not_lost_is_never_lost(price: float, quantity: int, side: int):
    desk = Desk()
    trade = desk.enter()
    value = Decimal(quantity) * 24_000
    bought = {"bought_quantity": quantity, "bought_value": value, "cost": value}
    sold = {"sold_quantity": quantity, "sold_value": value, "cost": -value}
    trade.hold(replace(Position(trade.instrument), **(bought if side > 0 else sold)))
    ledger = desk.engine.ledger
    ledger.stir(trade)
    last = [price] * len(desk.engine.last_prices())
    lost = -ledger.standing(last).profit_of_day_inr

    assert ledger.may_have_lost(lost, last)
    assert ledger.may_have_lost(lost - Decimal("0.01"), last)


def test_a_loss_far_from_the_limit_is_surely_not_reached():
    desk = Desk()
    desk.enter()

    assert not desk.engine.ledger.may_have_lost(Decimal(1_000), desk.engine.last_prices())
    assert desk.engine.ledger.may_have_lost(Decimal(1), [float("nan")] * 4)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["end", "revive", "hold", "ask"]))))
def test_risks_stand_in_the_order_of_opening_whatever_comes_back(moves: list[tuple[int, str]]):
    desk = Desk()
    first = desk.enter()
    plans = [replace(first, plan_id=f"Q{number}", entries=[]) for number in range(4)]
    marks = Marks(desk.engine.orders, desk.engine.setup.limits)
    marks.stirred.extend(plans)

    for number, move in moves:
        trade = plans[number]
        if move == "end":
            trade.state = PlanState.ENTRY_CANCELLED
        elif move == "revive":
            trade.state = PlanState.OPEN
        elif move == "hold":
            trade.exit_state = replace(trade.exit_state, stop=23_900.0 + len(marks.stirred))
        marks.stirred.append(trade)
        if move == "ask":
            marks.at_least(desk.engine.last_prices())
            assert marks.risks([each for each in plans if not each.is_over]) == anew(desk, plans)

    assert marks.risks([each for each in plans if not each.is_over]) == anew(desk, plans)


def anew(desk: Desk, plans: list[Trade]) -> list[OpenRisk]:
    """Return what each plan that isn't over has at risk, worked out by itself."""
    found = []
    for trade in plans:
        alone = Marks(desk.engine.orders, desk.engine.setup.limits)
        alone.stirred.append(trade)
        found += alone.risks([trade])
    return found


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 200)), max_size=8))
def test_units_to_come_are_at_risk_from_the_dearest_price_they_may_fill_at(
    fills: list[tuple[int, int]],
):
    desk = Desk(strategies=saying(14, RELIANCE_COLUMN, stop=10.0))
    desk.speak()
    entry = desk.trade.entries[0]
    limit, stop = Fraction(desk.trade.expected_entry), Fraction(desk.trade.exit_plan.stop)
    left, lost = desk.broker.orders[entry].left, Fraction(0)
    for units, ticks_better in fills:
        if not 0 < units < left:
            continue
        price = limit - Fraction(ticks_better, 100)
        desk.fill(entry, units, float(price))
        left, lost = left - units, lost + units * (price - stop)
    expected = lost + left * (limit - stop)

    [risk] = desk.engine.ledger.exposure(desk.engine.last_prices()).open

    limits, tick = desk.engine.setup.limits, desk.trade.instrument.tick_size
    units = risk.quantity
    beyond = max(limits.slippage_ticks * tick, limits.slippage_share * Decimal(int(stop)))
    assert float(risk.risk_inr) == pytest.approx(float(expected + units * Fraction(beyond)))


@pytest.mark.parametrize("units", [65, 130])
def test_units_that_a_cancelled_entry_is_said_to_have_filled_stay_at_risk_until_trades_prove_them(
    units: int,
):
    desk = Desk()
    desk.speak()
    trade, last = desk.trade, desk.engine.last_prices()
    asked = desk.engine.ledger.exposure(last)
    order = desk.broker.orders[trade.entries[0]]
    said = OrderUpdate(
        trade.entries[0], order.broker_id, desk.later(1), OrderState.CANCELLED, units
    )

    desk.tell(BrokerSaid(desk.now, said))

    told = desk.engine.ledger.exposure(last)
    assert trade.state is PlanState.PENDING_ENTRY
    assert told.heat_inr == asked.heat_inr * units / 130
    assert [risk.quantity for risk in told.open] == [units]

    desk.fill(trade.entries[0], units, 24_000.1)

    assert trade.state is PlanState.OPEN
    assert trade.open_quantity == units


@pytest.mark.parametrize("heat", [None, "0.00072"])
def test_a_bought_option_is_at_risk_with_no_more_than_its_premium(heat: str | None):
    low = Shape(((LOW_CALL, 1),), 1, 55.0, 40.0, 80.0, 55.1)
    tight = {} if heat is None else {"heat": D(heat), "risk_per_trade": D(heat)}
    limits = replace(ROOMY, max_spread=D("0.02"), gap_share=D("0.05"), **tight)
    desk = LegsDesk(low, limits=limits)

    desk.speak()

    check_caps(desk.engine, desk.said)
    [risk] = desk.engine.ledger.exposure(desk.engine.last_prices()).open
    assert risk.risk_inr == risk.quantity * D("55.2")
    assert risk.risk_inr == desk.notes(DecisionNoted)[-1].risk_inr
