"""What moves together: how it is measured, what it costs, and how much of it is kept."""

from __future__ import annotations

import numpy as np
import pytest

from strategies.base import Frame
from strategies.opportunities import Candidate, Opportunity, Stance
from strategies.ranking import Ranker
from strategies.ranking_features import Conditions
from strategies.ranking_settings import PenaltyFactors
from strategies.ranking_together import Closes, ClosesState, Likenesses
from strategies.signals import Direction
from tests.unit.strategies.ranking_market import LONG, SHORT, candidate, market, ranker

NEUTRAL = Direction.NEUTRAL
BARS = 30
ALIKE = ("A", "B", "C", "D")
"""Four that move as one; a fifth, E, goes its own way."""


def closes() -> np.ndarray:
    """Return closes, shape `(BARS, 5)`."""
    dice = np.random.default_rng(7)
    common, own = dice.normal(0.0, 0.002, BARS), dice.normal(0.0, 0.002, BARS)
    moves = np.column_stack([common] * 4 + [own])
    return 100.0 * np.cumprod(1.0 + moves, axis=0)


def kept_closes(least: int = 10) -> Closes:
    kept = Closes(5, 60, least)
    for row, values in enumerate(closes()):
        kept.add(5 * row, values)
    return kept


def seen(**settings: object) -> Ranker:
    """Return a ranker that has seen the bars."""
    made = ranker(5, **settings)
    for row, values in enumerate(closes()):
        plain = market([50.0] * 5)
        frame = Frame(
            values, values, values, values, values, np.array(5 * row), dict(plain.features)
        )
        made.observe(frame, Conditions.unknown(5))
    return made


def on(symbol: str, way: Direction = LONG, **changes: object) -> Candidate:
    return candidate(symbol, "ABCDE".index(symbol), way, **changes)


def stance(symbol: str, view: Direction = LONG) -> Stance:
    return Stance(symbol, "ABCDE".index(symbol), view)


def likeness(one: Stance, other: Stance, kept: Closes) -> float:
    (alike,) = Likenesses([other], kept).to(one)
    return alike


def likeness_by_itself(one: Stance, other: Stance, kept: Closes) -> float:
    """Return the same in plain words, for two alone."""
    if (one.view is NEUTRAL) is not (other.view is NEUTRAL):
        return 0.0
    known = kept.correlation(one.column, other.column)
    if one.underlying == other.underlying:
        known = 1.0
    if np.isnan(known):
        return 0.0
    return abs(known) if one.view is NEUTRAL else known * one.view * other.view


def penalty(opportunity: Opportunity) -> list[str]:
    return [each.name for each in opportunity.penalties]


def test_likeness_is_signed_by_what_is_expected() -> None:
    kept = kept_closes()

    assert likeness(stance("A"), stance("B"), kept) == pytest.approx(1.0)
    assert likeness(stance("A"), stance("B", SHORT), kept) == pytest.approx(-1.0)
    assert likeness(stance("A", SHORT), stance("B", SHORT), kept) == pytest.approx(1.0)
    assert abs(likeness(stance("A"), stance("E"), kept)) < 0.5


def test_without_a_direction_the_size_counts_and_only_among_themselves() -> None:
    kept = kept_closes()

    assert likeness(stance("A", NEUTRAL), stance("B", NEUTRAL), kept) == pytest.approx(1.0)
    assert likeness(stance("A", NEUTRAL), stance("B"), kept) == 0.0


def test_what_is_not_known_is_alike_on_one_underlying_and_else_not_at_all() -> None:
    nothing = Closes(5, 60, 10)

    assert likeness(stance("A"), Stance("A", 4, LONG), nothing) == 1.0
    assert likeness(stance("A"), stance("B"), nothing) == 0.0


def test_what_is_asked_first_makes_no_difference() -> None:
    kept = kept_closes()

    assert likeness(stance("A"), stance("E"), kept) == likeness(stance("E"), stance("A"), kept)


@pytest.mark.parametrize("view", list(Direction))
def test_many_at_once_are_each_as_alike_as_one_by_one(view: Direction) -> None:
    kept = kept_closes()
    kept.add(500, np.array([101.0, np.nan, 99.0, np.nan, 100.0]))
    others = [stance(symbol, way) for symbol in "ABCDE" for way in Direction]

    for one in (stance("A", view), stance("E", view)):
        told = Likenesses(others, kept).to(one)

        assert told == [likeness_by_itself(one, each, kept) for each in others]
    assert Likenesses(others, Closes(5, 60, 10)).to(stance("A", view))[-3:] == [0.0] * 3


def test_a_candidate_that_moves_with_what_is_held_stands_behind() -> None:
    made = seen()

    first, second = made.rank([on("B"), on("E")], [stance("A")])

    assert [each.candidate.signal.instrument.symbol for each in (first, second)] == ["E", "B"]
    assert (penalty(first), penalty(second)) == ([], ["correlated: A"])
    assert second.penalties[0].measured == pytest.approx(1.0)
    assert second.penalties[0].threshold == 0.8


def test_one_that_would_offset_what_is_held_does_not_stand_behind() -> None:
    (one,) = seen().rank([on("B", SHORT)], [stance("A")])

    assert penalty(one) == []


def test_a_candidate_stands_behind_a_better_one_it_moves_with() -> None:
    ranked = seen().rank([on("A", confidence=0.9), on("B", confidence=0.8), on("E")])

    found = {each.candidate.signal.instrument.symbol: each for each in ranked}
    assert [each.candidate.signal.instrument.symbol for each in ranked] == ["A", "E", "B"]
    assert penalty(found["A"]) == penalty(found["E"]) == []
    assert penalty(found["B"]) == ["correlated: A"]


def test_one_that_is_not_kept_casts_no_shadow() -> None:
    worse, worst = on("A", costs_to_reward=0.1), on("B", costs_to_reward=0.2)

    ranked = seen(top_n=1).rank([on("E"), worse, worst])

    assert [each.candidate.stance.underlying for each in ranked] == ["E", "A", "B"]
    assert [each.kept for each in ranked] == [True, False, False]
    assert [penalty(each) for each in ranked] == [[], [], []]


def test_only_so_many_that_move_together_are_held_and_kept() -> None:
    """R-67."""
    made = seen(max_correlated=3)

    ranked = made.rank([on("B"), on("C"), on("D"), on("E")], [stance("A")])

    kept = [each.candidate.signal.instrument.symbol for each in ranked if each.kept]
    assert kept == ["E", "B", "C"]
    assert ranked[-1].why_not.endswith(
        "3 that move with it held or kept already (A, B, C), 3 allowed"
    )


def test_with_the_threshold_at_one_nothing_moves_together() -> None:
    ranked = seen(max_correlated=1, penalties=PenaltyFactors(max_correlation=1.0)).rank(
        [on("B"), on("C")], [stance("A")]
    )

    assert [(each.kept, penalty(each)) for each in ranked] == [(True, []), (True, [])]


def test_scores_never_rise_with_rank_and_any_order_gives_the_same() -> None:
    found = [on(symbol, confidence=0.5 + 0.1 * at) for at, symbol in enumerate(ALIKE)]

    forward, backward = seen().rank(found), seen().rank(found[::-1])

    assert repr(forward) == repr(backward)
    scores = [each.score for each in forward]
    assert scores == sorted(scores, reverse=True)


def test_a_restored_memory_goes_on_as_the_first_would_have() -> None:
    first, second = kept_closes(), Closes(5, 60, 10)
    second.restore(first.state)
    for made in (first, second):
        made.add(150, np.arange(100.0, 105.0))

    assert first.correlation(0, 4) == second.correlation(0, 4)
    with pytest.raises(ValueError, match=r"closes: \(61, 5\), expected up to \(61, 4\)"):
        Closes(4, 60, 10).restore(first.state)


@pytest.mark.parametrize("bars", [3, 14, 15, 16, 17, 75])
def test_however_long_a_session_only_the_newest_bars_count(bars: int):
    chance = np.random.default_rng(5)
    closes = 100.0 + np.cumsum(chance.normal(0, 1, (bars, 3)), axis=0)
    along = Closes(3, 3, 2)
    for minute, close in enumerate(closes):
        along.add(minute, close)
    newest = Closes(3, 3, 2)
    newest.restore(ClosesState(closes[-4:], np.arange(bars)[-4:]))

    told = along.state

    assert np.array_equal(told.values[-bars:], closes[-4:])
    assert np.array_equal(told.minutes[-bars:], np.arange(bars)[-4:])
    for pair in ((0, 1), (1, 2), (2, 0)):
        expected = newest.correlation(*pair)
        assert along.correlation(*pair) == expected
        assert -1 <= expected <= 1
