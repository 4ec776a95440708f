"""What each rule leaves on record of a proposal that passes: measured, allowed, unit and detail."""

from __future__ import annotations

from risk import desk_rules, rules
from risk.case import case_of
from risk.proposal import Funds
from risk.results import Result
from risk.rules import RULES
from risk.verdict import Verdict
from tests.unit.risk.builders import (
    BARE,
    SHARE,
    Costs,
    D,
    at,
    context,
    leg,
    proposal,
    quote,
)

COSTS = Costs(fixed=D(60), margin_per_unit=D(4_000))
KEY = "NFO:NIFTY26AUGFUT"

USUAL = [
    ("trading-state", "OPEN", "OPEN", "", ""),
    ("kill-scope", "none", "none", "", "until unlocked"),
    ("stale-account", "own books", D(60), "s", ""),
    ("daily-loss", D(0), D(25_000), "INR", "must stay below"),
    ("cool-down", D(0), D(6), "losses", "must stay below"),
    ("cool-down-strategy", D(0), D(5), "losses", "must stay below"),
    ("order-to-trade", D(1), D(50), "a trade", "0 sent, 0 trades"),
    (
        "hours",
        "2026-08-12T11:00:00+05:30",
        "2026-08-12T09:20:00+05:30 to 2026-08-12T15:15:00+05:30",
        "time",
        "",
    ),
    ("signal-expired", "2026-08-12T11:00:00+05:30", "2026-08-12T11:10:00+05:30", "time", ""),
    ("duplicate-setup", D(0), D(0), "entries", "ORB/NFO:NIFTY26AUGFUT/long"),
    ("max-positions", D(1), D(100), "positions", ""),
    ("max-positions-strategy", D(1), D(100), "positions", "ORB"),
    ("underlying", D(1), D(100), "positions", "NIFTY"),
    ("new-on-underlying", D(1), D(100), "positions", "NIFTY"),
    ("opposite", D(0), D(0), "positions", ""),
    ("correlated", D(0), D("0.95"), "correlation", ""),
    ("banned", "no", "no", "", "NIFTY"),
    ("event-window", D(0), D(0), "events", ""),
    ("expiry", D(13), D(0), "days", ""),
    ("expiry-day", "not today", D(30), "minutes", ""),
    ("tradable", "all", "all", "", "orders can exist"),
    ("made-instrument-live", "none", "none", "", ""),
    ("naked-short", "none", "on paper only", "", "without a hedge"),
    ("stale-price", D("0.5"), D(5), "s", ""),
    ("spread", D(0), D("0.005"), "of middle", ""),
    ("price-band", "no bands", "any price", "", "none told today"),
    ("wrong-side", D(25_000), "between 24950.0 and 25060.0", "INR", ""),
    (
        "too-small",
        D(65),
        D(65),
        "units",
        "risk binds: lots 195, risk 65, heat 195, margin 195, liquidity 650",
    ),
    ("per-trade-risk", D(3_310), D(5_000), "INR", "for 65 units"),
    ("expiry-day-risk", "not today", D(1), "", ""),
    ("heat", D(3_310), D(20_000), "INR", "for 65 units"),
    ("underlying-risk", D(3_310), D(10_000), "INR", "NIFTY long, for 65 units"),
    ("direction-risk", D(3_310), D(20_000), "INR", "long, for 65 units"),
    ("strategy-risk", D(3_310), D(15_000), "INR", "ORB, for 65 units"),
    ("correlated-risk", D(3_310), D(15_000), "INR", "NIFTY long, for 65 units"),
    ("margin", D(260_000), D(800_000), "INR", "for 65 units"),
    ("freeze", D(1), "1 or more", "orders a leg", "for 65 units"),
]


def test_what_a_passed_proposal_leaves_on_record() -> None:
    case = case_of(proposal(costs=COSTS), context(), BARE)

    told = [rule(case) for rule in RULES]

    assert told == [
        Verdict(name, True, measured, allowed, unit, detail)  # type: ignore[arg-type]
        for name, measured, allowed, unit, detail in USUAL
    ]


def lost(times: int) -> tuple[Result, ...]:
    return (Result("ORB", at(10, 45), D(-100)),) * times


def test_a_share_without_an_expiry_says_so() -> None:
    share = proposal(legs=(leg(SHARE, at_quote=quote(1400, 1400)),), stop=1390.0, target1=1420.0)

    verdict = rules.expiry(case_of(share, context(), BARE))

    assert verdict == Verdict("expiry", True, "no expiry", D(0), "days")


def test_a_price_inside_its_band_is_told_with_the_band() -> None:
    desk = context(bands={KEY: (D(24_900), D(25_100))}, stops=((KEY, D(24_950)),))

    verdict = rules.price_band(case_of(proposal(), desk, BARE))

    assert verdict == Verdict(
        "price-band", True, D(25_000), "24900 to 25100", "INR", f"entry of {KEY}"
    )


def test_without_a_ban_list_a_banned_name_is_told_as_unproven() -> None:
    desk = context(banned=frozenset({"NIFTY"}), has_ban_list=False)

    verdict = rules.banned(case_of(proposal(), desk, BARE))

    assert verdict == Verdict("banned", False, "no list", "no", detail="NIFTY")


def test_a_rest_that_is_over_still_tells_until_when_it_was() -> None:
    desk = context(now=at(11, 15), results=lost(6))

    verdict = desk_rules.cool_down(case_of(proposal(), desk, BARE))

    told = "rests until 2026-08-12T11:15:00+05:30"
    assert verdict == Verdict("cool-down", True, D(6), D(6), "losses", told)


def test_what_the_broker_tells_of_margin_is_told_as_its_word() -> None:
    def said(free: int, problem: str = "") -> Verdict:
        asked = proposal(costs=COSTS, funds=Funds(D(free), problem))
        return rules.margin(case_of(asked, context(), BARE))

    needed, budget = D(260_000), D(800_000)
    by_them = "for 65 units, told by the broker"
    short = "for 65 units, free at the broker"
    assert said(260_000) == Verdict("margin", True, needed, budget, "INR", by_them)
    assert said(259_999) == Verdict("margin", False, needed, D(259_999), "INR", short)
    assert said(0, "timeout") == Verdict("margin", False, "not told", budget, "INR", "timeout")
