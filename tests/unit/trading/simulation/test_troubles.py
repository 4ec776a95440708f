from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from trading.simulation.troubles import Kind, Occasions, Span, Trouble, draw

SPAN = Span(first=10, last=100, over=120)


@given(st.integers(0, 10_000))
def test_troubles_begin_within_their_span_and_are_over_in_time(seed: int):
    drawn = draw(Random(seed), tuple(Kind), SPAN)

    assert 1 <= len([one for one in drawn if one.kind is not Kind.UNLISTED]) <= 12
    assert len(drawn) <= 13
    assert all(10 <= trouble.at <= 100 for trouble in drawn)
    assert all(trouble.at + trouble.seconds <= 120 for trouble in drawn)
    assert list(drawn) == sorted(drawn, key=lambda trouble: trouble.at)


def test_no_kinds_give_no_troubles():
    assert draw(Random(1), (), SPAN) == ()


def test_the_same_chance_draws_the_same_troubles():
    assert draw(Random(3), tuple(Kind), SPAN) == draw(Random(3), tuple(Kind), SPAN)


def test_a_trouble_strikes_from_its_moment_on_as_often_as_it_says():
    occasions = Occasions([Trouble(Kind.REFUSE, 20.0, 0.0, 2, 0)])

    assert occasions.strike(Kind.REFUSE, 19.9) is None
    assert occasions.strike(Kind.REJECT, 20.0) is None
    assert occasions.strike(Kind.REFUSE, 20.0) is not None
    assert occasions.strike(Kind.REFUSE, 30.0) is not None
    assert occasions.strike(Kind.REFUSE, 31.0) is None


def test_two_equal_troubles_strike_twice():
    occasions = Occasions([Trouble(Kind.TWIN, 5.0, 0.0, 1, 0), Trouble(Kind.TWIN, 5.0, 0.0, 1, 0)])

    struck = [occasions.strike(Kind.TWIN, 6.0) for _ in range(3)]

    assert [one is not None for one in struck] == [True, True, False]


@given(st.integers(0, 10_000))
def test_what_is_drawn_beside_the_others_leaves_their_draws_as_they_were(seed: int):
    others = tuple(kind for kind in Kind if kind is not Kind.UNLISTED)

    drawn = draw(Random(seed), tuple(Kind), SPAN)

    kept = [one for one in drawn if one.kind is not Kind.UNLISTED]
    assert kept == list(draw(Random(seed), others, SPAN))


def test_a_kind_that_is_drawn_beside_others_is_drawn_alone_too():
    drawn = draw(Random(1), (Kind.UNLISTED,), SPAN)

    assert {one.kind for one in drawn} == {Kind.UNLISTED}
