"""Spread and age of prices by segment: options apart from futures and shares, and told so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from execution.orders import Side
from marketdata.instruments import Kind, Segment
from risk import rules
from risk.case import case_of
from risk.limits import RiskLimits
from risk.verdict import Verdict
from tests.unit.risk.builders import FUTURE, D, context, leg, proposal, quote
from trading.config import document_of, read

CALL = replace(FUTURE, kind=Kind.CALL, symbol="NIFTY26AUG25000CE", strike=D(25_000))
LIMITS = RiskLimits(
    max_spread=D("0.002"),
    stale_after_seconds=5.0,
    spread_by_segment={Segment.OPTIONS: D("0.02")},
    stale_by_segment={Segment.OPTIONS: 30.0, Segment.FUTURES: 2.0},
)


def judged(rule, *legs, limits: RiskLimits = LIMITS) -> Verdict:
    return rule(case_of(proposal(legs=legs), context(), limits))


def test_an_options_spread_is_held_against_its_own_limit_and_says_so() -> None:
    wide = leg(CALL, Side.BUY, quote(99.5, 100.5))

    verdict = judged(rules.spread, wide)

    assert (verdict.passed, verdict.measured, verdict.allowed) == (True, D("0.01"), D("0.02"))
    assert verdict.detail == "for options"
    assert not judged(rules.spread, leg(FUTURE, Side.BUY, quote(99.5, 100.5))).passed


def test_of_legs_of_two_segments_the_one_nearest_to_its_limit_is_told() -> None:
    option, future = (
        leg(CALL, Side.BUY, quote(99.5, 100.5)),
        leg(FUTURE, Side.BUY, quote(99.95, 100)),
    )

    verdict = judged(rules.spread, option, future)

    assert (verdict.passed, verdict.allowed, verdict.detail) == (True, D("0.02"), "for options")


def test_an_options_price_may_be_older_than_a_futures() -> None:
    option = leg(CALL, Side.BUY, quote(99.9, 100), age_seconds=20.0)
    future = leg(FUTURE, Side.BUY, quote(99.9, 100), age_seconds=3.0)

    told, both = judged(rules.stale_price, option), judged(rules.stale_price, option, future)

    assert (told.passed, told.allowed, told.detail) == (True, D(30), "for options")
    assert (both.passed, both.measured, both.detail) == (False, D(3), "for futures")


def test_without_a_limit_of_its_own_a_segment_has_the_common_one() -> None:
    plain = RiskLimits(max_spread=D("0.002"))

    verdict = judged(rules.spread, leg(CALL, Side.BUY, quote(99.9, 100.1)), limits=plain)

    assert (verdict.passed, verdict.allowed, verdict.detail) == (True, D("0.002"), "")


def test_a_limit_of_no_seconds_refuses_every_age_without_failing() -> None:
    none = RiskLimits(stale_after_seconds=0.0)

    assert not judged(rules.stale_price, leg(CALL, Side.BUY, quote(99.9, 100)), limits=none).passed


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"spread_by_segment": {"OPTION": D("0.1")}}, "spread_by_segment.OPTION"),
        ({"spread_by_segment": {"OPTIONS": D(0)}}, "above 0, at most 1"),
        ({"stale_by_segment": {"CASH": 0.0}}, "stale_by_segment.CASH"),
    ],
)
def test_a_segment_or_limit_that_cannot_be_is_named(limits, told) -> None:
    with pytest.raises(ValueError, match=told):
        RiskLimits(**limits)


def test_limits_by_segment_come_back_from_a_stored_configuration() -> None:
    document = {"risk": {"spread_by_segment": {"OPTIONS": "0.02"}, "stale_by_segment": {}}}

    again = read(document_of(read(document))).risk

    assert again.spread_of(Segment.OPTIONS) == D("0.02")
    assert again.spread_of(Segment.CASH) == again.max_spread


def test_the_widest_spread_and_the_longest_age_of_a_segment_may_be_all_there_is():
    limits = RiskLimits(spread_by_segment={"OPTIONS": D(1)}, stale_by_segment={"CASH": 86_400.0})

    assert limits.spread_of(Segment.OPTIONS) == 1
    assert limits.stale_after(Segment.CASH) == 86_400


def test_of_two_legs_the_one_furthest_beyond_its_own_limit_is_told() -> None:
    option = leg(CALL, Side.BUY, quote(98.0, 102.0))
    future = leg(FUTURE, Side.BUY, quote(99.5, 100.5))

    for legs in ((option, future), (future, option)):
        verdict = judged(rules.spread, *legs)

        assert (verdict.passed, verdict.measured, verdict.allowed) == (False, D("0.01"), D("0.002"))
