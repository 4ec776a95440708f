"""One life of the desk: engine, runner, journal and venue of a live run, on a simulated line.

When it begins and how it ends is `day.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from marketdata.instruments import Kind
from marketdata.quality import ScreenedTokens, ScreenSettings, TickScreen
from marketdata.tape import Frame
from trading.bootstrap import timeline_of
from trading.doorbell import Doorbell
from trading.engine.actions import Action, PlaceOrder
from trading.engine.core import Engine
from trading.engine.events import CommandIssued, ConditionChanged, Event
from trading.engine.runner import Input, Runner, Surroundings
from trading.engine.settings import EngineSetup
from trading.live_venue import LiveVenue
from trading.live_watch import LiveSettings
from trading.own_books import EngineBooks
from trading.simulation.feeds import FollowingFeed, HeardFeed, head_of
from trading.simulation.line import Line
from trading.simulation.mortality import Mortality, MortalJournal
from trading.simulation.virtual_time import VirtualClock
from trading.simulation.watch import Watch

HEAD = {"run": "SIM"}
_LISTEN_SECONDS = 1.0
_PACE = LiveSettings(look_at_once_seconds=0.5)


class LeaseLostError(Exception):
    """Another engine has the lease; nothing may be sent any more."""


@dataclass(slots=True)
class World:
    """What outlives the desk: the tape, conditions that are bad, commands, who leads."""

    clock: VirtualClock
    setup: EngineSetup
    watch: Watch
    mortality: Mortality
    tape: list[Frame] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)
    commands: list[CommandIssued] = field(default_factory=list)
    lease: int = 0
    is_over: bool = False


class Desk:
    """A desk that holds lease number `lease` and writes into `journal`."""

    def __init__(
        self,
        world: World,
        journal: MortalJournal,
        line: Line,
        engine_of: Callable[[EngineSetup], Engine],
    ) -> None:
        self._world, self.journal, self.line = world, journal, line
        self.lease = world.lease
        self.engine = engine_of(world.setup)
        self.bell = Doorbell()
        self.frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        rim = (world.clock.now, self.bell)
        self.venue = LiveVenue(line, EngineBooks(self.engine), rim, _PACE)
        self._conditions = ("database", "market-feed", "recorder", "redis")
        self._offered = 0
        self.runner = Runner(self.engine, self._surroundings())
        self.runner.answer = self._answer
        world.watch.born()
        if world.is_over:
            self.frames.put_nowait(None)

    async def live(self) -> None:
        """Live the day to its end; raises what ends it before."""
        await self.runner.run(HEAD, self._world.setup.closes_at)
        await self.venue.end()

    def _surroundings(self) -> Surroundings:
        world, universe = self._world, self._world.setup.universe
        head = head_of(world.setup)
        return Surroundings(
            journal=self.journal,
            venue=self.venue,
            past=HeardFeed(head, list(world.tape)),
            feed=FollowingFeed(head, world.tape, self.frames, world.clock.now),
            now=world.clock.now,
            screen=TickScreen(_screened(world.setup), ScreenSettings()),
            timeline=timeline_of(world.setup),
            inputs=self._inputs,
            before_orders=self._fence,
            symbols={c.instrument.token: c.instrument.symbol for c in universe.columns},
            pause=self.bell.wait,
            listen_seconds=_LISTEN_SECONDS,
        )

    def _answer(self, event: Event) -> tuple[Action, ...]:
        acts = self.engine.handle(event)
        for act in acts:
            if isinstance(act, PlaceOrder):
                self.journal.intend(act.request.client_id)
        self._world.watch.answered(self.engine, event, acts)
        return acts

    def _inputs(self, at: datetime) -> Sequence[Input]:
        """Return commands not offered in this life, conditions that changed, and the news."""
        world, blocked = self._world, self.engine.breakers.blocked
        events: list[Input] = []
        for command in world.commands[self._offered :]:
            kind, subject = command.kind, command.subject
            events.append(
                CommandIssued(at, command.command_id, kind, command.by, command.reason, subject)
            )
        self._offered = len(world.commands)
        for name in self._conditions:
            if (name in world.bad) != (name in blocked):
                why = world.bad.get(name, "")
                events.append(ConditionChanged(at, name, name not in world.bad, why))
        return [*events, *self.venue.news(at)]

    def _fence(self) -> None:
        """Let nothing leave once another engine leads, and die where that is to happen."""
        self._world.mortality.point()
        if self.lease != self._world.lease:
            raise LeaseLostError(f"lease {self.lease}, now {self._world.lease}")


def _screened(setup: EngineSetup) -> ScreenedTokens:
    kinds = [column.instrument.kind for column in setup.universe.columns]
    return ScreenedTokens(
        tokens=setup.universe.tokens,
        reference=np.array(setup.previous_close, dtype=np.float64),
        may_leap=np.array([kind in (Kind.CALL, Kind.PUT) for kind in kinds], dtype=np.bool_),
        ignored=np.array([], dtype=np.int64),
    )
