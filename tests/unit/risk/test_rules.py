from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from execution.orders import Side
from marketdata.instruments import Exchange, Instrument, Kind
from risk import rules
from risk.breakers import Breakers
from risk.case import case_of
from risk.event_rules import BLOCKED, EventEffects, EventWindow
from risk.proposal import Proposal
from risk.rules import RULES
from strategies.signals import Direction
from tests.unit.risk.builders import (
    BARE,
    FUTURE,
    SHARE,
    TODAY,
    D,
    ask,
    at,
    context,
    exposure,
    leg,
    open_risk,
    proposal,
    quote,
    short_proposal,
)

BLINK = timedelta(microseconds=1)


def test_a_good_proposal_on_an_open_desk_passes_every_rule() -> None:
    case = case_of(proposal(), context(), BARE)

    assert [verdict.rule for rule in RULES if not (verdict := rule(case)).passed] == []


def test_every_rule_has_its_own_code() -> None:
    case = case_of(proposal(), context(), BARE)

    codes = [rule(case).rule for rule in RULES]

    assert len(set(codes)) == len(codes) == 37


@pytest.mark.parametrize(
    "breakers", [Breakers().block("operator"), Breakers().flatten("kill").halt()]
)
def test_a_blocked_desk_refuses_and_names_the_reasons(breakers: Breakers) -> None:
    verdict = ask(rules.trading_state, desk=context(breakers=breakers))

    assert not verdict.passed
    assert verdict.measured == breakers.state
    assert verdict.detail == ", ".join(sorted(breakers.blocked))


@pytest.mark.parametrize(
    ("realised", "passed"), [("-24999.99", True), ("-25000", False), ("-25000.01", False)]
)
def test_the_daily_loss_refuses_from_its_limit_on(realised: str, passed: bool) -> None:
    verdict = ask(rules.daily_loss, desk=context(exposure=exposure(realised_inr=D(realised))))

    assert verdict.passed is passed
    assert verdict.measured == -D(realised)
    assert verdict.allowed == 25_000


@pytest.mark.parametrize(
    ("now", "passed"),
    [
        (at(9, 20) - BLINK, False),
        (at(9, 20), True),
        (at(9, 20) + BLINK, True),
        (at(15, 15) - BLINK, True),
        (at(15, 15), False),
        (at(15, 15) + BLINK, False),
    ],
)
def test_entries_keep_to_their_hours(now: datetime, passed: bool) -> None:
    assert ask(rules.hours, desk=context(now=now)).passed is passed


@pytest.mark.parametrize(
    ("now", "passed"), [(at(11, 10) - BLINK, True), (at(11, 10), True), (at(11, 10) + BLINK, False)]
)
def test_a_signal_expires_after_its_last_moment(now: datetime, passed: bool) -> None:
    assert ask(rules.signal_expired, desk=context(now=now)).passed is passed


def test_a_set_up_is_acted_on_once() -> None:
    asked = proposal()

    assert ask(rules.duplicate_setup, asked, context(seen=frozenset({"other"}))).passed
    assert not ask(rules.duplicate_setup, asked, context(seen=frozenset({asked.setup}))).passed


@pytest.mark.parametrize(("held", "passed"), [(3, True), (4, True), (5, False), (6, False)])
def test_positions_are_counted_up_to_the_limit(held: int, passed: bool) -> None:
    desk = context(exposure=exposure(*[open_risk(working=True)] * held))

    verdict = ask(rules.max_positions, desk=desk, max_positions=5)

    assert verdict.passed is passed
    assert (verdict.measured, verdict.allowed) == (held + 1, 5)


@pytest.mark.parametrize(
    ("own", "desk_wide", "held", "passed"),
    [(2, 9, 1, True), (2, 9, 2, False), (9, 2, 1, True), (9, 2, 2, False)],
)
def test_a_strategy_keeps_to_the_smaller_of_its_two_limits(
    own: int, desk_wide: int, held: int, passed: bool
) -> None:
    desk = context(
        exposure=exposure(*[open_risk(strategy="ORB")] * held, open_risk(strategy="TREND"))
    )

    verdict = ask(
        rules.max_positions_strategy,
        proposal(max_positions=own),
        desk,
        max_positions_per_strategy=desk_wide,
    )

    assert verdict.passed is passed


@pytest.mark.parametrize(("held", "passed"), [(0, True), (1, False), (2, False)])
def test_one_underlying_carries_one_position(held: int, passed: bool) -> None:
    desk = context(
        exposure=exposure(*[open_risk(underlying="NIFTY")] * held, open_risk(underlying="OTHER"))
    )

    assert ask(rules.underlying, desk=desk, max_positions_per_underlying=1).passed is passed


@pytest.mark.parametrize(("new", "passed"), [((), True), (("OTHER",), True), (("NIFTY",), False)])
def test_one_underlying_gets_one_new_plan_a_cycle(new: tuple[str, ...], passed: bool) -> None:
    desk = context(new_underlyings=new)

    assert ask(rules.new_on_underlying, desk=desk, max_new_per_underlying=1).passed is passed


def test_a_bet_against_an_open_position_is_refused() -> None:
    held = exposure(open_risk(key="P7", underlying="NIFTY", direction=Direction.SHORT))

    verdict = ask(rules.opposite, desk=context(exposure=held))

    assert not verdict.passed
    assert verdict.detail == "P7"
    assert ask(rules.opposite, short_proposal(), context(exposure=held)).passed
    elsewhere = exposure(open_risk(underlying="OTHER", direction=Direction.SHORT))
    assert ask(rules.opposite, desk=context(exposure=elsewhere)).passed


def test_a_banned_underlying_is_refused() -> None:
    assert not ask(rules.banned, desk=context(banned=frozenset({"NIFTY"}))).passed
    assert ask(rules.banned, desk=context(banned=frozenset({"OTHER"}))).passed


def test_without_a_ban_list_the_refusal_says_so() -> None:
    blind = context(banned=frozenset({"NIFTY"}), has_ban_list=False)

    assert ask(rules.banned, desk=blind).measured == "no list"
    assert ask(rules.banned, desk=context(banned=frozenset(), has_ban_list=False)).passed


NEAR = EventEffects(blocks=False, ranked_down=True, stop_factor=1.5)


def window(underlying: str, effects: EventEffects) -> EventWindow:
    return EventWindow("RBI_POLICY", "RBI policy", underlying, at(9, 50), at(11, 0), effects)


@pytest.mark.parametrize(
    ("events", "passed"),
    [
        ((), True),
        ((window("OTHER", BLOCKED),), True),
        ((window("NIFTY", BLOCKED),), False),
        ((window("", BLOCKED),), False),
        ((window("", NEAR),), True),
    ],
)
def test_an_open_event_window_refuses_whom_it_concerns(
    events: tuple[EventWindow, ...], passed: bool
) -> None:
    assert ask(rules.event_window, desk=context(events=events)).passed is passed


def test_the_verdict_names_every_event_that_is_near_and_what_it_does() -> None:
    events = (window("", NEAR), window("OTHER", BLOCKED), window("NIFTY", BLOCKED))

    verdict = ask(rules.event_window, desk=context(events=events))

    assert (verdict.measured, verdict.allowed, verdict.unit) == (D(1), D(0), "events")
    assert verdict.detail == (
        "RBI policy, until 11:00: ranked down, stop x1.5; "
        "RBI policy, until 11:00: no entries, ranked down"
    )


@pytest.mark.parametrize(
    ("days", "physical", "passed"),
    [
        (-1, False, False),
        (0, False, True),
        (4, True, False),
        (5, True, True),
        (6, True, True),
    ],
)
def test_a_contract_near_delivery_or_expired_is_refused(
    days: int, physical: bool, passed: bool
) -> None:
    contract = replace(FUTURE, expiry=TODAY + timedelta(days=days))

    verdict = ask(rules.expiry, proposal(legs=(leg(contract),), settles_physically=physical))

    assert verdict.passed is passed
    assert verdict.measured == days


def test_a_share_has_no_expiry_to_refuse() -> None:
    shares = proposal(legs=(leg(SHARE, at_quote=quote(1400, 1400)),), stop=1390.0, target1=1420.0)

    assert ask(rules.expiry, shares).passed


def test_an_index_cannot_be_traded() -> None:
    index = Instrument(
        token=9,
        exchange=Exchange.NSE,
        symbol="NIFTY 50",
        name="NIFTY",
        kind=Kind.INDEX,
        lot_size=1,
        tick_size=D("0.05"),
    )

    verdict = ask(rules.tradable, proposal(legs=(leg(index),)))

    assert not verdict.passed
    assert verdict.measured == "NSE:NIFTY 50"


@pytest.mark.parametrize(
    ("made_from", "live", "passed"),
    [("", True, True), ("", False, True), ("spot", False, True), ("spot", True, False)],
)
def test_a_made_instrument_never_reaches_a_real_broker(
    made_from: str, live: bool, passed: bool
) -> None:
    made = proposal(legs=(leg(replace(FUTURE, made_from=made_from)),))

    assert ask(rules.made_instrument_live, made, context(live=live)).passed is passed


CALL = replace(FUTURE, token=10, symbol="NIFTY26AUG25000CE", kind=Kind.CALL, strike=D(25_000))
WING = replace(CALL, token=11, symbol="NIFTY26AUG25200CE", strike=D(25_200))


def _sold(*legs: Any) -> Proposal:
    return proposal(legs=legs, direction=Direction.SHORT, stop=150.0, target1=80.0, target2=50.0)


@pytest.mark.parametrize(
    ("legs", "live", "passed"),
    [
        ((leg(CALL, Side.SELL, quote(100.0, 101.0)),), True, False),
        ((leg(CALL, Side.SELL, quote(100.0, 101.0)),), False, True),
        ((leg(CALL, Side.SELL), leg(WING, Side.BUY)), True, True),
        ((leg(CALL, Side.SELL, ratio=2), leg(WING, Side.BUY)), True, False),
        ((leg(CALL, Side.BUY),), True, True),
        ((leg(FUTURE, Side.SELL),), True, True),
    ],
)
def test_options_are_sold_for_real_money_with_a_hedge_only(
    legs: Any, live: bool, passed: bool
) -> None:
    verdict = ask(rules.naked_short, _sold(*legs), context(live=live))

    assert verdict.passed is passed


@pytest.mark.parametrize("naked_short_live", [False, True])
@pytest.mark.parametrize("legs", [(leg(CALL, Side.SELL),), (leg(FUTURE, Side.SELL),)])
def test_what_is_said_of_naked_options_is_the_same_on_paper(
    legs: Any, naked_short_live: bool
) -> None:
    said = [
        ask(
            rules.naked_short,
            _sold(*legs),
            context(live=live),
            naked_short_live=naked_short_live,
        )
        for live in (False, True)
    ]

    assert structs.replace(said[0], passed=said[1].passed) == said[1]


def test_a_limit_lets_options_be_sold_without_a_hedge_for_real_money() -> None:
    asked = _sold(leg(CALL, Side.SELL, quote(100.0, 101.0)))

    verdict = ask(rules.naked_short, asked, context(live=True), naked_short_live=True)

    assert verdict.passed
    assert (verdict.measured, verdict.allowed) == ("NFO:NIFTY26AUG25000CE", "any")
