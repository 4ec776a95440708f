"""What a lane of threads promises: who waits for whom, and what becomes of a late answer."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from execution.kite.lanes import DEADLINES, THREADS, Deadlines, Lanes, Line, NoAnswer, NotSent

PATIENT = Deadlines(exits=60.0, entries=60.0, reads=60.0)
SHORT = Deadlines(exits=60.0, entries=0.2, reads=60.0)


class Connection:
    """A client that remembers what was done with it."""

    def __init__(self) -> None:
        self.gives_up_after: float | None = None
        self.tokens: list[str] = []
        self.is_closed = False

    def give_up_after(self, seconds: float) -> None:
        self.gives_up_after = seconds

    def set_access_token(self, token: str) -> None:
        self.tokens.append(token)

    def close(self) -> None:
        self.is_closed = True


class Opened:
    """Lanes and all their connections."""

    def __init__(self, deadlines: Deadlines) -> None:
        self.connections: list[Connection] = []
        self.asked: list[int] = []
        self.lanes = Lanes(self._connect, deadlines)

    def _connect(self, count: int) -> Any:
        self.asked.append(count)
        self.connections.append(Connection())
        return self.connections[-1]


@pytest.fixture
def opened() -> Iterator[Opened]:
    found = Opened(PATIENT)
    yield found
    found.lanes.close()


@pytest.fixture
def short() -> Iterator[Opened]:
    found = Opened(SHORT)
    yield found
    found.lanes.close()


def test_each_line_has_its_own_deadline() -> None:
    assert [DEADLINES.of(line) for line in Line] == [1.0, 2.0, 1.5]


def test_every_thread_has_a_connection_and_only_reads_give_up(opened: Opened) -> None:
    given_up = [each.gives_up_after for each in opened.connections]

    assert opened.asked == [1] * sum(THREADS.values())
    assert sorted(map(str, given_up)) == ["60.0"] * THREADS[Line.READS] + ["None"] * (
        THREADS[Line.EXITS] + THREADS[Line.ENTRIES]
    )


async def test_a_call_gets_what_it_returns_and_what_it_raises(opened: Opened) -> None:
    def fails(_client: object) -> None:
        raise LookupError("no")

    assert await opened.lanes.run(Line.EXITS, lambda _: "done") == "done"
    with pytest.raises(LookupError, match=r"^no$"):
        await opened.lanes.run(Line.EXITS, fails)


async def test_the_warmest_connection_is_used_again_and_is_free_after_a_failure(
    opened: Opened,
) -> None:
    def fails(client: object) -> None:
        used.append(client)
        raise LookupError("no")

    used: list[object] = []
    for _ in range(THREADS[Line.ENTRIES] + 1):
        with pytest.raises(LookupError):
            await opened.lanes.run(Line.ENTRIES, fails)

    assert len({id(each) for each in used}) == 1


async def test_a_full_line_keeps_no_other_waiting_and_what_found_no_thread_is_never_made(
    short: Opened,
) -> None:
    over, made = threading.Event(), []

    def hangs(_client: object) -> None:
        made.append("entry")
        over.wait(60)

    calls = [short.lanes.run(Line.ENTRIES, hangs) for _ in range(THREADS[Line.ENTRIES])]
    hanging = [asyncio.ensure_future(call) for call in calls]
    while len(made) < THREADS[Line.ENTRIES]:
        await asyncio.sleep(0.001)
    with pytest.raises(NotSent, match=r"^no thread for entries in 0\.2 s$"):
        await short.lanes.run(Line.ENTRIES, hangs)
    exit_ = await short.lanes.run(Line.EXITS, lambda _: "out")
    over.set()
    outcomes = await asyncio.gather(*hanging, return_exceptions=True)

    assert exit_ == "out"
    assert {str(outcome) for outcome in outcomes} == {"no answer in 0.2 s"}
    assert len(made) == THREADS[Line.ENTRIES]


async def test_a_late_answer_is_handed_over(short: Opened) -> None:
    over, came = threading.Event(), asyncio.Event()
    late: list[str] = []

    def slow(_client: object) -> str:
        over.wait(60)
        return "after all"

    with pytest.raises(NoAnswer):
        await short.lanes.run(Line.ENTRIES, slow, lambda told: (late.append(told), came.set()))
    over.set()
    await asyncio.wait_for(came.wait(), 60)

    assert late == ["after all"]


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_late_failure_disturbs_nobody(short: Opened, is_told: bool) -> None:
    over, troubles, late = threading.Event(), list[object](), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, told: troubles.append(told))

    def fails(_client: object) -> None:
        over.wait(60)
        raise LookupError("no")

    with pytest.raises(NoAnswer):
        await short.lanes.run(Line.ENTRIES, fails, late.append if is_told else None)
    over.set()
    await asyncio.to_thread(short.lanes.close)
    for _ in range(THREADS[Line.ENTRIES]):
        await asyncio.sleep(0.01)

    assert (late, troubles) == ([], [])


async def test_a_late_answer_that_nobody_wants_disturbs_nobody(short: Opened) -> None:
    over, troubles = threading.Event(), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, told: troubles.append(told))

    with pytest.raises(NoAnswer):
        await short.lanes.run(Line.ENTRIES, lambda _: over.wait(60))
    over.set()
    for _ in range(10):
        await asyncio.sleep(0.01)

    assert troubles == []


def test_a_new_token_reaches_every_connection(opened: Opened) -> None:
    opened.lanes.renew("fresh")

    assert {tuple(each.tokens) for each in opened.connections} == {("fresh",)}


async def test_closed_lanes_begin_nothing_and_let_go_of_their_connections() -> None:
    found = Opened(PATIENT)

    found.lanes.close()

    assert all(each.is_closed for each in found.connections)
    with pytest.raises(RuntimeError):
        await found.lanes.run(Line.READS, lambda _: "told")


async def test_a_failure_of_a_call_that_was_given_up_is_not_reported_as_forgotten(
    opened: Opened,
) -> None:
    begun, over, troubles = threading.Event(), threading.Event(), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, told: troubles.append(told))

    def fails(_client: object) -> None:
        begun.set()
        over.wait(60)
        raise LookupError("no")

    call = asyncio.create_task(opened.lanes.run(Line.READS, fails))
    while not begun.is_set():
        await asyncio.sleep(0.001)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    over.set()
    await opened.lanes.run(Line.READS, lambda _: None)
    for _ in range(10):
        await asyncio.sleep(0.001)
    gc.collect()

    assert troubles == []


async def test_closing_waits_for_no_call_and_begins_none_that_still_waits_for_a_thread() -> None:
    found, over, begun, made = Opened(PATIENT), threading.Event(), list[str](), list[bool]()

    def hangs(_client: object) -> None:
        begun.append("entry")
        made.append(over.wait(20))

    count = THREADS[Line.ENTRIES]
    calls = [asyncio.create_task(found.lanes.run(Line.ENTRIES, hangs)) for _ in range(count + 2)]
    while len(begun) < count:
        await asyncio.sleep(0.001)

    found.lanes.close()
    over.set()
    told = await asyncio.gather(*calls, return_exceptions=True)

    assert made == [True] * count
    assert [type(each) for each in told[count:]] == [asyncio.CancelledError] * 2


def test_the_threads_of_a_line_can_be_told_by_its_name() -> None:
    found = Opened(PATIENT)

    name = asyncio.run(found.lanes.run(Line.EXITS, lambda _: threading.current_thread().name))

    assert name.startswith("kite-exits")
    found.lanes.close()
