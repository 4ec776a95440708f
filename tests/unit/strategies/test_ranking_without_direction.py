"""How an opinion that expects no direction is graded."""

from __future__ import annotations

import numpy as np
import pytest

from strategies.base import Frame, Reading
from strategies.iron_condor import IronCondor
from strategies.opportunities import Candidate, Opportunity
from strategies.ranking import Ranker
from strategies.ranking_features import Conditions, features
from strategies.ranking_score import scored
from strategies.ranking_settings import RankingSettings
from tests.option_chain import MadeChain
from tests.unit.strategies.option_market import built, market_of, view

WEEK = market_of(MadeChain())


def condor() -> Candidate:
    """Return a condor as a candidate; its opinion has a confidence of 0.6."""
    rule = IronCondor(min_days=7, max_days=7).structure
    return Candidate(view(), built(rule.build(view(), WEEK)), 0, 0.0005, 50.0, 0.0, "", 0.0)


def seen(ranker: Ranker, *strengths: float) -> Ranker:
    """Let the ranker observe bars of which only relative strength is known."""
    unknown = np.full(1, np.nan)
    for strength in strengths:
        readings = {
            name: Reading(dict.fromkeys(feature.outputs, unknown))
            for name, feature in features().items()
        }
        readings["rsi"] = Reading({"rsi": np.array([strength])})
        ranker.observe(
            Frame(*([unknown] * 5), minute=np.array(30), features=readings), Conditions.unknown(1)
        )
    return ranker


def graded(opportunity: Opportunity, feature: str) -> float:
    (part,) = [one for one in opportunity.contributions if one.feature == feature]
    return part.normalised


@pytest.mark.parametrize(("strength", "momentum"), [(50.0, 1.0), (65.0, 0.5), (35.0, 0.5)])
def test_momentum_counts_as_far_as_it_speaks_for_both_sides_alike(
    strength: float, momentum: float
) -> None:
    # A long is graded 0.8 at 50 and at 65, a short 0.8 at 50 and 0.3 at 65; at 35 it is mirrored.
    ranker = seen(Ranker(RankingSettings(), 1), strength)

    (one,) = ranker.rank([condor()])

    assert graded(one, "momentum") == pytest.approx((2 * momentum + 0.6) / 3)
    assert graded(one, "trend") == 0.5


def test_a_moment_is_compared_with_the_moments_before() -> None:
    settings = RankingSettings(min_samples=5)
    before = (50.0, 65.0, 35.0, 65.0, 50.0, 65.0)
    calm = seen(Ranker(settings, 1), *before, 50.0)
    running = seen(Ranker(settings, 1), *before, 65.0)

    (first,), (second,) = calm.rank([condor()]), running.rank([condor()])

    assert graded(first, "momentum") > 0.5 >= graded(second, "momentum")


def test_its_score_comes_out_again_from_its_basis_to_the_last_bit() -> None:
    settings = RankingSettings(min_samples=5)
    ranker = seen(Ranker(settings, 1), 50.0, 65.0, 35.0, 65.0, 50.0, 65.0, 44.0)

    (one,) = ranker.rank([condor()])

    assert one.basis.populations[0].compared
    assert scored(one.basis, settings).value == one.score
    assert scored(one.basis, settings).contributions == one.contributions
