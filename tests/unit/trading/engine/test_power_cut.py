"""The power fails: what the disk has of journal and tape is enough to go on, wherever it ends."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from marketdata.tape import Frame
from marketdata.tape_head import TapeHead
from tests.unit.trading.engine.builders import RELIANCE_COLUMN, at
from tests.unit.trading.engine.surroundings import ListFeed, Stage, TracingVenue, frames
from trading.engine.runner import DivergenceError, Runner
from trading.journal import JournalFile

PRICES = {second: {RELIANCE_COLUMN: 1_000.0 + second % 7} for second in range(60)}
DAY = frames(at(9, 29, 30), 60, PRICES)
UNTIL = at(9, 31)
HEAD = {"run": "T1"}


@dataclass(slots=True)
class Disk:
    """What has reached the disk: of the tape so many frames, and the journal's bytes at each write.

    Every so often the frames told so far are safe, as chance will have it.
    """

    chance: random.Random
    told: int = 0
    safe: int = 0
    writes: list[tuple[int, int]] = field(default_factory=list)

    def frames_safe(self) -> int:
        if self.chance.random() < 0.2:
            self.safe = self.chance.randint(self.safe, self.told)
        return self.safe

    def sync(self) -> None:
        self.safe = self.told


class WatchedJournal(JournalFile):
    """A journal that remembers how much of the tape was safe when it was written."""

    def __init__(self, path: Path, disk: Disk) -> None:
        super().__init__(path)
        self._where, self._disk = path, disk

    def write(self, before: int | None = None) -> None:
        super().write(before)
        self._disk.writes.append((self._where.stat().st_size, self._disk.safe))


class Taped(ListFeed):
    """A feed whose frames are on the tape, not yet safe, when they are told."""

    def __init__(self, frames: Sequence[Frame], disk: Disk) -> None:
        super().__init__(frames)
        self._disk = disk

    @property
    def head(self) -> TapeHead:
        raise NotImplementedError

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        async for frame in super().frames(start):
            self._disk.told = frame.index + 1
            yield frame


def runner_of(journal: JournalFile, past: Sequence[Frame], disk: Disk) -> Runner:
    runner = Stage(DAY).runner(journal, TracingVenue([]))
    around = replace(
        runner._around,
        past=ListFeed(past),
        feed=Taped(DAY, disk),
        frames_safe=disk.frames_safe,
        sync_feed=disk.sync,
    )
    return Runner(runner.engine, around)


async def live(path: Path, past: Sequence[Frame], disk: Disk) -> None:
    journal = WatchedJournal(path, disk)
    try:
        await runner_of(journal, past, disk).run(HEAD, UNTIL)
    finally:
        journal.close()


@pytest.mark.parametrize("seed", range(3))
async def test_a_day_goes_on_wherever_the_power_failed(seed: int, tmp_path: Path):
    chance, whole = random.Random(seed), tmp_path / "whole.journal"
    disk = Disk(chance)
    await live(whole, [], disk)
    written = whole.read_bytes()
    assert b"PlaceOrder" in written
    assert any(safe < len(DAY) for _, safe in disk.writes)

    for size, safe in chance.sample(disk.writes, 25):
        for cut in (size, size - chance.randint(1, 200)):
            path = tmp_path / f"{cut}.journal"
            path.write_bytes(written[: max(cut, 0)])

            await live(path, DAY[:safe], Disk(random.Random(seed), safe, safe))

            assert path.read_bytes() == written, f"cut at byte {cut}, {safe} frames on the tape"


async def test_a_journal_that_names_frames_which_are_lost_is_refused(tmp_path: Path):
    path = tmp_path / "day.journal"
    disk = Disk(random.Random(1))
    await live(path, [], disk)
    size = next(size for size, safe in disk.writes if safe > 20)
    path.write_bytes(path.read_bytes()[:size])

    with pytest.raises(DivergenceError):
        await live(path, DAY[:5], Disk(random.Random(1), 5, 5))
