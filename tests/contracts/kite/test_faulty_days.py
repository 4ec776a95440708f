"""Days over real sockets before a kitesim on which things go wrong end flat, with equal books."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from random import Random

import pytest

from execution.kitesim.faults import FaultKind, FaultRule
from marketdata.kite.feed_health import CONNECTION
from marketdata.tape import TapeReader, microseconds, write_tape
from tests.contracts.kite.faulty import FaultyDay
from tests.contracts.kite.lockstep import told_of
from trading.live_venue import BOOK
from trading.made_days import make_day

_ANSWERS = (
    FaultKind.ACCEPT_THEN_TIMEOUT,
    FaultKind.ACCEPT_THEN_ERROR,
    FaultKind.ERROR_BEFORE,
    FaultKind.HTML_ANSWER,
    FaultKind.CUT_ANSWER,
    FaultKind.TOO_MANY,
    FaultKind.SLOW_ANSWER,
)
_ORDERS = (
    FaultKind.STUCK_OPEN_PENDING,
    FaultKind.FILL_AFTER_CANCEL,
    FaultKind.PARTIAL_THEN_REJECT,
    FaultKind.MESSAGE_DUPLICATE,
    FaultKind.MESSAGE_REORDER,
    FaultKind.MESSAGE_LOSE,
)
_FRAMES = (
    FaultKind.FRAME_DROP,
    FaultKind.FRAME_DELAY,
    FaultKind.FRAME_TRUNCATE,
    FaultKind.FRAME_CORRUPT,
    FaultKind.SOCKET_CLOSE,
    FaultKind.SOCKET_MUTE,
)


def script(seed: int) -> tuple[FaultRule, ...]:
    """Return a rule of each group, and one more of the answers."""
    chance = Random(seed)
    kinds = (*chance.sample(_ANSWERS, 2), chance.choice(_ORDERS), chance.choice(_FRAMES))
    return tuple(_rule(kind, chance) for kind in kinds)


def _rule(kind: FaultKind, chance: Random) -> FaultRule:
    until = time(10, 20)
    if kind in _ANSWERS:
        subject = chance.choice(
            ("POST /orders/*", "PUT *", "DELETE *", "GET /orders*", "*/orders/*")
        )
        seconds = 0.3 if kind is FaultKind.SLOW_ANSWER else 0.0
        return FaultRule(kind, until=until, subject=subject, share=0.3, times=4, seconds=seconds)
    if kind in (FaultKind.SOCKET_CLOSE, FaultKind.SOCKET_MUTE):
        since, number = time(9, chance.randint(20, 59)), "1"
        times = 1 if kind is FaultKind.SOCKET_CLOSE else None
        return FaultRule(kind, since=since, until=until, subject=number, times=times)
    return FaultRule(kind, until=until, share=0.3, seconds=0.2 if kind in _FRAMES else 10.0)


def short_day(seed: int, folder: Path, minutes: int) -> FaultyDay:
    """Return the first part of a made day as a day of its own, as a dump tells it."""
    built = make_day(seed, date(2026, 10, 6), folder, seconds_per_tick=5)
    tape = TapeReader(built.tape_path)
    closes_at = tape.head.session_open + timedelta(minutes=minutes)
    listed = tuple(replace(item, made_from="") for item in tape.head.instruments)
    head = replace(tape.head, session_close=closes_at, instruments=listed)
    frames = ((microseconds(f.at), f.ticks) for f in tape.frames() if f.at < closes_at)
    short = TapeReader(write_tape(folder / "short.tape", head, frames))
    return FaultyDay(short, built.warmup_path, folder)


def assert_all_is_well(day: FaultyDay) -> None:
    assert day.wrong == []
    assert day.sim.state()["working"] == 0


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_day_with_faults_over_sockets_ends_flat(seed: int, tmp_path: Path):
    day = short_day(seed, tmp_path, 75)
    day.rules = script(seed)

    engine = await day.with_faults()

    assert_all_is_well(day)
    assert engine.ledger.trades
    assert any(times for _, times in day.sim.backend.faults.struck())


@pytest.mark.matrix
@pytest.mark.parametrize("seed", range(1, 21))
async def test_twenty_days_with_faults_over_sockets_end_flat(seed: int, tmp_path: Path):
    day = short_day(seed, tmp_path, 180)
    day.rules = tuple(replace(rule, until=time(12, 0)) for rule in script(100 + seed))

    await day.with_faults()

    assert_all_is_well(day)


@pytest.mark.parametrize(
    "seconds", [pytest.param(5.0), pytest.param(30.0, marks=pytest.mark.matrix)]
)
async def test_kitesim_is_gone_for_a_while_in_mid_day(seconds: float, tmp_path: Path):
    day = short_day(1, tmp_path, 75)
    day.outage_seconds = seconds

    engine = await day.with_faults()

    assert_all_is_well(day)
    assert engine.ledger.trades
    assert not day.plans_made_in_outage
    conditions = [
        body["text"]
        for _, body in told_of(day.journal, ("RiskNoted",))
        if body["kind"] == "condition"
    ]
    for name in (BOOK, CONNECTION):
        assert any(text.startswith(f"{name} is bad") for text in conditions), name
        last = [text for text in conditions if text.startswith(name)][-1]
        assert "is good" in last
