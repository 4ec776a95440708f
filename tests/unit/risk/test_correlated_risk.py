from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import desk_rules
from risk.case import case_of
from risk.gate import decide
from risk.verdict import Verdict
from strategies.signals import Direction
from tests.unit.risk.builders import (
    BARE,
    D,
    context,
    exposure,
    open_risk,
    proposal,
    short_proposal,
)
from trading.config import document_of, read

LONG, SHORT, NEUTRAL = Direction.LONG, Direction.SHORT, Direction.NEUTRAL
LIMITS = replace(BARE, groups={"banks": ("BANKNIFTY", "SBIN")})


def judged(
    underlying: str, direction: Direction, *, correlation: float | None, view: Direction = LONG
) -> Verdict:
    """Return what is said of a new trade on NIFTY beside one held that risks 1,000 rupees."""
    held = open_risk(underlying=underlying, direction=direction, risk_inr=D(1_000))
    moves = () if correlation is None else ((underlying, correlation),)
    asked = (
        short_proposal(moves_with=moves) if view is SHORT else proposal(view=view, moves_with=moves)
    )
    return desk_rules.correlated_risk(case_of(asked, context(exposure=exposure(held)), LIMITS))


def counted(verdict: Verdict) -> bool:
    alone = desk_rules.correlated_risk(case_of(proposal(), context(), LIMITS))
    return Decimal(verdict.measured) == Decimal(alone.measured) + 1_000


@pytest.mark.parametrize(("correlation", "counts"), [(0.69, False), (0.7, True), (0.71, True)])
def test_what_is_measured_to_move_with_it_counts_from_the_limit_on(
    correlation: float, counts: bool
) -> None:
    verdict = judged("TCS", LONG, correlation=correlation)

    assert counted(verdict) is counts
    assert ("TCS 0.7" in verdict.detail) is counts


@pytest.mark.parametrize(
    ("view", "held", "correlation", "counts"),
    [
        (LONG, LONG, 0.9, True),
        (LONG, SHORT, 0.9, False),
        (LONG, SHORT, -0.9, True),
        (LONG, LONG, -0.9, False),
        (SHORT, SHORT, 0.9, True),
        (SHORT, LONG, -0.9, True),
        (NEUTRAL, LONG, 0.9, True),
        (NEUTRAL, SHORT, -0.9, True),
        (LONG, NEUTRAL, -0.9, True),
        (NEUTRAL, LONG, 0.2, False),
    ],
)
def test_only_what_loses_when_it_loses_counts(
    view: Direction, held: Direction, correlation: float, counts: bool
) -> None:
    assert counted(judged("TCS", held, correlation=correlation, view=view)) is counts


def test_what_nothing_is_known_of_counts_only_within_its_group() -> None:
    banks = {"underlying": "SBIN", "legs": proposal().legs}
    held = [
        open_risk(underlying=name, direction=way, risk_inr=D(1_000))
        for name, way in (("BANKNIFTY", LONG), ("BANKNIFTY", SHORT), ("TCS", LONG))
    ]
    asked = proposal(**banks)

    verdict = desk_rules.correlated_risk(case_of(asked, context(exposure=exposure(*held)), LIMITS))

    assert verdict.detail == "SBIN long with BANKNIFTY (banks), for 65 units"
    assert counted(verdict)


def test_a_position_on_the_same_underlying_counts_in_its_direction_only() -> None:
    assert counted(judged("NIFTY", LONG, correlation=None))
    assert not counted(judged("NIFTY", SHORT, correlation=None))


def test_the_size_is_cut_to_what_those_that_move_together_leave() -> None:
    limits = replace(LIMITS, risk_per_trade=D("0.01"), underlying_share=D(1), strategy_share=D(1))
    held = open_risk(underlying="TCS", risk_inr=D(11_000))
    desk = context(exposure=exposure(held))

    alone = decide(proposal(), desk, limits)
    together = decide(proposal(moves_with=(("TCS", 0.9),)), desk, limits)

    assert (alone.quantity, together.quantity) == (130, 65)


@given(
    risks=st.lists(st.tuples(st.integers(0, 6_000), st.sampled_from((LONG, SHORT))), max_size=4),
    correlations=st.lists(st.floats(-1, 1), min_size=4, max_size=4),
    share=st.integers(10, 100),
)
def test_no_accepted_trade_takes_what_moves_together_over_its_part_of_the_heat(
    risks: list[tuple[int, Direction]], correlations: list[float], share: int
) -> None:
    limits = replace(LIMITS, correlated_share=D(share) / 100, heat=D(1), risk_per_trade=D("0.01"))
    names = [f"S{place}" for place in range(len(risks))]
    held = [
        open_risk(underlying=name, direction=way, risk_inr=D(risk * 100))
        for name, (risk, way) in zip(names, risks, strict=True)
    ]
    known = dict(zip(names, correlations, strict=False))

    decision = decide(
        proposal(moves_with=tuple(known.items())), context(exposure=exposure(*held)), limits
    )

    together = [risk for risk in held if known[risk.underlying] * risk.direction >= 0.7]
    after = sum((risk.risk_inr for risk in together), D(0)) + decision.risk_inr
    assert not decision.approved or after <= D(1_000_000) * share / 100


def test_groups_are_read_from_a_configuration() -> None:
    config = read({"risk": {"groups": {"banks": ["SBIN", "HDFCBANK"]}}})

    assert config.risk.group_of("HDFCBANK", "SBIN") == "banks"
    assert config.risk.group_of("HDFCBANK", "TCS") == ""
    assert read(document_of(config)) == config
    assert read({}).risk.group_of("NIFTY", "SENSEX") == "indices"
