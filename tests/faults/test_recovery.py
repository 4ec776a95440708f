from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from marketdata.calendar import IST
from marketdata.tape import TapeReader
from tests.made_day import made_day
from tests.replay.played import Day, first_part
from trading.engine.events import CommandIssued, CommandKind
from trading.journal import Record, read_records
from trading.research.audit_replay import decision_hash

UNTIL = datetime(2026, 10, 6, 10, 5, tzinfo=IST)
WITH_ORDERS = frozenset(
    {"PlaceOrder", "ModifyOrder", "CancelOrder", "BrokerSaid", "FillNoted", "CommandIssued"}
)
CUTS_AT_ORDERS, CUTS_ANYWHERE, CUTS_IN_A_LINE = 14, 6, 6


@dataclass(frozen=True, slots=True)
class Lived:
    """A day that ended undisturbed: its journal as bytes and as records."""

    day: Day
    written: bytes
    records: tuple[Record, ...]
    decisions: str


class Commands:
    """An operator who gives commands at moments fixed beforehand."""

    def __init__(self, tape: TapeReader, seed: int) -> None:
        chance = random.Random(seed)
        moments = sorted(chance.sample([frame.at for frame in tape.frames()], 6))
        close = (CommandKind.CLOSE_POSITION, f"P{chance.randint(1, 3):06d}")
        plain = [(CommandKind.PAUSE, ""), (CommandKind.RESUME, ""), close]
        last = [(CommandKind.FLATTEN, ""), (CommandKind.UNLOCK, ""), (CommandKind.RESUME, "")]
        self._at = {
            moment: CommandIssued(moment, number, kind, "ann", "because", subject)
            for number, (moment, (kind, subject)) in enumerate(
                zip(moments, plain + last, strict=True), 1
            )
        }

    def __call__(self, at: datetime) -> Sequence[CommandIssued]:
        return [self._at[at]] if at in self._at else []


@pytest.fixture(scope="module", params=[1, 2])
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folder = tmp_path_factory.mktemp("lived")
    built = made_day(folder, seed=request.param)
    tape = first_part(TapeReader(built.tape_path), UNTIL, folder / "morning.tape")
    day = Day(tape, built.warmup_path, inputs=Commands(tape, request.param), until=UNTIL)
    path = folder / "undisturbed.journal"
    day.play_into(path)
    return Lived(day, path.read_bytes(), tuple(read_records(path)), decision_hash(path))


def cuts(lived: Lived) -> list[int]:
    """Return the sizes at which the process dies: around orders, anywhere, in mid-line."""
    chance = random.Random(7)
    ends = [0, *(record.end for record in lived.records)]
    around = [
        end
        for place, record in enumerate(lived.records, 1)
        if record.kind in WITH_ORDERS
        for end in (ends[place - 1], ends[place])
    ]
    in_line = [end - chance.randint(1, 40) for end in chance.sample(ends[2:], CUTS_IN_A_LINE)]
    at_orders = chance.sample(sorted(set(around)), CUTS_AT_ORDERS)
    return sorted({0, *at_orders, *chance.sample(ends, CUTS_ANYWHERE), *in_line})


def test_a_day_cut_off_anywhere_and_begun_again_is_the_undisturbed_day(
    lived: Lived, tmp_path: Path
):
    for size in cuts(lived):
        path = tmp_path / f"{size}.journal"
        path.write_bytes(lived.written[:size])

        lived.day.play_into(path)

        assert path.read_bytes() == lived.written, f"cut at byte {size}"
        assert decision_hash(path) == lived.decisions


def test_the_undisturbed_day_had_trades_and_obeyed_every_command(lived: Lived):
    kinds = [record.kind for record in lived.records]

    assert kinds.count("FillNoted") >= 2
    assert kinds.count("CommandDone") == 6


def test_a_day_that_dies_again_and_again_is_the_undisturbed_day(lived: Lived, tmp_path: Path):
    path = tmp_path / "day.journal"
    path.write_bytes(b"")
    for share in (0.2, 0.5, 0.8):
        lived.day.play_into(path)
        path.write_bytes(path.read_bytes()[: int(len(lived.written) * share)])

    lived.day.play_into(path)

    assert path.read_bytes() == lived.written
