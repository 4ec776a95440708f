"""`make coverage`: the branches of the money rooms that a test has taken, room by room.

Read from the file that pytest-cov leaves; which tests are run stands in the Makefile.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MUST_HOLD = ("execution", "execution/kite", "risk", "risk/exits", "trading/engine")
"""The rooms that handle money; the longest name that fits a file is its room."""
APART = ("execution/kitesim",)
"""Our model of the broker's server: told, and held by the tests over sockets instead."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many branches a room has, how many were taken, and where the others begin."""

    name: str
    branches: int
    taken: int
    missing: tuple[str, ...]

    @property
    def share(self) -> float:
        """Return the taken of all; 1.0 of a room without branches."""
        return self.taken / self.branches if self.branches else 1.0


def rooms(told: Mapping[str, Mapping]) -> list[Room]:
    """Return every room by name. `told`: the `files` of coverage's JSON, by path."""
    by_room: dict[str, list[tuple[str, Mapping]]] = {name: [] for name in (*MUST_HOLD, *APART)}
    for path, file in sorted(told.items()):
        name = _room_of(path)
        if name is not None:
            by_room[name].append((path, file))
    return [_room(name, files) for name, files in by_room.items()]


def _room_of(path: str) -> str | None:
    fits = [name for name in (*MUST_HOLD, *APART) if path.startswith(f"{name}/")]
    return max(fits, key=len, default=None)


def _room(name: str, files: Iterable[tuple[str, Mapping]]) -> Room:
    files = tuple(files)
    return Room(
        name,
        branches=sum(file["summary"]["num_branches"] for _, file in files),
        taken=sum(file["summary"]["covered_branches"] for _, file in files),
        missing=tuple(
            f"{path}:{begin} -> {end if end > 0 else 'end'}"
            for path, file in files
            for begin, end in file["missing_branches"]
        ),
    )


def table(found: Iterable[Room]) -> str:
    """Return a line a room: branches, how many were taken, and the share."""
    lines = [f"{'room':<20}{'branches':>10}{'taken':>8}{'share':>9}"]
    lines += [
        f"{room.name:<20}{room.branches:>10}{room.taken:>8}{room.share:>9.1%}" for room in found
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make coverage", description=__doc__)
    parser.add_argument("file", type=Path, help="coverage's JSON")
    parser.add_argument("--least", type=float, default=0.95, help="share a room must reach (0.95)")
    options = parser.parse_args()
    found = rooms(json.loads(options.file.read_text(encoding="utf-8"))["files"])
    sys.stdout.write(f"{table(found)}\n")
    short = [room for room in found if room.name in MUST_HOLD and room.share < options.least]
    for room in short:
        missing = "\n  ".join(room.missing)
        sys.stdout.write(f"\n{room.name}: under {options.least:.0%}, not taken:\n  {missing}\n")
    return int(bool(short))


if __name__ == "__main__":
    sys.exit(main())
