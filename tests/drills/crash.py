"""Drills of a LIVE engine over sockets: killed at a fill, with its stop resting, and for good.

What the desk of a drill is stands in `desk.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections

from execution.kitesim.news import Message
from tests.drills.desk import DrillDesk
from tests.drills.engine_wall import wall_of
from tests.drills.report import Drill
from tests.integration.faulty_day import Books
from tests.integration.trading.kite_desk_day import made_day_of
from trading.emergency import bring_out
from trading.engine.events import BOOK
from trading.models import LeaderLease, Mode, Run, RunState
from trading.services import runs

FAST, SLOW = 0.06, 1.0
"""Real seconds between two frames while a fill is waited for, and while an engine comes back."""
_SETTLED_SECONDS = 2.0


@dataclass(slots=True)
class Trigger:
    """Kills the engine at the moment an order that enters is filled, if it is armed."""

    desk: DrillDesk
    armed: bool = False
    struck: bool = False

    def hear(self, message: Message) -> None:
        """Take an order message before anybody else hears of it."""
        is_naked = self.armed and message["status"] == "COMPLETE" and self.desk.naked()
        if is_naked and self.desk.process is not None:
            self.desk.process.kill()
            self.armed, self.struck = False, True


@dataclass(slots=True)
class CrashDay:
    """One day of drills; `kills` of each kind at most, as far as the day goes."""

    desk: DrillDesk
    kills: int
    drills: list[Drill] = field(default_factory=list)

    async def live(self) -> list[Drill]:
        """Live the day and return its drills; the last one tells what the books came to."""
        desk, trigger = self.desk, Trigger(self.desk)
        desk.sim.backend.books.on_message(trigger.hear)
        desk.start()
        try:
            await desk.until("a subscribed engine", lambda: desk.sim.state()["subscribed"] > 0)
            for _ in range(self.kills):
                if not await self._killed_at_a_fill(trigger):
                    break
                await self._killed_while_its_stop_rests()
            await self._never_comes_back()
        finally:
            await desk.stand_still()
            desk.kill()
        return self.drills

    async def _killed_at_a_fill(self, trigger: Trigger) -> bool:
        """Kill the engine between a fill and its stop; False where no further fill came."""
        desk = self.desk
        trigger.armed, trigger.struck = True, False
        await desk.move(FAST)
        while not (trigger.struck or desk.is_over):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._watch(lambda: trigger.struck or desk.is_over), 5)
        if not trigger.struck:
            return False
        desk.kill()
        assert desk.naked(), "killed too late: the stop rests already"
        await desk.move(SLOW)
        desk.start()
        await desk.until("protection", lambda: not desk.naked())
        self._note("killed at a fill")
        await asyncio.sleep(_SETTLED_SECONDS)
        return True

    async def _watch(self, holds: Callable[[], bool]) -> None:
        await self.desk.until("a fill", holds)

    def _note(self, name: str) -> None:
        spent = asyncio.get_running_loop().time() - self.desk.began_at
        self.drills.append(Drill(name, to_protected=spent, cpu=self.desk.cpu_seconds()))

    async def _killed_while_its_stop_rests(self) -> None:
        """Kill the engine while what it holds is protected; it must come to agree with the book."""
        desk = self.desk
        if not desk.held():
            return
        seen = len(_agreed(desk.run))
        desk.kill()
        desk.start()
        spent = await desk.until("the book to agree", lambda: len(_agreed(desk.run)) > seen)
        await desk.until("protection of what has filled meanwhile", lambda: not desk.naked())
        self.drills.append(Drill("killed while its stop rests", back=spent))

    async def _never_comes_back(self) -> None:
        """Kill the engine for good with something held, and let the dead man's way bring it out."""
        desk = self.desk
        await desk.move(FAST)
        await desk.until("something held", lambda: bool(desk.held()) or desk.is_over)
        await desk.move(SLOW / 4)
        await asyncio.sleep(_SETTLED_SECONDS)
        desk.kill()
        if not desk.held():
            return
        await sync_to_async(LeaderLease.objects.update)(expires_at=desk.run.started_at)
        loop = asyncio.get_running_loop()
        began = loop.time()
        flat_at = [0.0 if desk.held() else began]

        def hear(_message: Message) -> None:
            if not desk.held():
                flat_at[0] = flat_at[0] or loop.time()

        desk.sim.backend.books.on_message(hear)
        await asyncio.to_thread(_brought_out, desk)
        self.drills.append(Drill("never comes back", to_flat=flat_at[0] - began))


def _agreed(run: Run) -> list[Any]:
    """Return each time the engine found that the broker's book agrees with its own."""
    conditions = Books(Path(run.journal_path)).read().of("ConditionChanged")
    return [r for r in conditions if r.body["name"] == BOOK and r.body["good"]]


def _brought_out(desk: DrillDesk) -> None:
    try:
        bring_out(desk.run, by="drill", reason="the engine is dead", wall=wall_of(desk.run))
    finally:
        connections.close_all()


def books_of(desk: DrillDesk) -> Drill:
    """Return what a day came to: orders, intents sent twice, what the two books disagree about."""
    books = Books(Path(desk.run.journal_path)).read()
    tags = Counter(tag for row in desk.orders() for tag in row.tags or (row.form.tag,))
    ours = {r.body["request"]["client_id"] for r in books.of("PlaceOrder")}
    fills = {r.body["trade_id"].split("-")[2] for r in books.of("FillNoted")}
    trades = {fill.trade_id for row in desk.orders() for fill in row.fills}
    differences = [f"holds {net:+d} {key}" for key, net in sorted(desk.held().items())]
    differences += [f"{desk.working()} orders work"] if desk.working() else []
    differences += [f"journal holds {plan}" for plan in sorted(books.held())]
    differences += [f"order without intent: {tag}" for tag in sorted(set(tags) - ours)]
    differences += [f"trade not booked: {one}" for one in sorted(trades - fills)]
    differences += [f"trade not at the broker: {one}" for one in sorted(fills - trades)]
    twice = sum(count - 1 for count in tags.values())
    return Drill(
        "the day's books", sent=len(desk.orders()), twice=twice, differences=tuple(differences)
    )


def _leave(run: Run) -> None:
    """Leave nothing that would keep the next day of drills from being opened."""
    LeaderLease.objects.all().delete()
    run.refresh_from_db()
    if run.state == RunState.RUNNING.value:
        runs.finish(run=run, by="drill", state=RunState.FAILED)


async def crash_day(folder: Path, settings: Any, kills: int) -> list[Drill]:
    """Live a day of drills in a folder, with the database at hand; return all of them."""
    day = made_day_of(folder, settings)
    async with day.sim:
        day._point_to_it()
        run = await sync_to_async(day._open)(Mode.LIVE)
        desk = DrillDesk(day, run, folder)
        try:
            drills = await CrashDay(desk, kills).live()
        finally:
            await sync_to_async(_leave)(run)
            await sync_to_async(connections.close_all)()
        return [*drills, books_of(desk)]
