"""A runner before a broker that lives on when it dies: nothing is lost, nothing sent twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from execution.broker import BrokerBook, MarginAnswer
from execution.exchange import Exchange, ExchangeSettings
from execution.margins import MarginLeg
from execution.orders import Order, OrderChange, OrderRequest, OrderState, OrderUpdate
from execution.paper import PaperBroker
from marketdata.quality import ScreenSettings, TickScreen
from marketdata.tape import Frame
from marketdata.tape_head import TapeHead
from tests.unit.trading.engine.builders import FUTURE_COLUMN, INDEX_COLUMN, at, setup
from tests.unit.trading.engine.surroundings import ListFeed, frames
from trading.bootstrap import timeline_of
from trading.doorbell import Doorbell
from trading.engine.core import Engine
from trading.engine.runner import Runner, Surroundings
from trading.journal import JournalFile, read_records
from trading.live_book import Patience
from trading.live_venue import LiveVenue
from trading.live_watch import LiveSettings
from trading.own_books import EngineBooks

T = TypeVar("T")
START, END = at(9, 29, 50), at(9, 32)
STOPPED_OUT = {80: {FUTURE_COLUMN: 23_940.0, INDEX_COLUMN: 23_940.0}}


class PlugPulledError(Exception):
    """The process dies here."""


@dataclass(slots=True)
class World:
    """A broker and a market that go on whatever becomes of the desk.

    `dies_before`, `dies_after`: the numbers of the calls before or after which the desk dies;
    `dies_at_record`: the record that it no longer writes. `asks_margin`: as a desk at Kite does.
    `trace`: what comes in, what is on the disk, and what is called, in order.
    """

    told: list[Frame]
    dies_before: int = 0
    dies_after: int = 0
    dies_at_record: int = 0
    asks_margin: bool = False
    trace: list[str] = field(default_factory=list)
    seen: int = 0
    calls: int = 0
    looks: int = 0
    placed: Counter[str] = field(default_factory=Counter)
    venue: LiveVenue | None = None
    dead: asyncio.Event = field(default_factory=asyncio.Event)
    broker: PaperBroker = field(init=False)

    def __post_init__(self) -> None:
        keys = [column.instrument.key for column in setup().universe.columns]
        windows = dict.fromkeys(keys, (at(9, 15), at(15, 30)))
        self.broker = PaperBroker(Exchange(ExchangeSettings(), windows))
        self.broker.advance(START)

    @property
    def now(self) -> datetime:
        return self.told[max(self.seen - 1, 0)].at

    def let_pass(self, frame: Frame) -> None:
        """Match a frame once; a desk that is dead does not hear of it."""
        self.seen = frame.index + 1
        for update in self.broker.observe(frame.at, frame.ticks):
            if self.venue is not None:
                self.venue.hear({"order_id": update.broker_id, "update": update})

    async def _called(self, call: Callable[[], Awaitable[T]]) -> T:
        """Carry a call out; a desk that dies at it never reads the answer."""
        self.trace.append("called")
        self.calls += 1
        if self.calls == self.dies_before:
            self.dead.set()
            await asyncio.Event().wait()
        answer = await call()
        if self.calls == self.dies_after:
            self.dead.set()
            await asyncio.Event().wait()
        return answer

    async def place(self, request: OrderRequest) -> OrderUpdate:
        async def placed() -> OrderUpdate:
            self.placed[request.client_id] += 1
            return await self.broker.place(request)

        return await self._called(placed)

    async def modify(self, client_id: str, change: OrderChange) -> OrderUpdate:
        return await self._called(lambda: self.broker.modify(client_id, change))

    async def cancel(self, client_id: str) -> OrderUpdate:
        return await self._called(lambda: self.broker.cancel(client_id))

    async def margin(self, legs: Sequence[MarginLeg]) -> MarginAnswer:
        async def told() -> MarginAnswer:
            return MarginAnswer(Decimal("91234.57") * len(legs), Decimal("4500000.10"))

        return await self._called(told)

    def adopt(self, order: Order) -> None:
        assert order.request.client_id in self.placed or order.state is OrderState.SENT

    def doubt(self, client_id: str) -> None:
        assert client_id in self.placed

    async def book(self) -> BrokerBook:
        self.looks += 1
        return await self.broker.book()

    async def glance(self) -> BrokerBook:
        return await self.broker.book()

    async def trades(self) -> BrokerBook:
        return await self.broker.book()

    async def hear(self, message: Mapping[str, Any]) -> OrderUpdate | None:
        update: OrderUpdate = message["update"]
        return update


class LiveFeed:
    """The frames of a world: those it has seen at once, then the rest, each when all is settled."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def head(self) -> TapeHead:
        raise NotImplementedError

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        world = self._world
        for frame in world.told[start:]:
            if frame.index >= world.seen:
                world.let_pass(frame)
            await asyncio.sleep(0)
            while world.venue is not None and not world.venue.is_idle:
                if world.dead.is_set():
                    raise PlugPulledError
                await asyncio.sleep(0.0005)
            yield frame


class MortalJournal(JournalFile):
    """A journal whose process dies where it would write a record; what wasn't flushed is gone."""

    def __init__(self, path: Path, world: World) -> None:
        super().__init__(path)
        self._world = world

    def append(self, kind: str, body: object, *, incoming: bool) -> int:
        if self.seq + 1 == self._world.dies_at_record:
            self._world.dies_at_record = 0
            self._world.dead.set()
            raise PlugPulledError
        if incoming or kind in ("AskMargin", "PlaceOrder"):
            self._world.trace.append("came in" if incoming else kind)
        return super().append(kind, body, incoming=incoming)

    def flush(self) -> None:
        super().flush()
        self._world.trace.append("on the disk")

    def close(self) -> None:
        if self._world.dead.is_set():
            self.let_go()
        else:
            super().close()


async def live_once(world: World, path: Path) -> Runner:
    """Start a desk on what its journal holds and run it to the end, or to its death."""
    told, world.dead = setup(asks_margin=world.asks_margin), asyncio.Event()
    engine = Engine(told)
    journal = MortalJournal(path, world)
    world.venue = LiveVenue(
        world,
        EngineBooks(engine),
        (lambda: world.now, Doorbell()),
        LiveSettings(look_every_seconds=0.002, patience=Patience(timedelta(seconds=2))),
    )
    runner = Runner(
        engine,
        Surroundings(
            journal=journal,
            venue=world.venue,
            past=ListFeed(world.told[: world.seen]),
            feed=LiveFeed(world),
            now=lambda: None,
            screen=TickScreen(told.universe.tokens, ScreenSettings()),
            timeline=timeline_of(told),
            inputs=world.venue.news,
            before_orders=lambda: None,
            symbols={c.instrument.token: c.instrument.symbol for c in told.universe.columns},
        ),
    )
    venue = world.venue
    try:
        await runner.run({"run": "T1"}, END)
    finally:
        await venue.end()
        world.venue = None
        journal.close()
    return runner


async def live(world: World, path: Path) -> Runner:
    """Run the desk, starting it again when it dies."""
    try:
        return await live_once(world, path)
    except PlugPulledError:
        return await live_once(world, path)


async def test_a_day_before_a_real_broker_comes_to_its_end(tmp_path: Path):
    world = World(frames(START, 120, STOPPED_OUT))

    runner = await live(world, tmp_path / "j")

    assert runner.engine.ledger.trades["P000001"].exit_reason == "HARD_STOP"
    assert (await world.book()).net_quantity == ()
    assert runner.engine.breakers.blocked == set()


@pytest.mark.parametrize("where", ["dies_before", "dies_after"])
@pytest.mark.parametrize("call", [1, 2, 3])
async def test_dying_at_a_call_loses_nothing_and_doubles_nothing(
    tmp_path: Path, where: str, call: int
):
    world = World(frames(START, 120, STOPPED_OUT), **{where: call})

    runner = await live(world, tmp_path / "j")

    book = await world.book()
    fills = [fill for order in book.orders for fill in order.fills]
    engine = runner.engine
    assert max(world.placed.values(), default=1) == 1
    assert book.net_quantity == ()
    assert {fill.trade_id for fill in fills} == engine.orders.known_trades()
    for order in engine.orders.all():
        assert order.state.is_final or order.state is OrderState.PLANNED
    assert not [o for o in book.orders if not o.state.is_final]


async def test_a_call_comes_to_the_broker_before_anything_else_is_taken_up(tmp_path: Path):
    world = World(frames(START, 120, STOPPED_OUT), asks_margin=True)

    await live(world, tmp_path / "j")

    wished = [n for n, what in enumerate(world.trace) if what in ("AskMargin", "PlaceOrder")]
    assert wished
    for place in wished:
        after = world.trace[place:]
        assert after.index("called") < after.index("came in")


async def test_a_question_waits_for_no_disk_and_an_order_does(tmp_path: Path):
    world = World(frames(START, 120, STOPPED_OUT), asks_margin=True)

    await live(world, tmp_path / "j")

    asked, ordered = world.trace.index("AskMargin"), world.trace.index("PlaceOrder")
    called = world.trace.index("called", ordered)
    assert "on the disk" not in world.trace[asked : world.trace.index("called", asked)]
    assert "on the disk" in world.trace[ordered:called]


async def test_what_was_never_sent_is_found_absent_and_given_up(tmp_path: Path):
    world = World(frames(START, 120, STOPPED_OUT), dies_before=1)

    runner = await live(world, tmp_path / "j")

    states = [order.state for order in runner.engine.orders.all()]
    assert states == [OrderState.PLANNED]
    assert runner.engine.ledger.trades["P000001"].state == "ENTRY_CANCELLED"


async def test_a_second_life_tells_the_first_as_it_was(tmp_path: Path):
    world = World(frames(START, 120, STOPPED_OUT), dies_after=2)
    with pytest.raises(PlugPulledError):
        await live_once(world, tmp_path / "j")
    before = [(r.kind, r.body) for r in read_records(tmp_path / "j")]

    await live_once(world, tmp_path / "j")

    after = [(r.kind, r.body) for r in read_records(tmp_path / "j")]
    assert after[: len(before)] == before
    assert len(after) > len(before)


@pytest.mark.parametrize("call", [1, 2, 3])
async def test_news_that_waited_for_a_restart_is_not_told_as_of_the_past(tmp_path: Path, call: int):
    world = World(frames(START, 120, STOPPED_OUT), dies_after=call)

    await live(world, tmp_path / "j")

    moments = [
        datetime.fromisoformat(record.body["at"])
        for record in read_records(tmp_path / "j")
        if record.incoming and "at" in record.body
    ]
    assert moments == sorted(moments)


async def test_a_run_that_has_ended_is_not_taken_up_with_the_broker_again(tmp_path: Path):
    world = World(frames(START, 120, STOPPED_OUT))
    await live_once(world, tmp_path / "j")
    written, world.looks = (tmp_path / "j").read_bytes(), 0

    await live_once(world, tmp_path / "j")

    assert (tmp_path / "j").read_bytes() == written
    assert world.looks == 0
