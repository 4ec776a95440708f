from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from execution.orders import OrderState, OrderType, Role
from risk.event_rules import BLOCKED, EventEffects, EventWindow
from risk.rules import RULES
from strategies.ranking_settings import RankingSettings
from strategies.signals import Direction
from tests.unit.trading.engine.builders import (
    FUTURE,
    FUTURE_COLUMN,
    INDEX_COLUMN,
    RELIANCE_COLUMN,
    ROOMY,
    D,
    Say,
    Scripted,
    Second,
    at,
    saying,
)
from tests.unit.trading.engine.desk import Desk, as_absent, of_kind
from trading.engine.actions import (
    DecisionNoted,
    EquityNoted,
    PlaceOrder,
    PlanMoved,
    PlanNoted,
    RiskNoted,
    SignalNoted,
    VerdictNote,
)
from trading.engine.events import BandsTold
from trading.engine.settings import EntryStyle, ExecutionSettings
from trading.engine.trades import PlanState


def test_an_opinion_on_an_index_is_traded_in_its_future():
    desk = Desk()

    desk.speak()

    (signal,) = desk.notes(SignalNoted)
    (plan,) = desk.notes(PlanNoted)
    assert (signal.instrument, signal.traded) == ("NSE:NIFTY 50", "NFO:NIFTY26OCTFUT")
    assert (plan.legs[0].quantity, str(plan.legs[0].limit_price)) == (130, "24000.30")
    (entry,) = desk.working(Role.ENTRY)
    assert (entry.request.order_type, entry.request.price) == (
        OrderType.LIMIT,
        plan.legs[0].limit_price,
    )


def test_an_entry_can_go_to_the_market():
    desk = Desk(execution=ExecutionSettings(entry_style=EntryStyle.MARKET))

    desk.speak()

    assert desk.working(Role.ENTRY)[0].request.order_type is OrderType.MARKET


def test_an_entry_is_cut_at_the_freeze_quantity():
    desk = Desk(freeze=65)

    desk.speak()

    assert [order.left for order in desk.working(Role.ENTRY)] == [65, 65]


def test_every_decision_tells_what_every_rule_said():
    desk = Desk()

    desk.speak()

    (decision,) = desk.notes(DecisionNoted)
    assert decision.approved
    assert len(decision.verdicts) == len(RULES)
    assert len({verdict.rule for verdict in decision.verdicts}) == len(RULES)
    assert decision.plan_id == desk.trade.plan_id


def test_a_refused_opinion_is_noted_with_its_reasons_and_sends_nothing():
    desk = Desk(
        limits=replace(
            ROOMY, heat=ROOMY.risk_per_trade / 1000 * 2, risk_per_trade=ROOMY.risk_per_trade / 1000
        )
    )

    desk.speak()

    (decision,) = desk.notes(DecisionNoted)
    assert not decision.approved
    assert {"too-small", "per-trade-risk"} <= set(decision.refusals)
    assert decision.plan_id == ""
    assert len(decision.verdicts) == len(RULES)
    assert desk.notes(PlaceOrder) == []
    assert len(desk.notes(SignalNoted)) == 1


def test_an_opinion_that_cannot_become_a_contract_is_noted_with_the_reason():
    desk = Desk(strategies=saying(14, INDEX_COLUMN, entry=24_200.0, stop=50.0))

    desk.speak()

    (signal,) = desk.notes(SignalNoted)
    assert "at or beyond the stop" in signal.why_not
    assert desk.notes(DecisionNoted) == []


def test_an_opinion_with_impossible_prices_is_told_as_a_risk():
    desk = Desk(strategies=saying(14, INDEX_COLUMN, stop=-50.0))

    desk.speak()

    assert [note.kind for note in desk.notes(RiskNoted)] == ["opinion-rejected"]


def test_a_setup_seen_twice_is_acted_on_once():
    twin = saying(14, INDEX_COLUMN)[0]
    desk = Desk(
        strategies=(twin, twin),
        ranking=RankingSettings(max_per_underlying=2),
        limits=replace(ROOMY, max_positions_per_underlying=2, max_new_per_underlying=2),
    )

    desk.speak()

    first, second = desk.notes(DecisionNoted)
    assert first.approved
    assert second.refusals == ("duplicate-setup",)


def test_the_gate_refuses_a_second_new_plan_on_an_underlying_in_one_cycle():
    desk = Desk(
        strategies=two_strategies(),
        ranking=RankingSettings(max_per_underlying=2),
        limits=replace(ROOMY, max_positions_per_underlying=2),
    )

    desk.speak()

    assert desk.notes(DecisionNoted)[1].refusals == ("new-on-underlying",)


@pytest.mark.parametrize(("window", "refusals"), [(0, ("event-window",)), (1, ()), (-20, ())])
def test_nothing_is_entered_while_a_scheduled_event_is_near(window, refusals):
    """A window holds from its first moment up to, not at, its last."""
    start = at(9, 30) + timedelta(minutes=window)
    desk = Desk(event_windows=(event_window(start, 20, BLOCKED),))

    desk.speak()

    assert desk.notes(DecisionNoted)[0].refusals == refusals


def event_window(begins: datetime, minutes: int, effects: EventEffects) -> EventWindow:
    until = begins + timedelta(minutes=minutes)
    return EventWindow("RBI_POLICY", "RBI policy", "", begins, until, effects)


def test_near_an_event_the_stop_is_wider_and_less_is_traded_at_the_same_risk():
    effects = EventEffects(blocks=False, ranked_down=True, stop_factor=2.0)
    limits = replace(ROOMY, risk_per_trade=D("0.001"))
    plain = Desk(limits=limits)
    near = Desk(limits=limits, event_windows=(event_window(at(9, 20), 30, effects),))

    plain.speak()
    near.speak()

    (usual,), (wide,) = plain.notes(PlanNoted), near.notes(PlanNoted)
    assert wide.entry - wide.stop == pytest.approx(2 * (usual.entry - usual.stop))
    assert (wide.target1, wide.target2) == (usual.target1, usual.target2)
    was, became = plain.notes(DecisionNoted)[0], near.notes(DecisionNoted)[0]
    assert 0 < became.quantity < was.quantity
    assert became.risk_inr <= limits.trade_budget_inr(D(10_000_000))
    assert event_verdict(became).detail == "RBI policy, until 09:50: ranked down, stop x2"
    (penalty,) = near.notes(SignalNoted)[0].penalties
    assert (penalty.name, penalty.factor) == ("event: RBI policy", 0.7)


def event_verdict(decision: DecisionNoted) -> VerdictNote:
    return next(verdict for verdict in decision.verdicts if verdict.rule == "event-window")


def test_one_cycle_opens_one_plan_an_underlying():
    desk = Desk(strategies=two_strategies(), limits=replace(ROOMY, max_positions_per_underlying=5))

    desk.speak()

    assert len(desk.notes(PlanNoted)) == 1
    assert len(desk.notes(SignalNoted)) == 2


def two_strategies() -> tuple[Scripted, Second]:
    return Scripted({14: {INDEX_COLUMN: Say()}}), Second({14: {INDEX_COLUMN: Say(stop=60.0)}})


def test_an_entry_that_does_not_fill_in_time_is_cancelled():
    desk = Desk()
    desk.speak()
    assert desk.timers[f"entry:{desk.trade.plan_id}"] == desk.now + timedelta(seconds=30)

    desk.wait(29)
    assert len(desk.working(Role.ENTRY)) == 1
    desk.wait(1)

    assert desk.working(Role.ENTRY) == []
    (moved,) = desk.notes(PlanMoved)
    assert (moved.state, moved.reason) == ("ENTRY_CANCELLED", "entry timed out")


def test_a_part_filled_in_time_stays():
    desk = Desk()
    desk.speak()
    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    desk.wait(30)

    assert desk.trade.open_quantity == 65
    assert desk.working(Role.ENTRY) == []


def test_a_refused_entry_ends_the_plan():
    desk = Desk()
    desk.broker.next(Role.ENTRY, "refuse")

    desk.speak()

    (moved,) = desk.notes(PlanMoved)
    assert (moved.state, moved.reason) == ("ENTRY_CANCELLED", "entry refused")


def test_an_entry_that_was_never_sent_ends_the_plan():
    desk = Desk()
    desk.broker.next(Role.ENTRY, "lose")
    desk.speak()
    order = desk.trade.entries[0]

    desk.tell(as_absent(order, desk.later(1)))

    assert [moved.state for moved in desk.notes(PlanMoved)] == ["ENTRY_CANCELLED"]


def test_a_cancel_of_unknown_outcome_is_asked_for_again():
    desk = Desk()
    desk.speak()
    desk.broker.next("cancel", "lose")

    desk.wait(30)
    assert len(desk.working(Role.ENTRY)) == 1
    desk.wait(30)

    assert desk.working(Role.ENTRY) == []
    assert desk.engine.orders[desk.trade.entries[0]].state is OrderState.CANCELLED


def test_nothing_is_entered_before_its_hours():
    desk = Desk(strategies=saying(3, INDEX_COLUMN))

    desk.speak(3)

    assert desk.notes(DecisionNoted)[0].refusals == ("hours",)


def test_nothing_is_entered_on_an_old_price():
    desk = Desk()
    desk.now = at(9, 29, 54)
    desk.quotes()
    desk.now = at(9, 30)

    desk.bar()

    assert "stale-price" in desk.notes(DecisionNoted)[0].refusals


def test_exits_are_decided_before_an_opinion_of_the_same_bar():
    says = {
        14: {INDEX_COLUMN: Say()},
        15: {RELIANCE_COLUMN: Say(entry=1_000.0, stop=10.0, target1=10.0, target2=20.0)},
    }
    desk = Desk(strategies=(Scripted(says),))
    desk.enter()
    desk.now = at(9, 31)
    desk.quotes(c1=24_020.0)
    desk.engine.panel.last[FUTURE_COLUMN] = 24_120.0

    said = desk.bar()

    kinds = [type(action).__name__ for action in said]
    assert kinds.index("PlanMoved") < kinds.index("SignalNoted") < kinds.index("EquityNoted")
    assert of_kind(said, PlanMoved)[0].state == "CLOSING"


def test_the_account_is_noted_once_a_minute():
    desk = Desk()

    desk.speak()
    desk.later(30)
    desk.bar()
    desk.later(30)
    desk.bar()

    assert [note.at for note in desk.notes(EquityNoted)] == [at(9, 30), at(9, 31)]


def banded(low: str, high: str) -> BandsTold:
    return BandsTold(at(9, 16), "kite", at(9, 5), (("NFO:NIFTY26OCTFUT", D(low), D(high)),))


def test_without_bands_no_price_is_refused():
    desk = Desk()

    desk.speak()

    (decision,) = desk.notes(DecisionNoted)
    assert [v.measured for v in decision.verdicts if v.rule == "price-band"] == ["no bands"]
    assert decision.approved


def test_an_entry_beyond_the_band_is_refused():
    desk = Desk()
    desk.tell(banded("21600", "24000"))

    desk.speak()

    (decision,) = desk.notes(DecisionNoted)
    assert decision.refusals == ("price-band",)
    assert desk.notes(PlaceOrder) == []


def test_an_entry_whose_resting_stop_would_lie_beyond_the_band_is_refused():
    trigger, limit = ExecutionSettings().stop_prices(FUTURE, Direction.LONG, 23_950.0)
    reaches, misses = Desk(), Desk()
    reaches.tell(banded(str(limit), "26400"))
    misses.tell(banded(str(trigger), "26400"))

    reaches.speak()
    misses.speak()

    assert reaches.notes(DecisionNoted)[0].approved
    assert misses.notes(DecisionNoted)[0].refusals == ("price-band",)


def test_an_entry_whose_stop_could_not_fill_once_triggered_is_refused():
    near = Desk(execution=ExecutionSettings(stop_offset_fraction=0.019, with_charges=False))
    far = Desk(execution=ExecutionSettings(stop_offset_fraction=0.021, with_charges=False))

    near.speak()
    far.speak()

    assert near.notes(DecisionNoted)[0].approved
    (decision,) = far.notes(DecisionNoted)
    assert decision.refusals == ("price-band",)
    (verdict,) = [each for each in decision.verdicts if each.rule == "price-band"]
    assert verdict.detail == f"stop of {FUTURE.key}, limit price protection"


def test_a_band_told_anew_takes_the_place_of_the_one_before():
    desk = Desk()
    desk.tell(banded("21600", "24000"), banded("21600", "26400"))

    desk.speak()

    assert desk.notes(DecisionNoted)[0].approved


def test_a_slice_that_is_refused_leaves_the_plan_with_the_others():
    desk = Desk(freeze=65)
    desk.broker.next("ENTRY", "accept", "refuse")

    desk.speak()
    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    assert desk.trade.open_quantity == 65
    assert sum(order.left for order in desk.working(Role.STOP)) == 65
    assert desk.trade.state is PlanState.OPEN


def test_a_slice_whose_answer_was_lost_is_not_sent_again_and_the_rest_is_protected():
    desk = Desk(freeze=65)
    desk.broker.next("ENTRY", "accept", "lose")

    desk.speak()
    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    assert len(desk.trade.entries) == 2
    assert sum(order.left for order in desk.working(Role.STOP)) == 65
    assert desk.engine.breakers.blocked == {"unknown-order"}
