from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.exits import ExitRules, opened, stepping
from risk.exits.many import Openings, plan_vectors, state_vectors
from tests.unit.risk.exits.builders import LONG, OPENED_AT, SHORT, plan
from tests.unit.risk.exits.test_kernel import RULES


def plans_of(seed: int, count: int, rules: ExitRules, **more: object) -> list:
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
                lot_size=1,
                rules=rules,
                entry_atr=float(chance.uniform(0, 4)),
                tighten_at_s=OPENED_AT + 3_000,
                square_off_at_s=OPENED_AT + 3_630,
                **more,
            )
        )
    return found


def openings_of(plans: list) -> Openings:
    def column(name: str) -> np.ndarray:
        return np.array([float(getattr(one, name)) for one in plans])

    return Openings(
        side=np.array([int(one.direction) for one in plans]),
        quantity=plans[0].quantity,
        stop_rests=plans[0].hard_stop_rests,
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
@given(
    seed=st.integers(0, 10_000),
    rules=RULES,
    fraction=st.sampled_from([0.0, 0.5, 1.0]),
    quantity=st.integers(1, 5),
    rests=st.booleans(),
)
def test_the_vectors_are_those_of_one_plan_at_a_time(
    seed: int, rules: ExitRules, fraction: float, quantity: int, rests: bool
) -> None:
    rules = replace(rules, first_fraction=fraction)
    plans = plans_of(seed, 5, rules, quantity=quantity, hard_stop_rests=rests)
    openings = openings_of(plans)

    many = plan_vectors(plans[0].rules, openings), state_vectors(openings)

    alone = np.array([stepping._from_plan(one) for one in plans])
    states = np.array([stepping._from_state(opened(one)) for one in plans])
    assert np.array_equal(many[0], alone, equal_nan=True)
    assert np.array_equal(many[1], states, equal_nan=True)


@pytest.mark.parametrize(
    "switch",
    [
        "hard_stop",
        "trail",
        "target1",
        "target2",
        "break_even_after_target1",
        "time_stop",
        "volatility",
        "mae",
        "end_of_day",
    ],
)
def test_the_vectors_are_those_of_one_plan_whatever_is_switched_off(switch: str) -> None:
    rules = replace(ExitRules(first_fraction=0.5), **{switch: False})
    plans = plans_of(7, 4, rules, quantity=3)
    plans += [replace(plans[0], entry_atr=0.0)]

    many = plan_vectors(rules, openings_of(plans))

    alone = np.array([stepping._from_plan(one) for one in plans])
    assert np.array_equal(many, alone, equal_nan=True)
