"""Room on the disk of a journal: bad in time, and not at every byte that comes and goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from trading.disk_room import DISK, DiskRoom


class Disk:
    """A disk with as much room as it is told."""

    def __init__(self, free: int) -> None:
        self.free = free

    def __call__(self, folder: Path) -> int:
        return self.free


@pytest.mark.parametrize(("free", "is_bad"), [(999, True), (1000, False), (1001, False)])
def test_it_is_bad_below_the_least_room(tmp_path: Path, free: int, is_bad: bool) -> None:
    told = DiskRoom(tmp_path, 1000, Disk(free)).ask()

    assert list(told) == [DISK]
    assert bool(told[DISK]) is is_bad


def test_it_is_good_again_with_a_tenth_more(tmp_path: Path) -> None:
    disk = Disk(999)
    room = DiskRoom(tmp_path, 1000, disk)
    told = []
    for free in (999, 1000, 1099, 1100, 1050, 1000, 999):
        disk.free = free
        told.append(bool(room.ask()[DISK]))

    assert told == [True, True, True, False, False, False, True]


def test_the_room_and_the_folder_are_told(tmp_path: Path) -> None:
    assert DiskRoom(tmp_path, 500_000_000, Disk(123_400_000)).ask() == {
        DISK: f"123 MB free at {tmp_path}: exits only"
    }


def test_a_folder_that_is_gone_is_bad(tmp_path: Path) -> None:
    gone = tmp_path / "gone"

    assert DiskRoom(gone, 1).ask() == {DISK: f"{gone}: No such file or directory"}


def test_a_disk_with_room_is_good(tmp_path: Path) -> None:
    assert DiskRoom(tmp_path, 1).ask() == {DISK: ""}
