"""What each rule leaves on record of what it refuses: measured, allowed, unit and detail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from execution.orders import Side
from marketdata.instruments import Kind
from risk import desk_rules, rules
from risk.breakers import Breakers
from risk.case import case_of
from risk.event_rules import BLOCKED, EventWindow
from risk.results import Result
from risk.rules import RULES, Rule
from risk.verdict import Verdict
from strategies.signals import Direction
from tests.unit.risk.builders import (
    BARE,
    FUTURE,
    SHARE,
    TODAY,
    Costs,
    D,
    at,
    context,
    exposure,
    last_only,
    leg,
    open_risk,
    proposal,
    quote,
)

COSTS = Costs(fixed=D(60), margin_per_unit=D(4_000))
KEY = "NFO:NIFTY26AUGFUT"
EXPIRING = replace(FUTURE, expiry=TODAY)
CALL = replace(FUTURE, token=10, symbol="NIFTY26AUG25000CE", kind=Kind.CALL, strike=D(25_000))
LATER = replace(FUTURE, token=5, symbol="NIFTY26SEPFUT")


def lost(times: int) -> tuple[Result, ...]:
    return (Result("ORB", at(10, 45), D(-100)),) * times


def held(*risks: int, **fields: Any) -> dict[str, Any]:
    positions = [open_risk(risk_inr=D(risk), **fields) for risk in risks]
    return {"exposure": exposure(*positions)}


def event() -> EventWindow:
    return EventWindow("RBI_POLICY", "RBI policy", "NIFTY", at(9, 50), at(11, 30), BLOCKED)


def against(key: str) -> Any:
    return open_risk(key=key, underlying="NIFTY", direction=Direction.SHORT)


SOLD = {
    "legs": (leg(CALL, Side.SELL, quote(100.0, 101.0)),),
    "direction": Direction.SHORT,
    "stop": 150.0,
    "target1": 80.0,
    "target2": 50.0,
}
NEAR_DELIVERY = replace(FUTURE, expiry=TODAY + timedelta(days=4))

REFUSED: list[tuple[Rule, dict[str, Any], dict[str, Any], dict[str, Any], tuple[Any, ...]]] = [
    (
        rules.trading_state,
        {},
        {"breakers": Breakers().block("operator").block("data")},
        {},
        ("REDUCE_ONLY", "OPEN", "", "data, operator"),
    ),
    (
        desk_rules.kill_scope,
        {},
        {"killed": frozenset({"strategy:ORB", "underlying:NIFTY"})},
        {},
        ("strategy:ORB, underlying:NIFTY", "none", "", "until unlocked"),
    ),
    (
        desk_rules.stale_account,
        {},
        {"live": True, "account_age_seconds": 61.0},
        {},
        (D(61), D(60), "s", ""),
    ),
    (desk_rules.stale_account, {}, {"live": True}, {}, ("never seen", D(60), "s", "")),
    (
        rules.daily_loss,
        {},
        {"exposure": exposure(realised_inr=D(-25_000))},
        {},
        (D(25_000), D(25_000), "INR", "must stay below"),
    ),
    (
        desk_rules.cool_down,
        {},
        {"results": lost(6)},
        {},
        (D(6), D(6), "losses", "rests until 2026-08-12T11:15:00+05:30"),
    ),
    (
        desk_rules.cool_down_strategy,
        {},
        {"results": lost(5)},
        {},
        (D(5), D(5), "losses", "rests until 2026-08-12T11:15:00+05:30"),
    ),
    (
        desk_rules.order_to_trade,
        {},
        {"messages": 120, "trades": 2},
        {},
        (D("60.5"), D(50), "a trade", "120 sent, 2 trades"),
    ),
    (
        rules.hours,
        {},
        {"now": at(15, 15)},
        {},
        (
            "2026-08-12T15:15:00+05:30",
            "2026-08-12T09:20:00+05:30 to 2026-08-12T15:15:00+05:30",
            "time",
            "",
        ),
    ),
    (
        rules.signal_expired,
        {},
        {"now": at(11, 11)},
        {},
        ("2026-08-12T11:11:00+05:30", "2026-08-12T11:10:00+05:30", "time", ""),
    ),
    (
        rules.duplicate_setup,
        {},
        {"seen": frozenset({proposal().setup})},
        {},
        (D(1), D(0), "entries", proposal().setup),
    ),
    (
        rules.max_positions,
        {},
        held(0, 0),
        {"max_positions": 2},
        (D(3), D(2), "positions", ""),
    ),
    (
        rules.max_positions_strategy,
        {"max_positions": 1},
        held(0, strategy="ORB"),
        {},
        (D(2), D(1), "positions", "ORB"),
    ),
    (
        rules.underlying,
        {},
        held(0, underlying="NIFTY"),
        {"max_positions_per_underlying": 1},
        (D(2), D(1), "positions", "NIFTY"),
    ),
    (
        rules.new_on_underlying,
        {},
        {"new_underlyings": ("NIFTY",)},
        {"max_new_per_underlying": 1},
        (D(2), D(1), "positions", "NIFTY"),
    ),
    (
        rules.opposite,
        {},
        {"exposure": exposure(against("P7"), against("P8"))},
        {},
        (D(2), D(0), "positions", "P7, P8"),
    ),
    (
        desk_rules.correlated,
        {"correlation": 0.97, "correlated_with": "BANKNIFTY"},
        {},
        {},
        (D("0.97"), D("0.95"), "correlation", "BANKNIFTY"),
    ),
    (rules.banned, {}, {"banned": frozenset({"NIFTY"})}, {}, ("yes", "no", "", "NIFTY")),
    (
        rules.event_window,
        {},
        {"events": (event(),)},
        {},
        (D(1), D(0), "events", "RBI policy, until 11:30: no entries, ranked down"),
    ),
    (
        rules.expiry,
        {"legs": (leg(NEAR_DELIVERY),), "settles_physically": True},
        {},
        {},
        (D(4), D(5), "days", ""),
    ),
    (
        desk_rules.expiry_day,
        {"legs": (leg(EXPIRING),)},
        {"now": at(15, 0)},
        {},
        (D(25), D(30), "minutes", "to be flat"),
    ),
    (
        rules.tradable,
        {"legs": (leg(replace(FUTURE, kind=Kind.INDEX)), leg())},
        {},
        {},
        (KEY, "all", "", "orders can exist"),
    ),
    (
        rules.made_instrument_live,
        {"legs": (leg(replace(FUTURE, made_from="spot")), leg())},
        {"live": True},
        {},
        (KEY, "none", "", ""),
    ),
    (
        rules.naked_short,
        SOLD,
        {"live": True},
        {},
        ("NFO:NIFTY26AUG25000CE", "on paper only", "", "without a hedge"),
    ),
    (
        rules.stale_price,
        {"legs": (leg(age_seconds=5.5), leg(LATER))},
        {},
        {},
        (D("5.5"), D(5), "s", ""),
    ),
    (
        rules.spread,
        {"legs": (leg(at_quote=quote(99.0, 101.0)),)},
        {},
        {},
        (D("0.02"), D("0.005"), "of middle", ""),
    ),
    (
        rules.spread,
        {"legs": (leg(at_quote=last_only(100.0)), leg())},
        {},
        {},
        ("no book", D("0.005"), "of middle", ""),
    ),
    (
        rules.price_band,
        {},
        {"bands": {KEY: (D(24_900), D(24_999))}},
        {},
        (D(25_000), "24900 to 24999", "INR", f"entry of {KEY}"),
    ),
    (
        rules.price_band,
        {},
        {"bands": {SHARE.key: (D(1), D(2))}},
        {},
        (D(25_000), "no band", "INR", f"entry of {KEY}"),
    ),
    (
        rules.wrong_side,
        {"stop": 25_000.0},
        {},
        {},
        (D(25_000), "between 25000.0 and 25060.0", "INR", ""),
    ),
    (
        rules.too_small,
        {"stop": 24_900.0},
        {},
        {},
        (
            D(0),
            D(65),
            "units",
            "risk binds: lots 195, risk 0, heat 195, margin 195, liquidity 650",
        ),
    ),
    (
        rules.per_trade_risk,
        {"stop": 24_900.0},
        {},
        {},
        (D(6_500), D(5_000), "INR", "for 65 units"),
    ),
    (
        desk_rules.expiry_day_risk,
        {"legs": (leg(EXPIRING),)},
        {},
        {"expiry_day_risk": D("0.5")},
        (D(3_250), D(2_500), "INR", "expires on 2026-08-12, for 65 units"),
    ),
    (
        rules.heat,
        {},
        held(16_750, 1),
        {},
        (D(20_001), D(20_000), "INR", "for 65 units"),
    ),
    (
        desk_rules.underlying_risk,
        {},
        held(9_000, underlying="NIFTY"),
        {},
        (D(12_250), D(10_000), "INR", "NIFTY long, for 65 units"),
    ),
    (
        desk_rules.direction_risk,
        {},
        held(19_000),
        {},
        (D(22_250), D(20_000), "INR", "long, for 65 units"),
    ),
    (
        desk_rules.strategy_risk,
        {},
        held(14_000, strategy="ORB"),
        {},
        (D(17_250), D(15_000), "INR", "ORB, for 65 units"),
    ),
    (
        desk_rules.correlated_risk,
        {},
        held(14_000, underlying="BANKNIFTY"),
        {},
        (D(17_250), D(15_000), "INR", "NIFTY long with BANKNIFTY (indices), for 65 units"),
    ),
    (
        rules.margin,
        {"costs": COSTS},
        {"exposure": exposure(open_risk(margin_inr=D(600_000)))},
        {},
        (D(860_000), D(800_000), "INR", "for 65 units"),
    ),
    (
        rules.freeze,
        {"legs": (leg(), leg(replace(FUTURE, freeze_quantity=64)))},
        {},
        {},
        (D(1), "a freeze of one lot or more", "orders a leg", "for 65 units"),
    ),
]


@pytest.mark.parametrize(
    ("rule", "asked", "desk", "limits", "told"), REFUSED, ids=[row[0].__name__ for row in REFUSED]
)
def test_what_a_refusal_leaves_on_record(
    rule: Rule,
    asked: dict[str, Any],
    desk: dict[str, Any],
    limits: dict[str, Any],
    told: tuple[Any, ...],
) -> None:
    verdict = rule(case_of(proposal(**asked), context(**desk), replace(BARE, **limits)))

    name = rule.__name__.replace("_", "-")
    assert verdict == Verdict(name, False, *told)


def test_every_rule_is_refused_once_in_this_table() -> None:
    assert {row[0] for row in REFUSED} == set(RULES)
