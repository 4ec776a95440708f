"""A day played from its seed, what became of it, and the smallest part of its troubles that fails.

How many days are played, and where, is `batch.py`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from trading.engine.core import Engine
from trading.simulation.day import Day, EngineOf
from trading.simulation.market import TROUBLED
from trading.simulation.troubles import Kind, Trouble, draw
from trading.simulation.virtual_time import NothingLeftError, in_virtual_time

_MEMORY = Path("/dev/shm")
"""A folder in memory, where the system has one."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a day.

    `found`: what was wrong, empty for nothing. `events`: handled by the engine, those lived again
    included. `longest_bare`: seconds for which something was held without cover. `fingerprint`: of
    everything that happened.
    """

    name: str
    troubles: tuple[Trouble, ...]
    found: tuple[str, ...]
    story: tuple[str, ...]
    fingerprint: str
    events: int
    orders: int
    fills: int
    plans: int
    lives: int
    longest_bare: float


def troubles_of(name: str, kinds: Sequence[Kind]) -> tuple[Trouble, ...]:
    """Return what goes wrong on the day of a name, of the kinds that may."""
    return draw(Random(f"troubles {name}"), kinds, TROUBLED)


def play(name: str, troubles: tuple[Trouble, ...], engine_of: EngineOf = Engine) -> Told:
    """Play a day; the same name and troubles always give the same."""
    place = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="aitrapp-day-", dir=place) as folder:
        day = Day(name, troubles, Path(folder), engine_of)
        try:
            in_virtual_time(day.live())
        except NothingLeftError:
            day.watch.found.append("everybody waits for somebody else")
    rows = day.floor.rows.values()
    return Told(
        name=name,
        troubles=troubles,
        found=tuple(day.watch.found),
        story=tuple(day.story.lines),
        fingerprint=day.story.fingerprint(),
        events=day.watch.events,
        orders=len(rows),
        fills=sum(len(row.word.fills) for row in rows),
        plans=len(day.engine.ledger.trades) if day.engine is not None else 0,
        lives=day.lives + 1,
        longest_bare=day.watch.cover.longest,
    )


def shrunk(told: Told, engine_of: EngineOf = Engine) -> Told:
    """Return the same failing day with as few of its troubles as still make it fail.

    Troubles are left out one by one until none can be; what is found may be another breach of the
    same cause. A day that did not fail comes back as it is.
    """
    smallest, place = told, 0
    while told.found and place < len(smallest.troubles):
        fewer = (*smallest.troubles[:place], *smallest.troubles[place + 1 :])
        again = play(told.name, fewer, engine_of)
        if again.found:
            smallest = again
        else:
            place += 1
    return smallest
