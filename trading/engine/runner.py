"""The loop around the engine: what comes in is journalled and handled, what goes out is done.

Start is recovery: a journal that holds records is lived through again, checked record by record,
before anything new happens. Nothing is decided here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import msgspec

from marketdata.tape import Frame, microseconds
from trading.engine.actions import (
    Action,
    AskMargin,
    CancelOrder,
    ModifyOrder,
    PlaceOrder,
    SetTimer,
)
from trading.engine.caps import check_caps
from trading.engine.codec import FrameTaken, event_of, plain, told
from trading.engine.core import Engine
from trading.engine.events import (
    BandsTold,
    BrokerSaid,
    ChangeRefused,
    CommandIssued,
    ConditionChanged,
    Event,
    ForeignSeen,
    MarginTold,
    MarketStep,
    StrategyOverran,
    TimerFired,
    TwinFound,
)
from trading.engine.fault_tally import FaultTally
from trading.engine.invariants import Invariants, effects_of
from trading.engine.lived import Lived
from trading.engine.surroundings import Input, Journal, Surroundings
from trading.engine.turns import in_turn
from trading.engine.venue import Wish

__all__ = ["ENDED", "FRAME", "DivergenceError", "Input", "Journal", "Runner", "Surroundings"]

FRAME = "Frame"
"""Kind of the record that says a frame of the tape was taken up."""
ENDED = "run-ended"
"""Kind of the last record of a run."""
_OUTSIDE = frozenset(
    kind.__name__ for kind in (CommandIssued, ConditionChanged, BandsTold, StrategyOverran)
)
_NEWS = frozenset(
    kind.__name__ for kind in (BrokerSaid, ChangeRefused, TwinFound, MarginTold, ForeignSeen)
)
_CARRIED_OUT = (PlaceOrder, ModifyOrder, CancelOrder, AskMargin, SetTimer)
_TURNS = 2
"""Turns of the loop in which a call that was begun comes to its thread, or a frame to `_next`."""


class DivergenceError(Exception):
    """Living through a journal again gave another record than the one that stands in it."""


class Runner:
    """Runs one engine through one session; `answer` is how it is asked, to be timed by a bench.

    `lived`: what was kept of its past, with these engine and surroundings; None: nothing was.
    """

    def __init__(self, engine: Engine, around: Surroundings, lived: Lived | None = None) -> None:
        self.engine = engine
        self.answer: Callable[[Event], tuple[Action, ...]] = engine.handle
        self._around = around
        self._begun = lived is not None
        self._taken = lived.frames if lived else 0
        self._past = deque(around.journal.recovered[lived.seq if lived else 1 :])
        self._again = around.venue.is_relived
        self._recalled = _OUTSIDE if self._again else _OUTSIDE | _NEWS
        self._append = around.journal.append
        self._inbox: deque[Event] = deque()
        self._faults = lived.faults if lived else FaultTally(around.symbols)
        self._commands: set[int] = lived.commands if lived else set()
        self._is_live = False
        self._invariants = lived.invariants if lived else Invariants(engine)
        self._named: deque[tuple[int, int]] = deque()

    async def run(self, head: dict[str, Any], until: datetime) -> None:
        """Live the session to `until`, from where the journal ends.

        `head` is the journal's first record. Raises `DivergenceError` when the past does not
        come out as it was written.
        """
        try:
            await self._live_all(head, until)
        finally:
            if self._around.keeping is not None:
                self._around.keeping.settle()

    async def _live_all(self, head: dict[str, Any], until: datetime) -> None:
        self._open(head)
        if not self._begun:
            for action in self.engine.start():
                self._log(type(action).__name__, action, incoming=False)
        await self._live_again()
        if not self._past:
            await self._live_on(until)
        self._log(ENDED, msgspec.Raw(b"{}"), incoming=False)
        self._around.sync_feed()
        self._around.journal.flush()

    async def _live_on(self, until: datetime) -> None:
        """Live what is still to come; nobody is asked anything more once all of it is told."""
        frames = self._around.feed.frames(self._taken)
        await self._around.venue.begin()
        self._is_live = True
        while (frame := await self._next(frames)) is not None:
            await self._up_to(frame.at)
            if frame.index >= 0:
                await self._frame(frame)
        await self._up_to(until)
        while await self._around.venue.tells_more():
            await self._up_to(until)

    def _open(self, head: dict[str, Any]) -> None:
        recovered = self._around.journal.recovered
        if not recovered:
            self._around.journal.append("run", head, incoming=True)
        elif recovered[0].body != head:
            raise DivergenceError(f"journal: begun with {recovered[0].body}, now asked {head}")

    @property
    def is_recovering(self) -> bool:
        """Say whether the journal still holds records that have not been lived through again."""
        return bool(self._past)

    async def _live_again(self) -> None:
        """Live the journal's past through without a pace."""
        async for frame in self._around.past.frames(self._taken):
            if not self._past:
                break
            await self._up_to(frame.at)
            await self._frame(frame)
        while self._past and self._past[0].kind != ENDED:
            await self._up_to_record(self._past[0])

    async def _up_to_record(self, record: Any) -> None:
        """Live on to a record that came after the last frame there is."""
        left = len(self._past)
        if record.incoming and record.kind not in (FRAME, MarketStep.__name__):
            await self._up_to(datetime.fromisoformat(record.body["at"]))
        if len(self._past) == left:
            raise DivergenceError(
                f"record {record.seq}: {record.kind} {record.body} stands there, "
                f"living it again came to nothing like it"
            )

    async def _next(self, frames: AsyncIterator[Frame]) -> Frame | None:
        """Return the next frame, or None after the last; while it isn't due, time goes on."""
        if self._around.now() is None:
            return await anext(frames, None)
        coming = asyncio.create_task(_first_of(frames))
        while not coming.done():
            pause = asyncio.ensure_future(self._around.pause(self._quiet_seconds()))
            await self._keep_before(coming, pause)
            await asyncio.wait({coming, pause}, return_when=asyncio.FIRST_COMPLETED)
            pause.cancel()
            now = self._around.now()
            if not coming.done() and now is not None:
                await self._up_to(now)
                self._write_down()
        return coming.result()

    def _quiet_seconds(self) -> float:
        """Return how long nothing need be looked at: until the next alarm, if that is soon."""
        longest = self._around.listen_seconds
        now, due = self._around.now(), self._around.timeline.first_at()
        if now is None or due is None:
            return longest
        return min(longest, max(0.0, (due - now).total_seconds()))

    async def _keep_before(self, *signs: asyncio.Future[Any]) -> None:
        """Put what the run has come to aside, unless one of `signs` is done before that is.

        All that led here is in the journal's file before. What comes meanwhile waits for a piece.
        """
        keeping = self._around.keeping
        if keeping is None or not keeping.is_due():
            return
        self._write_down()
        if self._named:
            return
        with closing(keeping.keep(self.lived())) as pieces:
            for _ in pieces:
                await _turns()
                if any(sign.done() for sign in signs):
                    return

    def lived(self) -> Lived:
        """Return what the run has come to; only between two events."""
        around = self._around
        return Lived(
            seq=around.journal.seq,
            frames=self._taken,
            engine=self.engine,
            timeline=around.timeline,
            screen=around.screen,
            venue=around.venue if around.venue.is_relived else None,
            faults=self._faults,
            commands=self._commands,
            invariants=self._invariants,
        )

    async def _up_to(self, moment: datetime) -> None:
        """Take what is due by `moment`: alarms in order, and what came from outside."""
        while True:
            if self._past:
                await self._recall()
            alarm = self._around.timeline.next_due(moment)
            if alarm is None:
                break
            at, key = alarm
            await self._pass_time(at)
            await self._report_faults(at)
            await self._handle(TimerFired(at, key))
        if self._is_live or (self._around.venue.is_relived and not self._past):
            for event in self._around.inputs(moment):
                await self._take(event)

    async def _recall(self) -> None:
        """While living through the past, take what the journal says came from outside here."""
        while self._past and self._past[0].kind in self._recalled:
            await self._take(event_of(self._past[0].kind, self._past[0].body))

    async def _take(self, event: Event) -> None:
        """Take what came from outside; a command that a restart offers again is passed over."""
        if isinstance(event, CommandIssued):
            if event.command_id in self._commands:
                return
            self._commands.add(event.command_id)
        await self._pass_time(event.at)
        await self._handle(event)

    async def _pass_time(self, at: datetime) -> None:
        for update in self._around.venue.advance(at):
            await self._handle(BrokerSaid(at, update))

    async def _frame(self, frame: Frame) -> None:
        ticks, faults = self._around.screen.screen(frame.ticks, microseconds(frame.at))
        self._faults.add(faults)
        taken = FrameTaken(frame.at, frame.index)
        if self._past:
            self._check(FRAME, taken, incoming=True)
        else:
            self._named.append((frame.index, self._append(FRAME, taken, incoming=True)))
        for update in self._around.venue.observe(frame.at, ticks):
            await self._handle(BrokerSaid(frame.at, update))
        await self._handle(MarketStep(frame.at, frame.index, ticks))
        self.engine.panel.settle()
        self._taken = frame.index + 1

    async def _report_faults(self, at: datetime) -> None:
        for fault in self._faults.told(at):
            await self._handle(fault)

    async def _handle(self, event: Event) -> None:
        """Journal an event, let the engine answer, journal and do what it wishes.

        What was opened is held against the limits before anything leaves; the books of every plan
        that something happened to are checked then. Calls that were begun come to their threads
        before anything else is done. Raises `EndlessError`.
        """
        plans: dict[str, None] = {}
        inbox, send, is_sent = self._inbox, self._around.venue.send, False
        for each in in_turn(inbox, event):
            self._log(type(each).__name__, told(each), incoming=True)
            actions = self.answer(each)
            effects = effects_of(self.engine, each, actions)
            if effects.approved:
                check_caps(self.engine, effects.approved)
            plans.update(effects.plans)
            for wish in self._note(actions):
                inbox.extend(await send(wish))
                is_sent = True
        if plans:
            self._invariants.check(plans)
        if is_sent and not self._again:
            await _turns()

    def _note(self, actions: Sequence[Action]) -> list[Wish]:
        """Write actions down and set their timers; return what is to be sent.

        The file is flushed before orders; a question alone waits for no disk. What a journal's past
        says was sent is sent again only where it is lived again.
        """
        wishes: list[Wish] = []
        timers: list[SetTimer] = []
        for action in actions:
            is_past = bool(self._past)
            if is_past:
                self._check(type(action).__name__, action, incoming=False)
            else:
                self._append(type(action).__name__, action, incoming=False)
            if isinstance(action, _CARRIED_OUT):
                if isinstance(action, SetTimer):
                    timers.append(action)
                elif self._again or not is_past:
                    wishes.append(action)
        if wishes and not all(isinstance(wish, AskMargin) for wish in wishes):
            self._around.sync_feed()
            self._around.journal.flush()
            self._around.before_orders()
        else:
            self._write_down()
        for timer in timers:
            self._around.timeline.set(timer.due, timer.key)
        return wishes

    def _write_down(self) -> None:
        """Hand the journal to the system as far as the frames that it names are on the disk."""
        safe = self._around.frames_safe()
        while self._named and (safe is None or self._named[0][0] < safe):
            self._named.popleft()
        if self._named:
            self._around.journal.write(self._named[0][1])
        else:
            self._around.journal.write()

    def _log(self, kind: str, body: object, *, incoming: bool) -> None:
        """Write a record down, or check it against the one that stands there."""
        if self._past:
            self._check(kind, body, incoming=incoming)
        else:
            self._append(kind, body, incoming=incoming)

    def _check(self, kind: str, body: object, *, incoming: bool) -> None:
        """Take the next record of the past; raise `DivergenceError` where it isn't this one."""
        record = self._past.popleft()
        again = plain(msgspec.Raw(msgspec.json.encode(body)))
        if (record.kind, record.incoming, record.body) != (kind, incoming, again):
            raise DivergenceError(
                f"record {record.seq}: {record.kind} {record.body} stands there, "
                f"living it again gave {kind} {again}"
            )


async def _turns() -> None:
    """Let what has been begun, or has come, get where it goes."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


async def _first_of(frames: AsyncIterator[Frame]) -> Frame | None:
    return await anext(frames, None)
