"""Every budget that a new trade draws on, told whole: what is held, allowed, and of whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from risk.budgets import Budget, budgets_of
from risk.exposure import OpenRisk
from risk.proposal import Proposal
from strategies.signals import Direction
from tests.unit.risk.builders import (
    BARE,
    FUTURE,
    TODAY,
    D,
    context,
    exposure,
    leg,
    open_risk,
    proposal,
    short_proposal,
)

LONG, SHORT, NEUTRAL = Direction.LONG, Direction.SHORT, Direction.NEUTRAL
LIMITS = replace(
    BARE,
    heat=D("0.02"),
    underlying_share=D("0.5"),
    direction_share=D("0.9"),
    strategy_share=D("0.6"),
    correlated_share=D("0.7"),
    groups={},
)


def held(underlying: str, direction: Direction, strategy: str, risk: int) -> OpenRisk:
    return open_risk(
        underlying=underlying, direction=direction, strategy=strategy, risk_inr=D(risk)
    )


BOOK = (
    held("NIFTY", LONG, "ORB", 1),
    held("NIFTY", SHORT, "ORB", 20),
    held("NIFTY", NEUTRAL, "TREND", 300),
    held("SBIN", LONG, "ORB", 4_000),
    held("SBIN", SHORT, "TREND", 50_000),
)


def found(asked: Proposal, **limits: Any) -> list[tuple[str, int, int, str]]:
    """Return name, rupees held and allowed, and detail of each budget, with BOOK at risk."""
    budgets = budgets_of(asked, context(exposure=exposure(*BOOK)), replace(LIMITS, **limits))
    return [(b.name, int(b.held_inr), int(b.allowed_inr), b.detail) for b in budgets]


def test_a_long_trade_draws_on_what_is_held_its_way_on_both_ways_and_by_its_strategy() -> None:
    assert found(proposal()) == [
        ("underlying-risk", 301, 10_000, "NIFTY long"),
        ("direction-risk", 4_301, 18_000, "long"),
        ("strategy-risk", 4_021, 12_000, "ORB"),
        ("correlated-risk", 301, 14_000, "NIFTY long with NIFTY"),
    ]


def test_a_short_trade_draws_on_what_is_held_short() -> None:
    assert found(short_proposal(strategy="TREND")) == [
        ("underlying-risk", 320, 10_000, "NIFTY short"),
        ("direction-risk", 50_320, 18_000, "short"),
        ("strategy-risk", 50_300, 12_000, "TREND"),
        ("correlated-risk", 320, 14_000, "NIFTY short with NIFTY"),
    ]


def test_a_trade_without_a_direction_draws_on_everything() -> None:
    [underlying, direction, _, together] = found(proposal(view=NEUTRAL))

    assert underlying == ("underlying-risk", 321, 10_000, "NIFTY neutral")
    assert direction == ("direction-risk", 54_321, 18_000, "neutral")
    assert together == ("correlated-risk", 321, 14_000, "NIFTY neutral with NIFTY")


def test_a_trade_without_a_direction_falls_with_all_of_its_group() -> None:
    together = found(proposal(view=NEUTRAL), groups={"all": ("NIFTY", "SBIN")})[3]

    assert together == (
        "correlated-risk",
        54_321,
        14_000,
        "NIFTY neutral with NIFTY, SBIN (all)",
    )


def test_who_moves_together_is_told_once_each_with_the_reason() -> None:
    groups = {"all": ("NIFTY", "SBIN")}

    by_group = found(proposal(), groups=groups)[3]
    by_measure = found(proposal(moves_with=(("TCS", 0.9), ("SBIN", -0.75))))[3]

    assert by_group == ("correlated-risk", 4_301, 14_000, "NIFTY long with NIFTY, SBIN (all)")
    assert by_measure == ("correlated-risk", 50_301, 14_000, "NIFTY long with NIFTY, SBIN -0.75")


def test_with_nothing_alike_the_trade_is_told_alone() -> None:
    assert found(proposal(underlying="TCS"))[3] == ("correlated-risk", 0, 14_000, "TCS long")


def test_a_measure_at_the_limit_counts_and_a_group_named_first_is_told() -> None:
    groups = {"first": ("NIFTY", "SBIN"), "second": ("SBIN", "NIFTY")}
    limits = {"groups": groups, "correlated_from": D("0.75")}
    asked = proposal(moves_with=(("SBIN", 0.75),))

    assert found(asked, **limits)[3][3] == "NIFTY long with NIFTY, SBIN (first)"
    assert found(asked, groups={}, correlated_from=D("0.75"))[3][1] == 4_301
    assert found(asked, groups={}, correlated_from=D("0.76"))[3][1] == 301


def test_a_day_of_expiry_has_a_budget_of_its_own_on_which_nothing_was_drawn() -> None:
    today = proposal(legs=(leg(replace(FUTURE, expiry=TODAY)),))

    *_, last = found(today, risk_per_trade=D("0.01"), expiry_day_risk=D("0.25"))

    assert last == ("expiry-day-risk", 0, 2_500, f"expires on {TODAY}")
    assert len(found(proposal())) == 4


def test_what_is_left_of_a_budget_may_be_less_than_nothing() -> None:
    assert Budget("direction-risk", D(70), D(100)).left_inr == 30
    assert Budget("direction-risk", D(130), D(100)).left_inr == -30
