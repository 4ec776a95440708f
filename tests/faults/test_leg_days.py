"""Whole days on which plans of several legs are traded on made chains, and days cut short."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from marketdata.calendar import IST
from marketdata.tape import TapeReader
from tests.faults.books import assert_flat, assert_money_is_exact
from tests.leg_config import legs_config
from tests.made_day import made_day
from tests.replay.played import Day, Played, first_part
from trading.journal import read_records

SEEDS = (1, 2, 3)
UNTIL = datetime(2026, 10, 6, 11, 0, tzinfo=IST)
Plays = Callable[[int], Played]


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Plays:
    """Return how the day of a seed is played; each is played once."""
    folder: Path = tmp_path_factory.mktemp("leg_days")

    @cache
    def play(seed: int) -> Played:
        built = made_day(folder / str(seed), seed=seed, options=True)
        return Day(TapeReader(built.tape_path), built.warmup_path, legs_config()).play()

    return play


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg as the journal tells it: its plan of all legs, its side and its kind of option."""

    whole: str
    is_call: bool
    is_hedged: bool


def legs_of(played: Played) -> dict[str, Leg]:
    """Return the legs of all plans by their own code."""
    plans = {note.body["plan_id"]: note.body for note in played.of("PlanNoted")}
    found: dict[str, Leg] = {}
    for note in played.of("CombinationNoted"):
        codes = note.body["legs"]
        for code in codes:
            (leg,) = plans[code]["legs"]
            is_hedged = all(plans[other]["stop"] is None for other in codes)
            found[code] = Leg(note.body["plan_id"], leg["instrument"].endswith("CE"), is_hedged)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_several_legs_ends_flat_with_exact_books(plays: Plays, seed: int):
    played = plays(seed)

    assert_flat(played)
    assert_money_is_exact(played)
    assert all(plan.is_over for plan in played.engine.ledger.combinations.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_by_its_fills_nothing_hedged_is_ever_sold_without_its_hedge(plays: Plays, seed: int):
    played = plays(seed)
    legs = legs_of(played)
    held: Counter[tuple[str, bool]] = Counter()

    for fill in played.of("FillNoted"):
        leg = legs.get(fill.body["plan_id"])
        if leg is None or not leg.is_hedged:
            continue
        sign = 1 if fill.body["side"] == "BUY" else -1
        held[leg.whole, leg.is_call] += sign * fill.body["quantity"]
        assert held[leg.whole, leg.is_call] >= 0, fill.body


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_sold_without_a_hedge_always_rests_a_stop_or_is_on_its_way_out(
    plays: Plays, seed: int
):
    played = plays(seed)
    naked = {code for code, leg in legs_of(played).items() if not leg.is_hedged}

    for note in played.of("PositionNoted"):
        if note.body["plan_id"] in naked:
            assert note.body["protected"] == abs(note.body["quantity"]), note.body


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_legs_earned_is_what_the_account_earned(plays: Plays, seed: int):
    ledger = plays(seed).engine.ledger

    earned = sum(
        (gross - charges for gross, charges in (p.money() for p in ledger.combinations.values())),
        Decimal(0),
    )

    assert ledger.start + earned == ledger.balance


def test_the_days_hold_plans_with_and_without_hedges_that_opened(plays: Plays):
    opened: Counter[str] = Counter()
    for seed in SEEDS:
        played = plays(seed)
        kinds = {note.body["plan_id"]: note.body["kind"] for note in played.of("CombinationNoted")}
        for move in played.of("PlanMoved"):
            if move.body["plan_id"] in kinds and move.body["state"] == "OPEN":
                opened[kinds[move.body["plan_id"]]] += 1

    assert opened["IRON_CONDOR"] or opened["CREDIT_SPREAD"]
    assert opened["SHORT_STRANGLE"]


def test_a_morning_of_legs_that_is_cut_anywhere_comes_out_the_same(tmp_path: Path):
    built = made_day(tmp_path / "day", seed=1, options=True)
    tape = first_part(TapeReader(built.tape_path), UNTIL, tmp_path / "morning.tape")
    day = Day(tape, built.warmup_path, legs_config(), until=UNTIL)
    whole = tmp_path / "whole.journal"
    day.play_into(whole)
    written, records = whole.read_bytes(), list(read_records(whole))
    assert any(record.kind == "CombinationNoted" for record in records)

    for number, cut in enumerate(_cuts(records)):
        path = tmp_path / f"{number}.journal"
        path.write_bytes(written[:cut])
        day.play_into(path)
        assert path.read_bytes() == written, f"cut at {cut}"


def _cuts(records: list[Any]) -> list[int]:
    """Return where the process dies: among the orders of the legs, and in the middle of a line."""
    chance = random.Random(5)
    at_orders = [r.end for r in records if r.kind in ("PlaceOrder", "BrokerSaid", "FillNoted")]
    return [*chance.sample(at_orders, 6), chance.choice(at_orders) - 7]
