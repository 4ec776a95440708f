"""One simulated day: a market and a broker that go on, and a desk that is started when it dies.

What goes wrong is a list of troubles; what must hold is watched all the time.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random

from execution.orders import OrderUpdate
from marketdata.tape import Frame
from trading.engine.core import Engine
from trading.engine.events import CommandIssued, CommandKind
from trading.engine.settings import EngineSetup
from trading.journal import JournalBusyError, JournalFile
from trading.simulation.books import differences
from trading.simulation.desk import Desk, LeaseLostError, World
from trading.simulation.floor import Floor, Surface
from trading.simulation.line import Line, Reach
from trading.simulation.market import CLOSES, OPENS, STAGES, setup_of
from trading.simulation.mortality import Died, Mortality, MortalJournal
from trading.simulation.story import Story
from trading.simulation.street import Street
from trading.simulation.troubles import Kind, Occasions, Trouble
from trading.simulation.virtual_time import VirtualClock
from trading.simulation.watch import Watch

_CONDITIONS = {Kind.DATABASE: "database", Kind.RECORDER: "recorder", Kind.REDIS: "redis"}
_COMMANDS = (
    *(CommandKind.PAUSE, CommandKind.RESUME, CommandKind.FLATTEN, CommandKind.UNLOCK),
    *(CommandKind.CLOSE_POSITION, CommandKind.CLOSE_POSITION, CommandKind.RESUME),
)
_MOST_LIVES = 40
_MOST_SECONDS = 1_000.0
"""After so long a desk that has not ended never will: the market closes before half of it."""

EngineOf = Callable[[EngineSetup], Engine]


class Day:
    """The day of a name (a seed and a number) with its troubles; `engine_of` makes its engines."""

    def __init__(
        self, name: str, troubles: tuple[Trouble, ...], folder: Path, engine_of: EngineOf = Engine
    ) -> None:
        clock = VirtualClock(OPENS)
        self.story = Story(clock.gone)
        chance = Random(f"way {name}")
        self.surface = Surface(clock, self.story, Occasions(troubles), chance)
        self.floor = Floor(self.surface, self._message)
        self.watch = Watch(self.floor)
        self.world = World(clock, setup_of(Random(f"desk {name}")), self.watch, Mortality())
        self._street = Street(Random(f"street {name}"))
        self._troubles, self._folder, self._engine_of = troubles, folder, engine_of
        self.reach = Reach()
        self.desk: Desk | None = None
        self.engine: Engine | None = None
        self.lives = 0
        self._is_silent, self._is_cut = 0, 0
        self._ended = False

    @property
    def journal(self) -> Path:
        """Return the newest copy of the journal."""
        return self._folder / f"{self.lives}.journal"

    async def live(self) -> None:
        """Let the day happen; what was wrong with it stands in the watch."""
        loop = asyncio.get_running_loop()
        for trouble in self._troubles:
            loop.call_at(trouble.at, self._begin, trouble)
        market = asyncio.ensure_future(self._market())
        try:
            async with asyncio.timeout(_MOST_SECONDS) as limit:
                await self._lives()
                await market
        except TimeoutError:
            if not limit.expired():
                raise
            self.watch.note("the day does not end")
        finally:
            market.cancel()
            for call in list(self.reach.calls):
                call.cancel()
        if self.engine is not None:
            for what in differences(self.engine, self.floor):
                self.watch.note(what)

    async def _lives(self) -> None:
        while not self._ended and self.lives < _MOST_LIVES:
            await self._one_life()
            if not self._ended:
                await asyncio.sleep(self.surface.chance.uniform(0.5, 3))

    # the market -------------------------------------------------------------------------------

    async def _market(self) -> None:
        """Let the market go on to its close; the desk is told of its end whatever happens."""
        try:
            await self._session()
        finally:
            self.world.is_over = True
            if self.desk is not None:
                self.desk.frames.put_nowait(None)

    async def _session(self) -> None:
        is_late = False
        for index, (at, ticks) in enumerate(self._street.steps()):
            await asyncio.sleep((at - self.world.clock.now()).total_seconds())
            self.floor.observe(ticks)
            self.watch.look(self._cause())
            if at >= STAGES.flat_by and not is_late:
                is_late = True
                self.watch.deadline()
            if self.desk is not None and not self._is_silent and not self._is_cut:
                self.desk.frames.put_nowait(Frame(index, at, ticks))
        await asyncio.sleep((CLOSES - self.world.clock.now()).total_seconds())
        self.floor.close()

    def _cause(self) -> str:
        """Return why no desk could do anything now, empty where one can."""
        if self.desk is None or self.desk.runner.is_recovering:
            return "process dead"
        if self.reach.is_down:
            return "broker unreachable"
        if self.reach.is_stale:
            return "book shown as it was"
        if self.floor.is_hiding and self._is_unanswered():
            return "list of orders lacks one, and so does not prove another to be missing"
        return "token dead" if self.reach.is_expired else ""

    def _is_unanswered(self) -> bool:
        """Say whether nobody has answered for an order that the engine sent, or meant to."""
        orders = self.engine.orders.all() if self.engine is not None else ()
        return any(not order.broker_id and not order.state.is_final for order in orders)

    def _message(self, word: OrderUpdate) -> None:
        """Carry a message to the desk, unless something happens to it on its way."""
        self.watch.look(self._cause())
        if self.surface.strike(Kind.MESSAGE_LOST) is not None:
            return
        delays = [self.surface.chance.uniform(0.01, 0.05)]
        late = self.surface.strike(Kind.MESSAGE_LATE)
        if late is not None:
            delays = [late]
        again = self.surface.strike(Kind.MESSAGE_TWICE)
        if again is not None:
            delays.append(again)
        for delay in delays:
            asyncio.get_running_loop().call_later(delay, self._deliver, word)

    def _deliver(self, word: OrderUpdate) -> None:
        if self.desk is not None and not self._is_cut:
            self.desk.venue.hear({"order_id": word.broker_id, "word": word})

    # troubles ---------------------------------------------------------------------------------

    def _begin(self, trouble: Trouble) -> None:
        """Let a trouble that has a moment begin; those of calls and messages wait for theirs."""
        kind = trouble.kind
        match kind:
            case Kind.LEAP:
                self.story.tell(f"!! the market leaps {self._street.leap(trouble.pick):+} points")
            case Kind.EXCHANGE_CANCEL:
                self.floor.drop(trouble.pick)
            case Kind.CRASH | Kind.POWER_CUT:
                self.world.mortality.doom(trouble)
            case Kind.RIVAL:
                self._rival(trouble)
            case Kind.COMMAND:
                self._command(trouble)
            case Kind.HALT | Kind.SILENCE | Kind.SOCKET | Kind.OUTAGE | Kind.TOKEN:
                self._span(trouble, on=True)
            case Kind.DATABASE | Kind.RECORDER | Kind.REDIS:
                self._span(trouble, on=True)
            case _:
                pass

    def _span(self, trouble: Trouble, *, on: bool) -> None:
        """Turn something that lasts on, and off after its time."""
        kind = trouble.kind
        self.story.tell(f"!! {kind} {'begins' if on else 'is over'}")
        match kind:
            case Kind.HALT:
                self.floor.halt(trouble.pick, on=on)
            case Kind.SILENCE:
                self._is_silent += 1 if on else -1
            case Kind.SOCKET:
                self._cut(1 if on else -1)
            case Kind.OUTAGE:
                self.reach.is_down = on
                self._cut(1 if on else -1)
            case Kind.TOKEN:
                self.reach.is_expired = on
            case _:
                self._condition(_CONDITIONS[kind], "away" if on else "")
        self.watch.look(self._cause())
        if on:
            asyncio.get_running_loop().call_later(
                trouble.seconds, lambda: self._span(trouble, on=False)
            )

    def _cut(self, by: int) -> None:
        self._is_cut += by
        self._condition("market-feed", "no connection" if self._is_cut else "")
        if not self._is_cut and self.desk is not None:
            self.desk.venue.look()

    def _condition(self, name: str, why: str) -> None:
        if why:
            self.world.bad[name] = why
        else:
            self.world.bad.pop(name, None)
        self._ring()

    def _command(self, trouble: Trouble) -> None:
        kind = _COMMANDS[trouble.pick % len(_COMMANDS)]
        plans = list(self.engine.ledger.trades) if self.engine is not None else []
        subject = ""
        if kind is CommandKind.CLOSE_POSITION and plans:
            subject = plans[trouble.pick // 8 % len(plans)]
        number, now = len(self.world.commands) + 1, self.world.clock.now()
        command = CommandIssued(now, number, kind, "ann", "because", subject)
        self.world.commands.append(command)
        self.story.tell(f"!! the operator: {kind} {subject}")
        self._ring()

    def _ring(self) -> None:
        if self.desk is not None:
            self.desk.bell.ring()

    def _rival(self, trouble: Trouble) -> None:
        """Let another engine take the lease; it lives once the first has let go of the journal."""
        self.story.tell("!! another engine takes the lease")
        self.world.lease += 1
        if self.desk is None:
            return
        try:
            JournalFile(self.journal)
        except JournalBusyError:
            pass
        else:
            self.watch.note("a second engine could open the journal of one that lives")
        desk = self.desk
        asyncio.get_running_loop().call_later(trouble.seconds, desk.line.dead.set)

    # the desk ---------------------------------------------------------------------------------

    async def _one_life(self) -> None:
        """Run a desk to the end of the day or to its death; then what it wrote is kept."""
        mortality = self.world.mortality
        mortality.renew()
        before = asyncio.all_tasks()
        journal = MortalJournal(self.journal, mortality)
        line = Line(self.floor, self.reach, mortality, self._judge_of(journal))
        self.desk = desk = Desk(self.world, journal, line, self._engine_of)
        self.engine = desk.engine
        living = asyncio.ensure_future(desk.live())
        dying = asyncio.ensure_future(line.dead.wait())
        await asyncio.wait([living, dying], return_when=asyncio.FIRST_COMPLETED)
        written = self.journal.read_bytes()
        self.desk = None
        self._judge_end(living)
        kept = (*before, *self.reach.calls)
        mine = [task for task in asyncio.all_tasks() if task not in kept]
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)
        journal.let_go()
        if not self._ended:
            self._bury(written, journal.durable)

    def _judge_end(self, living: asyncio.Future[None]) -> None:
        """Tell an end as it should be from one that shows something wrong."""
        failure = living.exception() if living.done() else Died()
        if failure is None:
            self._ended = True
        elif isinstance(failure, Died | LeaseLostError):
            self.story.tell(f"!! the desk dies: {type(failure).__name__}")
        else:
            last = traceback.extract_tb(failure.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            self.watch.note(f"{type(failure).__name__} at {where}: {failure}")
            self._ended = True

    def _bury(self, written: bytes, durable: int) -> None:
        """Keep what a life left: all it handed to the system, or only what the disk had."""
        cause = self.world.mortality.cause
        if cause is not None and cause.kind is Kind.POWER_CUT:
            written = written[: durable + cause.pick % (len(written) - durable + 1)]
        elif self.surface.chance.random() < 0.5:
            written += b'1234abcd {"s":'
        self.lives += 1
        self.journal.write_bytes(written)
        self.watch.look(self._cause())

    def _judge_of(self, journal: MortalJournal) -> Callable[[str], None]:
        """Return what looks at every order as it leaves the desk that leads now."""
        lease = self.world.lease

        def judge(client_id: str) -> None:
            is_leader = lease == self.world.lease
            self.watch.posting(client_id, client_id in journal.intents, is_leader)

        return judge
