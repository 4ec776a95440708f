from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from marketdata.tape import TapeReader
from tests.faults.books import (
    Limits,
    assert_always_protected,
    assert_flat,
    assert_limits_were_kept,
    assert_money_is_exact,
)
from tests.made_day import made_day
from tests.replay.played import Day, Played

SEEDS = range(1, 21)
Plays = Callable[[int], Played]


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Plays:
    """Return how the day of a seed is played; each is played once."""
    folder: Path = tmp_path_factory.mktemp("days")

    @cache
    def play(seed: int) -> Played:
        built = made_day(folder / str(seed), seed=seed)
        return Day(TapeReader(built.tape_path), built.warmup_path).play()

    return play


@pytest.mark.parametrize("seed", SEEDS)
def test_a_made_day_ends_flat_within_its_limits_and_with_exact_books(plays: Plays, seed: int):
    played = plays(seed)

    assert_flat(played)
    assert_money_is_exact(played)
    assert_always_protected(played)
    assert_limits_were_kept(played, Limits())


@pytest.mark.parametrize("seed", SEEDS)
def test_open_risk_never_passes_the_heat_that_is_allowed(plays: Plays, seed: int):
    for note in plays(seed).of("EquityNoted"):
        allowed = Decimal(note.body["equity"]) * Decimal("0.02")
        assert Decimal(note.body["heat"]) <= allowed


def test_the_days_hold_whole_lives_to_a_stop_and_to_a_target(plays: Plays):
    ends = [move.body for seed in SEEDS for move in plays(seed).of("PlanMoved")]

    closed = {move["reason"] for move in ends if move["state"] == "CLOSED"}
    assert {"HARD_STOP", "TARGET2", "TIME"} <= closed
    assert closed & {"BREAK_EVEN", "TRAIL"}
    assert "TARGET1" in {move["reason"] for move in ends if move["state"] == "PARTLY_CLOSED"}


def test_every_trade_leads_back_to_the_opinion_it_came_from(plays: Plays):
    for seed in SEEDS:
        played = plays(seed)
        signals = {note.body["signal_id"] for note in played.of("SignalNoted")}
        decisions = {n.body["decision_id"]: n.body["signal_id"] for n in played.of("DecisionNoted")}
        plans = {n.body["plan_id"]: n.body["decision_id"] for n in played.of("PlanNoted")}
        for fill in played.of("FillNoted"):
            assert decisions[plans[fill.body["plan_id"]]] in signals


def test_nothing_is_entered_outside_its_hours(plays: Plays):
    for seed in SEEDS:
        for plan in plays(seed).of("PlanNoted"):
            until = "15:15" if plan.body["legs"][0]["instrument"].startswith("NFO") else "15:00"
            assert "09:20" <= plan.body["at"][11:16] < until
