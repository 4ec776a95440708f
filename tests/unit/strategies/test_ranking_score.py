"""How a score follows from what it rests on, and that nothing else goes into it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from marketdata.instruments import Kind
from strategies.opportunities import Basis, Penalty, net_reward_to_risk
from strategies.ranking_features import Conditions, grades_of
from strategies.ranking_score import illiquidity, penalties, scored
from strategies.ranking_settings import PenaltyFactors, RankingSettings
from strategies.structures import Leg
from tests.unit.strategies.ranking_market import LONG, SHORT, candidate, market, ranker, share

CASH = PenaltyFactors().thresholds("CASH")


def basis(**changes: object) -> Basis:
    (one,) = ranker().rank([candidate()])
    return structs.replace(one.basis, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "measure", "threshold"),
    [
        ({"spread_fraction": 0.0051}, "spread", 0.005),
        ({"depth_in_lots": 0.9}, "depth in lots", 1.0),
        ({"volume_lots": 9.0}, "volume in lots", 10.0),
        ({"open_interest_lots": 99.0}, "open interest in lots", 100.0),
    ],
)
def test_each_measure_of_liquidity_has_a_threshold_of_its_own(
    changes: dict[str, float], measure: str, threshold: float
) -> None:
    """R-62."""
    found = illiquidity(basis(**changes), CASH)

    assert found is not None
    assert (found.measure, found.measured) == (measure, *changes.values())
    assert found.threshold == threshold


@pytest.mark.parametrize(
    ("changes", "own", "measure", "threshold"),
    [
        ({"spread_fraction": 0.021}, "spread_by_segment", "spread", 0.02),
        ({"depth_in_lots": 0.4}, "depth_lots_by_segment", "depth in lots", 0.5),
        ({"volume_lots": 4.0}, "volume_lots_by_segment", "volume in lots", 5.0),
        (
            {"open_interest_lots": 49.0},
            "open_interest_lots_by_segment",
            "open interest in lots",
            50.0,
        ),
    ],
)
def test_a_segment_may_have_a_threshold_of_its_own_and_the_penalty_says_so(
    changes: dict[str, float], own: str, measure: str, threshold: float
) -> None:
    factors = PenaltyFactors(**{own: {"OPTIONS": threshold}})  # type: ignore[arg-type]
    name, measured = next(iter(changes.items()))

    (found,) = penalties(basis(segment="OPTIONS", **changes), factors)
    at_its_own = basis(segment="OPTIONS", **{name: threshold})
    elsewhere = illiquidity(basis(segment="CASH", **changes), factors.thresholds("CASH"))

    assert found == Penalty(f"illiquid: {measure} for options", 0.5, measured, threshold)
    assert penalties(at_its_own, factors) == ()
    assert elsewhere is not None
    assert (elsewhere.measure, elsewhere.threshold) != (found.name, threshold)


def test_what_is_judged_is_the_segment_of_what_would_be_traded() -> None:
    wide = candidate(spread_fraction=0.01)
    option = replace(share("NIFTY26NOV24000CE"), kind=Kind.CALL)
    bought = structs.replace(wide.structure, legs=(Leg(option, LONG, 1),))
    settings = {"penalties": PenaltyFactors(spread_by_segment={"OPTIONS": 0.02})}

    (one,) = ranker(**settings).rank([wide])
    (other,) = ranker(**settings).rank([structs.replace(wide, structure=bought)])

    assert [each.name for each in one.penalties] == ["illiquid: spread"]
    assert (other.basis.segment, other.penalties) == ("OPTIONS", ())
    assert other.score == pytest.approx(2 * one.score)


def test_at_its_threshold_and_where_it_is_not_told_nothing_is_too_thin() -> None:
    at_edge = basis(volume_lots=10.0, open_interest_lots=100.0, spread_fraction=0.005)
    untold = basis(volume_lots=math.nan, open_interest_lots=math.nan)

    assert illiquidity(at_edge, CASH) is None
    assert illiquidity(untold, CASH) is None


def test_an_event_that_is_near_is_named_by_its_penalty() -> None:
    """R-65."""
    (found,) = penalties(basis(event="Union Budget"), PenaltyFactors())

    assert (found.name, found.factor) == ("event: Union Budget", 0.7)


def test_costs_of_both_ways_make_a_reward_smaller_and_a_risk_larger() -> None:
    """R-64."""
    free, dear = basis(), basis(costs_to_reward=0.25)

    assert net_reward_to_risk(4.0, 2.0, 0.25) == 1.0
    assert scored(free, RankingSettings()).contributions[-1].raw == pytest.approx(2 / 3)
    assert scored(dear, RankingSettings()).contributions[-1].raw == 0.5
    assert scored(dear, RankingSettings()).value < scored(free, RankingSettings()).value


@given(
    st.lists(
        st.tuples(
            st.floats(5.0, 95.0),
            st.floats(0.1, 3.0),
            st.sampled_from([LONG, SHORT]),
            st.floats(0, 2),
            st.sampled_from(["", "RBI policy"]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 25),
)
def test_a_score_comes_out_again_from_its_basis_alone_to_the_last_bit(
    drawn: list[tuple[float, float, object, float, str]], bars: int
) -> None:
    """R-66."""
    made, settings = ranker(len(drawn)), RankingSettings()
    for bar in range(bars):
        strengths = [(rsi + 7 * bar) % 100 for rsi, *_ in drawn]
        made.observe(
            market(strengths, [volume for _, volume, *_ in drawn]), Conditions.unknown(len(drawn))
        )

    ranked = made.rank(
        [
            candidate(f"S{at}", at, way, costs_to_reward=cost, event=event)  # type: ignore[arg-type]
            for at, (_, _, way, cost, event) in enumerate(drawn)
        ]
    )

    for one in ranked:
        again = scored(one.basis, settings)
        assert (again.value, again.contributions) == (one.score, one.contributions)
        assert again.penalties == one.penalties
        if one.basis.readings:
            told = {name: np.array([v], dtype=np.float64) for name, v in one.basis.readings}
            made_anew = grades_of(told)[:, :, 0]
            pairs = [(each.long, each.short) for each in one.basis.grades]
            assert made_anew.tobytes() == np.array(pairs, dtype=np.float64).tobytes()


def test_what_was_compared_with_does_not_hold_the_value_itself() -> None:
    """R-63."""
    made = ranker(1, min_samples=2)
    for rsi in (25.0, 35.0, 45.0, 55.0, 75.0):
        made.observe(market([rsi]), Conditions.unknown(1))

    (one,) = made.rank([candidate()])

    momentum = one.basis.populations[0]
    assert (momentum.samples, momentum.compared) == (4, True)
    assert one.basis.readings[0] == ("rsi", 75.0)
