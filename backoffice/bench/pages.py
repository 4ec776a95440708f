"""The measurement of the live page: what open pages cost the engine, and how soon they show.

Its parts stand beside it; the figures are of this machine, and nothing is judged.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from backoffice.bench.comparison import change_of, delays
from backoffice.bench.cycles import Cycles, cycles_for
from backoffice.bench.journal import Happenings
from backoffice.bench.running import MeasuredDesk
from backoffice.bench.screens import open_screens
from backoffice.bench.sockets import Watcher, open_sockets
from trading.bench import Figure, spread

_SETTLE_SECONDS = 2.0
_DELAY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: watchers of each kind, and the length and number of spans.

    `screens` of the `watchers` are real pages where the delay is measured; what open pages cost
    the engine is measured with sockets alone, as a browser would run on another machine.
    """

    watchers: int
    screens: int
    seconds: float
    spans: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched, as whom, where its journal grows, and where its engine gives its sign."""

    desk: MeasuredDesk
    cookies: dict[str, str]
    journal: Path
    store: Redis


async def figures(watched: Watched, plan: Plan) -> list[Figure]:
    """Measure what pages cost, then how late they are; the desk must have time enough left."""
    return [*await _cost(watched, plan), *await _delay(watched, plan)]


async def _cost(watched: Watched, plan: Plan) -> list[Figure]:
    """Take turns without and with every watcher, beginning and ending without."""
    without = [await cycles_for(watched.store, plan.seconds)]
    with_all = []
    for _ in range(plan.spans):
        async with open_sockets(watched.desk, watched.cookies, plan.watchers):
            await asyncio.sleep(_SETTLE_SECONDS)
            with_all.append(await cycles_for(watched.store, plan.seconds))
        await asyncio.sleep(_SETTLE_SECONDS)
        without.append(await cycles_for(watched.store, plan.seconds))
    pages = f"with {plan.watchers} pages"
    change = change_of([_median(one) for one in without], [_median(one) for one in with_all])
    return [
        *spread("engine's price step, no page", _steps(without)),
        *spread(f"engine's price step, {pages}", _steps(with_all)),
        Figure("price step: median with pages against without", change.watched, "%"),
        Figure("price step: between neighbouring spans without pages", change.unwatched, "%"),
    ]


async def _delay(watched: Watched, plan: Plan) -> list[Figure]:
    """Watch with every watcher at once, some of them with a screen."""
    desk, cookies = watched.desk, watched.cookies
    async with (
        open_screens(desk, cookies, plan.screens) as screens,
        open_sockets(desk, cookies, plan.watchers - len(screens)) as watchers,
    ):
        await asyncio.sleep(_SETTLE_SECONDS)
        with _happenings(watched.journal) as happened:
            await asyncio.sleep(_DELAY_SECONDS)
        await asyncio.sleep(_SETTLE_SECONDS)
        painted = [await screen.painted() for screen in screens]
    steps = happened.steps
    on_socket = [delay for one in watchers for delay in delays(steps, one.seen)]
    on_screen = [delay for one in painted for delay in delays(steps, _moments(one, watchers))]
    return [
        *_late(f"from step to message, {len(watchers)} sockets", on_socket),
        *_late(f"from step to paint, {len(screens)} chromium pages", on_screen),
        Figure("steps told", float(len(steps)), "steps"),
    ]


def _moments(
    painted: Sequence[tuple[int, float]], watchers: Sequence[Watcher]
) -> list[tuple[float, float]]:
    """Return a screen's paintings with the desk's moment, known by number from the sockets."""
    moments = {number: at for one in watchers for number, at in one.moments.items()}
    return [(moments[number], at) for number, at in painted if number in moments]


def _late(name: str, seconds: Sequence[float]) -> list[Figure]:
    if not seconds:
        return []
    return [*spread(name, seconds), Figure(f"{name}, longest", max(seconds) * 1_000, "ms")]


@contextmanager
def _happenings(journal: Path) -> Iterator[Happenings]:
    happened = Happenings(journal)
    watch = threading.Thread(target=happened.watch, daemon=True)
    watch.start()
    try:
        yield happened
    finally:
        happened.stop()
        watch.join()


def _steps(spans: Sequence[Cycles]) -> list[float]:
    """Return all steps of the spans in seconds."""
    return [step / 1_000 for one in spans for step in one.steps]


def _median(span: Cycles) -> float:
    """Return a span's usual step. Raises `StatisticsError` where the engine told none."""
    return statistics.median(span.steps)
