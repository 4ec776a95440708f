"""What finished days came to, kept in a folder: a run that was ended goes on where it stood.

Playing days is `batch.py`; what is printed of them is the command's.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from trading.simulation.batch import Outcome

SUMMARY = "summary.json"
_ROOMS = ("marketdata", "strategies", "execution", "risk", "trading")
_KINDS = (".py", ".toml", ".csv")


class Basis(Struct, frozen=True):
    """What results can be compared by: a digest of the code, the faults that may strike."""

    code: str
    faults: str

    @property
    def file(self) -> str:
        """Return the name of the file that keeps results on this basis."""
        return f"days-{hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:12]}.jsonl"


class DayResult(Struct, frozen=True):
    """What one day came to; `troubles`: how many of each kind were drawn.

    `longest_bare`: seconds for which something was held without cover. `seconds`: of processor
    time. `found`: what was wrong, empty for nothing.
    """

    name: str
    fingerprint: str
    events: int
    orders: int
    fills: int
    plans: int
    lives: int
    longest_bare: float
    seconds: float
    troubles: dict[str, int]
    found: tuple[str, ...] = ()


def result_of(outcome: Outcome) -> DayResult:
    """Return what is kept of a day."""
    told = outcome.told
    return DayResult(
        name=told.name,
        fingerprint=told.fingerprint,
        events=told.events,
        orders=told.orders,
        fills=told.fills,
        plans=told.plans,
        lives=told.lives,
        longest_bare=told.longest_bare,
        seconds=round(outcome.seconds, 4),
        troubles=dict(Counter(str(trouble.kind) for trouble in told.troubles)),
        found=told.found,
    )


def code_digest(root: Path) -> str:
    """Return a digest of all that a simulated day runs, whether or not it is committed."""
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in _KINDS:
                digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


class Results:
    """Results of days, of one code and one choice of faults; with a folder they outlive a run."""

    def __init__(self, folder: Path | None, basis: Basis) -> None:
        """Take over what stands in the folder on the same basis, and nothing else."""
        self.folder, self.basis = folder, basis
        self.days: dict[str, DayResult] = {}
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        self.days = {day.name: day for day in _read(folder / basis.file)}
        lines = [msgspec.json.encode(each) for each in (basis, *self.days.values())]
        (folder / basis.file).write_bytes(b"".join(line + b"\n" for line in lines))

    def add(self, day: DayResult) -> None:
        """Keep a day that has ended."""
        self.days[day.name] = day
        if self.folder is not None:
            with (self.folder / self.basis.file).open("ab") as file:
                file.write(msgspec.json.encode(day) + b"\n")

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return the days that no result is kept of."""
        return [name for name in names if name not in self.days]

    def summary(self) -> dict[str, Any]:
        """Return what all days came to together."""
        days = tuple(self.days.values())
        struck: Counter[str] = Counter()
        for day in days:
            struck.update(day.troubles)
        return {
            "code": self.basis.code,
            "faults": self.basis.faults,
            "days": len(days),
            "events": sum(day.events for day in days),
            "orders": sum(day.orders for day in days),
            "fills": sum(day.fills for day in days),
            "plans": sum(day.plans for day in days),
            "lives": sum(day.lives for day in days),
            "longest_bare_seconds": round(max((day.longest_bare for day in days), default=0.0), 1),
            "processor_seconds": round(sum(day.seconds for day in days), 1),
            "troubles": dict(sorted(struck.items())),
            "failed": [day.name for day in days if day.found],
        }


def _read(file: Path) -> Iterator[DayResult]:
    """Yield what a file holds behind its basis, but for a last line that was cut short."""
    if not file.exists():
        return
    for line in file.read_bytes().splitlines(keepends=True)[1:]:
        if line.endswith(b"\n"):
            yield msgspec.json.decode(line, type=DayResult)
