from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from marketdata.bars import BarGrid
from marketdata.timeframes import Timeframe
from strategies.frames import live_frame
from strategies.opportunities import score_of
from strategies.ranking_features import Conditions, features
from strategies.signals import Direction
from tests.unit.strategies.ranking_market import LONG, SHORT
from tests.unit.strategies.ranking_market import candidate as _candidate
from tests.unit.strategies.ranking_market import market as _market
from tests.unit.strategies.ranking_market import part as _part
from tests.unit.strategies.ranking_market import ranker as _ranker


def test_the_contributions_and_penalties_reproduce_the_score_exactly() -> None:
    """R-66."""
    ranker = _ranker()
    ranker.observe(_market([65.0] * 4, [1.2] * 4), Conditions.unknown(4))

    (one,) = ranker.rank(
        [_candidate(spread_fraction=0.02, event="RBI policy", distance_from_vwap=-0.02)]
    )

    total = sum(part.weight * part.normalised for part in one.contributions)
    factors = math.prod(penalty.factor for penalty in one.penalties)
    assert one.score == pytest.approx(total * factors, abs=1e-9)
    assert one.score == score_of(one.contributions, one.penalties)
    assert [part.feature for part in one.contributions] == [
        "momentum",
        "trend",
        "liquidity",
        "regime",
        "rr",
    ]


@pytest.mark.parametrize("bars", [30, 60, 140, 260])
def test_in_a_trend_the_aligned_side_outranks_the_opposite(bars: int) -> None:
    """R-61. The bars run from the cold start to a history that knows nothing but the trend."""
    close = 1000.0 * 1.0006 ** np.arange(bars) + 0.8 * (np.arange(bars) % 3)
    for way, prices in ((LONG, close), (SHORT, 3000.0 - close)):
        ranker, states = _ranker(1), {f: f.new_state(1) for f in features().values()}
        grid = _grid(prices)
        for row in range(bars):
            bar = grid.row(row)
            now = {f: dict(zip(f.outputs, f.step(s, bar), strict=True)) for f, s in states.items()}
            ranker.observe(live_frame(features(), bar, now), Conditions.unknown(1))

        first, second = ranker.rank([_candidate(direction=SHORT), _candidate(direction=LONG)])

        assert first.candidate.signal.direction is way
        assert first.score - second.score > 0.05


def _grid(prices: np.ndarray) -> BarGrid:
    close, minute = prices.reshape(-1, 1), 5 * np.arange(len(prices))
    opened = np.vstack((close[:1], close[:-1]))
    return BarGrid(
        Timeframe.MINUTES_5,
        start=60 * minute,
        session=np.zeros(len(prices), dtype=np.int64),
        minute=minute,
        open=opened,
        high=np.maximum(opened, close) + 0.5,
        low=np.minimum(opened, close) - 0.5,
        close=close,
        volume=np.full_like(close, 1000.0),
        oi=np.zeros_like(close),
        gap=np.zeros(close.shape, dtype=np.bool_),
    )


def test_a_deep_book_is_not_penalised_for_being_worse_than_its_own_past() -> None:
    """R-62."""
    ranker = _ranker()
    for ratio in (2.0,) * 20 + (0.1,):
        ranker.observe(_market([55.0] * 4, [ratio] * 4), Conditions.unknown(4))

    (one,) = ranker.rank([_candidate()])

    assert _part(one, "liquidity") < 0.1
    assert one.penalties == ()


@pytest.mark.parametrize(
    ("changes", "name", "factor"),
    [
        ({"spread_fraction": 0.0051}, "illiquid: spread", 0.5),
        ({"depth_in_lots": 0.9}, "illiquid: depth in lots", 0.5),
        ({"spread_fraction": 1.0, "depth_in_lots": 0.0}, "illiquid: spread", 0.5),
        ({"event": "RBI policy"}, "event: RBI policy", 0.7),
        ({"distance_from_vwap": 0.0101}, "far_from_vwap", 0.8),
        ({"distance_from_vwap": -0.0101}, "far_from_vwap", 0.8),
    ],
)
def test_each_penalty_multiplies_the_score_once(
    changes: dict[str, object], name: str, factor: float
) -> None:
    (plain,) = _ranker().rank([_candidate()])

    (one,) = _ranker().rank([_candidate(**changes)])

    assert [penalty.name for penalty in one.penalties] == [name]
    assert one.score == pytest.approx(plain.score * factor)


def test_at_its_threshold_a_penalty_does_not_apply() -> None:
    at_edge = _candidate(spread_fraction=0.005, depth_in_lots=1.0, distance_from_vwap=0.01)

    assert _ranker().rank([at_edge])[0].penalties == ()


def test_the_value_being_scored_is_not_part_of_its_own_population() -> None:
    """R-63."""
    ranker = _ranker(min_samples=10)
    for rsi in (45.0,) * 10 + (65.0,):
        ranker.observe(_market([rsi]), Conditions.unknown(1))

    (one,) = ranker.rank([_candidate()])

    # Ten times 0.5 long and 0.8 short; now 0.8, the upper half of the population.
    middle, sigma = (0.5 + 0.8) / 2, 1.4826 * 0.15
    expected = 1 / (1 + math.exp(-(0.8 - middle) / sigma))
    assert _part(one, "momentum") == pytest.approx(expected)


def test_other_candidates_are_part_of_the_population() -> None:
    ranker = _ranker(columns=13, min_samples=10)
    ranker.observe(_market([55.0] * 12 + [75.0]), Conditions.unknown(13))
    names = [f"S{place:02}" for place in range(13)]

    ranked = ranker.rank([_candidate(name, place) for place, name in enumerate(names)])

    odd = next(one for one in ranked if one.candidate.column == 12)
    assert _part(odd, "momentum") == pytest.approx(1 / (1 + math.exp(3.0)))


def test_a_candidate_of_which_nothing_is_known_is_in_nobodys_population() -> None:
    ranker = _ranker(columns=2, min_samples=2)
    for rsi in (25.0, 35.0, 45.0, 75.0):
        ranker.observe(_market([rsi, math.nan]), Conditions.unknown(2))

    (alone,) = ranker.rank([_candidate()])
    ranked = ranker.rank([_candidate(), _candidate("WIPRO", 1, confidence=0.1)])

    (beside,) = [one for one in ranked if one.candidate.column == 0]
    assert _part(beside, "momentum") == _part(alone, "momentum")


def test_in_a_cold_start_the_raw_value_stands_for_itself() -> None:
    ranker = _ranker(min_samples=10)
    for _ in range(10):
        ranker.observe(_market([55.0]), Conditions.unknown(1))

    (cold,) = ranker.rank([_candidate()])
    ranker.observe(_market([55.0]), Conditions.unknown(1))
    (warm,) = ranker.rank([_candidate()])

    assert _part(cold, "momentum") == pytest.approx((2 * 0.8 + 0.75) / 3)
    assert _part(warm, "momentum") == pytest.approx(
        1 / (1 + math.exp(-((0.8 - 0.65) / (1.4826 * 0.15))))
    )


def test_what_is_unknown_counts_one_half_and_momentum_its_confidence() -> None:
    (one,) = _ranker().rank([_candidate(confidence=0.7)])

    assert [_part(one, name) for name in ("trend", "liquidity", "regime")] == [0.5, 0.5, 0.5]
    assert _part(one, "momentum") == 0.7


def test_reward_to_risk_is_mapped_so_that_more_is_always_more() -> None:
    """R-64."""
    far = _candidate()
    farther = structs.replace(far, structure=structs.replace(far.structure, target2=110.0))

    plain, more = _ranker().rank([far])[0], _ranker().rank([farther])[0]

    assert _part(plain, "rr") == pytest.approx(2.0 / 3.0)
    assert _part(more, "rr") == pytest.approx(5.0 / 6.0)


def test_costs_come_off_the_reward_and_onto_the_risk() -> None:
    (one,) = _ranker().rank([_candidate(costs_to_reward=0.25)])

    assert _part(one, "rr") == pytest.approx((3.0 / 3.0) / (3.0 / 3.0 + 1))
    assert _candidate(costs_to_reward=1.5).net_reward_to_risk == 0.0


def test_equal_scores_are_ordered_by_strategy_and_then_instrument() -> None:
    """R-67."""
    candidates = [
        _candidate("TCS", 0, strategy="trend_pullback"),
        _candidate("WIPRO", 1),
        _candidate("INFY", 2),
    ]

    for shuffled in permutations(candidates):
        ranked = _ranker().rank(shuffled)
        assert [one.candidate.signal.instrument.symbol for one in ranked] == [
            "INFY",
            "WIPRO",
            "TCS",
        ]
        assert [one.rank for one in ranked] == [1, 2, 3]


def test_one_underlying_is_kept_once_and_the_other_told_why() -> None:
    """R-67."""
    better = _candidate("TCS")
    worse = _candidate("TCS", strategy="trend_pullback", event="RBI policy")

    first, second = _ranker().rank([worse, better])

    assert (first.kept, first.why_not) == (True, "")
    assert not second.kept
    assert second.why_not == (
        f"rank 2 with a score of {second.score:.3f}: 1 of TCS kept already, 1 allowed, "
        f"the last opening_range on TCS with {first.score:.3f}"
    )


def test_beyond_the_most_kept_the_reason_names_the_last_one() -> None:
    candidates = [
        _candidate(f"S{place}", place, event="RBI policy" * (place == 2)) for place in range(3)
    ]

    ranked = _ranker(top_n=2).rank(candidates)

    assert [one.kept for one in ranked] == [True, True, False]
    assert "2 kept already, 2 allowed, the last opening_range on S1" in ranked[2].why_not


def test_a_place_refused_by_the_underlyings_cap_goes_to_the_next() -> None:
    candidates = [
        _candidate("TCS"),
        _candidate("TCS", strategy="trend_pullback"),
        _candidate("WIPRO", 1, event="RBI policy"),
    ]

    assert [one.kept for one in _ranker(top_n=2).rank(candidates)] == [True, False, True]


def test_ranking_twice_or_from_a_snapshot_gives_the_same() -> None:
    first, second = _ranker(2), _ranker(2)
    for rsi in range(20, 60):
        first.observe(_market([rsi, 80 - rsi]), Conditions.unknown(2))
    second.restore(first.state)
    candidates = [_candidate(), _candidate("WIPRO", 1, SHORT)]

    assert repr(first.rank(candidates)) == repr(first.rank(candidates))
    assert repr(first.rank(candidates)) == repr(second.rank(candidates))


def test_nothing_to_rank_gives_nothing() -> None:
    assert _ranker().rank([]) == ()


@pytest.mark.parametrize("field", ["spread_fraction", "depth_in_lots", "costs_to_reward"])
def test_a_measure_that_is_no_number_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field}: nan, expected a number"):
        _candidate(**{field: math.nan})


@given(
    st.lists(
        st.tuples(
            st.floats(5.0, 95.0),
            st.sampled_from([LONG, SHORT]),
            st.floats(0, 2),
            st.sampled_from(["", "CPI"]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, 25),
)
def test_scores_lie_between_0_and_1_add_up_and_fall_with_rank(
    drawn: list[tuple[float, Direction, float, str]], bars: int
) -> None:
    ranker = _ranker(len(drawn))
    for bar in range(bars):
        ranker.observe(
            _market([(rsi + 7 * bar) % 100 for rsi, *_ in drawn]), Conditions.unknown(len(drawn))
        )

    ranked = ranker.rank(
        [
            _candidate(f"S{place}", place, way, costs_to_reward=cost, event=event)
            for place, (_, way, cost, event) in enumerate(drawn)
        ]
    )

    scores = [one.score for one in ranked]
    assert all(0 <= score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)
    assert all(one.score == score_of(one.contributions, one.penalties) for one in ranked)
    assert sum(one.kept for one in ranked) == min(5, len(drawn))
    assert all(one.kept != bool(one.why_not) for one in ranked)
