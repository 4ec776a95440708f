"""Threads in which calls to Kite block: a lane each for exits, entries and reads.

No lane ever waits for another. What is called, and what a failure means, is `broker.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from queue import LifoQueue
from typing import TypeVar

from marketdata.kite.client import Client

T = TypeVar("T")


class Line(StrEnum):
    """Who waits for whom: only calls of one line."""

    EXITS = "exits"
    ENTRIES = "entries"
    READS = "reads"


THREADS = {Line.EXITS: 8, Line.ENTRIES: 4, Line.READS: 16}
"""How many calls of a line can be under way at once."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The seconds after which an answer isn't waited for any more.

    An exit that hangs leaves something without cover, so that its outcome is looked up soon; an
    entry may take longer. A read is asked for again, and its thread is wanted for the next one.
    """

    exits: float
    entries: float
    reads: float

    def of(self, line: Line) -> float:
        """Return a line's."""
        match line:
            case Line.EXITS:
                return self.exits
            case Line.ENTRIES:
                return self.entries
            case Line.READS:
                return self.reads


DEADLINES = Deadlines(exits=1.0, entries=2.0, reads=1.5)
"""Those of a desk before Kite: a position must not wait for the patience of a connection."""


class NotSent(Exception):
    """A call for which no thread became free in time; it will never be made."""


class NoAnswer(Exception):
    """A call that was begun and hadn't ended in time; it may still be done."""


class _Lane:
    """Threads and as many clients: a client is used by one thread at a time, the warmest first.

    One shared by threads would let a broken connection of one disturb the answer of another.
    """

    def __init__(self, line: Line, connect: Callable[[int], Client]) -> None:
        count = THREADS[line]
        self.threads = ThreadPoolExecutor(count, f"kite-{line}")
        self.clients = tuple(connect(1) for _ in range(count))
        self._free: LifoQueue[Client] = LifoQueue()
        for client in self.clients:
            self._free.put(client)

    def call(self, call: Callable[[Client], T]) -> T:
        client = self._free.get()
        try:
            return call(client)
        finally:
            self._free.put(client)


class Lanes:
    """The lanes of one session."""

    def __init__(
        self,
        connect: Callable[[int], Client],
        deadlines: Deadlines,
    ) -> None:
        """Open them. `connect`: returns a new client that keeps so many connections.

        The late answer to an order call is still worth something; that to a read only keeps a
        thread from the next one, so that its client gives up with it.
        """
        self._deadlines = deadlines
        self._lanes = {line: _Lane(line, connect) for line in Line}
        for client in self._lanes[Line.READS].clients:
            client.give_up_after(deadlines.reads)

    async def run(
        self, line: Line, call: Callable[[Client], T], late: Callable[[T], object] | None = None
    ) -> T:
        """Return what the call returns; raises what it raises, `NotSent` or `NoAnswer`.

        `late` is called in this loop with a result that comes after `NoAnswer`.
        """
        lane, deadline = self._lanes[line], self._deadlines.of(line)
        job = lane.threads.submit(lane.call, call)
        waiting = asyncio.wrap_future(job)
        waiting.add_done_callback(_take_note)
        await asyncio.wait({waiting}, timeout=deadline)
        if waiting.done():
            return waiting.result()
        if job.cancel():
            raise NotSent(f"no thread for {line} in {deadline:g} s")
        waiting.add_done_callback(lambda done: _hand_over(done, late))
        raise NoAnswer(f"no answer in {deadline:g} s")

    def renew(self, access_token: str) -> None:
        """Use the token of a new login from now on."""
        for lane in self._lanes.values():
            for client in lane.clients:
                client.set_access_token(access_token)

    def close(self) -> None:
        """Begin no further call; calls that are under way end by themselves."""
        for lane in self._lanes.values():
            lane.threads.shutdown(wait=False, cancel_futures=True)
            for client in lane.clients:
                client.close()


def _take_note(done: asyncio.Future[T]) -> None:
    """Look at a failure, so that one nobody waits for any more isn't reported as forgotten."""
    if not done.cancelled():
        done.exception()


def _hand_over(done: asyncio.Future[T], late: Callable[[T], object] | None) -> None:
    if not done.cancelled() and done.exception() is None and late is not None:
        late(done.result())
