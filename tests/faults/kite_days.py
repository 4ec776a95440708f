"""Days before Kite on which things go wrong: `python -m tests.faults.kite_days 1..200`.

Each seed is a day of half an hour in this process, on simulated time; a seed that fails prints
what was wrong. What may go wrong is `kite/script.py`, what must hold `kite/watch.py`.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

import structlog

from tests.faults.kite.agreement import twins_of
from tests.faults.kite.script import script_of
from tests.faults.kite.simulated_time import simulate
from tests.faults.kite.world import World


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a seed's day.

    `excused`: for how many milliseconds something was not covered and no desk could have helped,
    by cause. `twins`: orders that the broker made of one request beside the first.
    """

    seed: int
    names: tuple[str, ...]
    faults: tuple[str, ...]
    orders: int
    plans: int
    lives: int
    longest_naked: float
    excused: dict[str, int]
    twins: int
    twins_filled: int
    struck: dict[str, int]


def play(seed: int, folder: Path) -> Told:
    """Play the day of a seed."""
    script = script_of(seed)

    async def day() -> World:
        world = World(seed, script, folder)
        (failure,) = await asyncio.gather(_whole(world), return_exceptions=True)
        if failure is not None:
            world.watch.faults += traceback.format_exception(failure)[-6:]
        return world

    world = simulate(day())
    struck = dict(world.strikes)
    for rule, times in world.faults.struck():
        struck[rule.kind] = max(struck.get(rule.kind, 0), times)
    twins = twins_of(world.engine, world.books.orders()) if world.engine else []
    return Told(
        seed,
        script.names,
        tuple(world.watch.faults),
        len(world.books.orders()),
        len(world.engine.ledger.trades) if world.engine else 0,
        world.lives + 1,
        world.watch.naked.longest,
        dict(world.watch.naked.excused),
        len(twins),
        sum(twin.filled > 0 for twin in twins),
        {name: times for name, times in struck.items() if times},
    )


async def _whole(world: World) -> None:
    await world.run()
    world.watch.end()


def main(asked: str) -> int:
    """Play seeds `A..B`; return how many failed."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    first, _, last = asked.partition("..")
    failed = []
    for seed in range(int(first), int(last or first) + 1):
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            told = play(seed, Path(folder))
        struck = " ".join(f"{name}={times}" for name, times in sorted(told.struck.items()))
        sys.stdout.write(
            f"{seed:4d} {'FAIL' if told.faults else 'ok':4s} {time.perf_counter() - began:5.1f} s"
            f" orders {told.orders:3d} plans {told.plans:2d} lives {told.lives}"
            f" naked {told.longest_naked:.1f} s  {'+'.join(told.names) or 'none'}: {struck}\n"
        )
        if told.excused:
            sys.stdout.write(f"       excused, in ms: {told.excused}\n")
        sys.stdout.flush()
        for fault in told.faults[:6]:
            sys.stdout.write(f"       {fault}\n")
        failed += [seed] if told.faults else []
    sys.stdout.write(f"failed: {failed or 'none'}\n")
    return len(failed)


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1]) else 0)
