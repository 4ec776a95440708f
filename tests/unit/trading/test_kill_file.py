from __future__ import annotations

import os
import resource
from datetime import datetime
from pathlib import Path

import pytest

from marketdata.calendar import IST
from trading.engine.events import CommandIssued, CommandKind, ConditionChanged
from trading.kill_file import KILL_FILE, NAME, KillFile, read_kill, write_kill

NOON = datetime(2026, 10, 6, 12, 0, tzinfo=IST)


class Watch:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def looking(folder: Path) -> tuple[KillFile, Watch]:
    watch = Watch()
    return KillFile(folder, watch), watch


def test_nothing_is_told_where_no_file_stands(tmp_path: Path) -> None:
    file, _ = looking(tmp_path)

    assert file.inputs(NOON, ()) == ()


def test_a_file_is_the_kill_switch_once_and_a_condition_while_it_stands(tmp_path: Path) -> None:
    write_kill(tmp_path, by="ann", reason="fire")
    file, watch = looking(tmp_path)

    killed, stands = file.inputs(NOON, ())
    watch.now += 1.0

    assert isinstance(killed, CommandIssued)
    assert (killed.kind, killed.by, killed.reason) == (CommandKind.FLATTEN, "ann", "fire")
    assert (killed.at, killed.subject, killed.command_id < 0) == (NOON, "", True)
    assert stands == ConditionChanged(NOON, KILL_FILE, False, f"{tmp_path / NAME} stands")
    assert file.inputs(NOON, {KILL_FILE}) == ()


def test_a_file_is_seen_within_a_fifth_of_a_second_and_at_once_when_told(tmp_path: Path) -> None:
    file, watch = looking(tmp_path)
    file.inputs(NOON, ())
    write_kill(tmp_path, by="ann", reason="fire")

    watch.now += 0.19
    assert file.inputs(NOON, ()) == ()
    watch.now += 0.01
    assert len(file.inputs(NOON, ())) == 2

    other, _ = looking(tmp_path)
    (tmp_path / NAME).unlink()
    other.inputs(NOON, ())
    write_kill(tmp_path, by="ann", reason="fire")
    other.look_now()
    assert len(other.inputs(NOON, ())) == 2


def test_a_file_taken_away_is_told_and_another_one_kills_again(tmp_path: Path) -> None:
    path = write_kill(tmp_path, by="ann", reason="fire")
    file, watch = looking(tmp_path)
    [first, _] = file.inputs(NOON, ())
    path.unlink()
    watch.now += 1.0

    assert file.inputs(NOON, {KILL_FILE}) == (ConditionChanged(NOON, KILL_FILE, True, ""),)

    write_kill(tmp_path, by="ann", reason="smoke")
    os.utime(path, (2e9, 2e9))
    watch.now += 1.0
    [second, _] = file.inputs(NOON, ())
    assert isinstance(first, CommandIssued)
    assert isinstance(second, CommandIssued)
    assert first.command_id != second.command_id


def test_an_engine_started_again_gives_the_same_file_the_same_number(tmp_path: Path) -> None:
    write_kill(tmp_path, by="ann", reason="fire")

    numbers = {wish.number for _ in range(2) if (wish := read_kill(tmp_path)) is not None}

    assert len(numbers) == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[1, 2]", b"kill"])
def test_any_file_kills_whatever_stands_in_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)

    wish = read_kill(tmp_path)

    assert wish is not None
    assert wish.by == NAME


def test_a_file_that_cannot_even_be_looked_at_kills_as_well(tmp_path: Path) -> None:
    (tmp_path / NAME).symlink_to(tmp_path / NAME)
    file, _ = looking(tmp_path)

    killed, stands = file.inputs(NOON, ())

    assert isinstance(killed, CommandIssued)
    assert killed.command_id < 0
    assert isinstance(stands, ConditionChanged)


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    write_kill(tmp_path, by="ann", reason="fire")

    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_where_the_disk_has_no_room_an_empty_file_kills(tmp_path: Path) -> None:
    least, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, most))
    try:
        path = write_kill(tmp_path, by="ann", reason="fire")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))

    assert path.read_bytes() == b""
    assert read_kill(tmp_path) is not None
    assert list(tmp_path.iterdir()) == [path]
