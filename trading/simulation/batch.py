"""Many simulated days, over several processes: which fail, made as small as they still fail.

One day is `play.py`; printing and options are the command's.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

from trading.engine.core import Engine
from trading.quiet_heap import quiet_heap
from trading.simulation.day import EngineOf
from trading.simulation.play import Told, play, shrunk, troubles_of
from trading.simulation.troubles import Kind

_BEFORE, _AFTER, _RARELY = 30, 5, 50_000


class SeedsError(ValueError):
    """Seeds or faults that cannot be read; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A day as it was played, and the smallest of it that fails as well, None where it held.

    `seconds`: of processor time that it took to play.
    """

    told: Told
    smallest: Told | None
    seconds: float = 0.0


def names_of(seeds: str, days: int) -> list[str]:
    """Return the names of the days of seeds `A..B` (or one `A`), `days` for each seed.

    Raises `SeedsError`.
    """
    first, dots, last = seeds.partition("..")
    try:
        low, high = int(first), int(last if dots else first)
    except ValueError as error:
        raise SeedsError(f"--seeds: {seeds!r}, expected A..B or one number") from error
    if low > high or low < 0 or days < 1:
        raise SeedsError(f"--seeds, --days: {seeds!r}, {days}, expected A..B upwards and 1 or more")
    return [f"{seed}.{day}" for seed in range(low, high + 1) for day in range(1, days + 1)]


def kinds_of(faults: str) -> tuple[Kind, ...]:
    """Return the kinds of faults named: `all`, `none` or names with commas. Raises `SeedsError`."""
    if faults == "all":
        return tuple(Kind)
    if faults == "none":
        return ()
    names = [name.strip() for name in faults.split(",")]
    unknown = [name for name in names if name not in {str(kind) for kind in Kind}]
    if unknown:
        known = ", ".join(Kind)
        raise SeedsError(f"--faults: {unknown[0]!r}, expected all, none or some of {known}")
    return tuple(Kind(name) for name in names)


def outcome_of(name: str, kinds: Sequence[Kind], engine_of: EngineOf = Engine) -> Outcome:
    """Play the day of a name; where it fails make it smaller."""
    began = time.process_time()
    told = play(name, troubles_of(name, kinds), engine_of)
    seconds = time.process_time() - began
    if told.found:
        return Outcome(told, shrunk(told, engine_of), seconds)
    return Outcome(replace(told, story=()), None, seconds)


def outcomes(names: Sequence[str], kinds: Sequence[Kind], jobs: int) -> Iterator[Outcome]:
    """Yield what became of each day, in the order of the names; `jobs` processes share them."""
    work = partial(outcome_of, kinds=kinds)
    if jobs == 1:
        with quiet_heap():
            yield from map(work, names)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _settle) as pool:
        yield from pool.map(work, names, chunksize=4)


def _settle() -> None:
    """Look for unused objects rarely, and never among those that stand already."""
    gc.freeze()
    gc.set_threshold(_RARELY)


def short_story(told: Told) -> list[str]:
    """Return the lines around the first thing that was wrong."""
    wrong = [place for place, line in enumerate(told.story) if "  XX " in line]
    if not wrong:
        return list(told.story[-_BEFORE:])
    return list(told.story[max(wrong[0] - _BEFORE, 0) : wrong[0] + _AFTER])


def report_of(outcome: Outcome) -> list[str]:
    """Return a failing day in lines: what was wrong, the troubles that suffice, its story."""
    told, small = outcome.told, outcome.smallest or outcome.told
    left_out = len(told.troubles) - len(small.troubles)
    return [
        f"day {told.name} fails: {'; '.join(told.found[:3])}",
        f"it still fails with {len(small.troubles)} of its troubles ({left_out} left out):",
        *(f"  {trouble}" for trouble in small.troubles),
        f"as it then is: {'; '.join(small.found[:3])}",
        *(f"  {line}" for line in short_story(small)),
    ]
