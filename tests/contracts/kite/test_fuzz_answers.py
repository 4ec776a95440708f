from __future__ import annotations

import random

import pytest

from tests.contracts.kite.fuzz_answers import CASES, Fuzz, fuzz, mutate


async def test_mutated_answers_raise_only_what_is_documented_and_change_nothing() -> None:
    outcomes = await fuzz(600, seed=7)

    assert sum(outcomes.values()) == 600
    assert {"place: OutcomeUnknown", "place: a value", "orders: a value"} <= outcomes.keys()


@pytest.mark.slow
async def test_ten_thousand_mutated_answers() -> None:
    assert sum((await fuzz(10_000, seed=8)).values()) == 10_000


def test_mutations_of_a_seed_are_the_same_again() -> None:
    once, again = ([mutate(case.good, random.Random(3)) for case in CASES] for _ in range(2))

    assert once == again


async def test_the_unharmed_answers_are_all_taken() -> None:
    run = Fuzz(1)
    run._answers.by_path = {case.path: case.good for case in CASES[:7]}

    for number, case in enumerate(CASES[:7]):
        await run._call(case.name, number)
