from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.exits import ExitRules, PricePath, first_hit, kernel, opened, stepping
from risk.exits.many import Openings, first_hits, plan_vectors, state_vectors
from tests.unit.risk.exits.builders import LONG, OPENED_AT, SHORT, plan
from tests.unit.risk.exits.test_kernel import RULES, path


def plans_of(seed: int, count: int, rules: ExitRules) -> list:
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        side = LONG if chance.random() < 0.5 else SHORT
        entry = 100.0 + float(chance.normal(0, 3))
        risk = float(chance.uniform(1, 25))
        found.append(
            plan(
                side,
                entry=entry,
                stop=entry - side * risk,
                target1=entry + side * risk,
                target2=entry + side * 2 * risk,
                quantity=1,
                lot_size=1,
                rules=rules,
                entry_atr=float(chance.uniform(0, 4)),
                tighten_at_s=OPENED_AT + 3_000,
                square_off_at_s=OPENED_AT + 3_630,
            )
        )
    return found


def openings_of(plans: list, seed: int, bars: int) -> Openings:
    chance = np.random.default_rng(seed + 1)
    first = chance.integers(0, bars, len(plans))

    def column(name: str) -> np.ndarray:
        return np.array([float(getattr(one, name)) for one in plans])

    return Openings(
        side=np.array([int(one.direction) for one in plans]),
        first=first,
        end=first + chance.integers(0, bars - first + 1),
        **{
            name: column(name)
            for name in (
                "entry",
                "stop",
                "target1",
                "target2",
                "opened_at_s",
                "tighten_at_s",
                "square_off_at_s",
                "entry_atr",
            )
        },
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), rules=RULES)
def test_many_plans_are_walked_as_each_alone(seed: int, rules: ExitRules) -> None:
    along, plans = path(seed, 90), plans_of(seed, 12, rules)
    openings = openings_of(plans, seed, 90)

    hits = first_hits(rules, openings, along)

    for row, one in enumerate(plans):
        end = int(openings.end[row])
        part = PricePath(*(values[:end] for values in along[:-1]), along.seconds)
        alone = first_hit(one, opened(one), part, start=int(openings.first[row]))
        assert hits.bar[row] == alone.index
        if alone.decision is None:
            assert hits.code[row] == kernel.NONE
        else:
            assert stepping._REASONS[int(hits.code[row])] is alone.decision.reason
            assert hits.level[row] == alone.decision.level


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), rules=RULES, fraction=st.sampled_from([0.0, 0.5, 1.0]))
def test_the_vectors_are_those_of_one_plan_at_a_time(
    seed: int, rules: ExitRules, fraction: float
) -> None:
    plans = plans_of(seed, 5, replace(rules, first_fraction=fraction))
    openings = openings_of(plans, seed, 20)

    many = plan_vectors(plans[0].rules, openings), state_vectors(openings)

    alone = np.array([stepping._from_plan(one) for one in plans])
    states = np.array([stepping._from_state(opened(one)) for one in plans])
    assert np.array_equal(many[0], alone, equal_nan=True)
    assert np.array_equal(many[1], states, equal_nan=True)


def test_bars_outside_the_path_are_refused_by_row() -> None:
    plans = plans_of(1, 3, ExitRules())
    openings = openings_of(plans, 1, 40)

    with pytest.raises(ValueError, match="expected them within the path's 10"):
        first_hits(ExitRules(), openings, path(1, 10))


@pytest.mark.parametrize(("first", "end"), [(-1, 3), (4, 3), (2, 11)])
def test_the_row_that_lies_outside_the_path_is_named(first: int, end: int) -> None:
    good = openings_of(plans_of(1, 3, ExitRules()), 1, 8)
    openings = replace(good, first=np.array([0, first, 0]), end=np.array([10, end, 10]))

    with pytest.raises(ValueError, match=rf"^openings: bars {first} to {end} in row 1, "):
        first_hits(ExitRules(), openings, path(1, 10))


def test_bars_and_codes_are_whole_numbers() -> None:
    openings = openings_of(plans_of(1, 3, ExitRules()), 1, 8)

    hits = first_hits(ExitRules(), openings, path(1, 10))

    assert (hits.bar.dtype, hits.code.dtype) == (np.int64, np.int64)
