"""A kitesim in a process of its own, a frame each time it is asked, for benches of the live desk.

What is measured on it is `bench_orders.py` and `bench_flatten.py`; nothing is asserted here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from execution.kitesim.settings import Limits, SimSettings
from marketdata.instruments import Kind
from marketdata.kite.bench_child import child
from marketdata.kite.client import Client, RestLogin
from marketdata.kite.link import Link, OpenLink, Receiver
from marketdata.kite.picows_link import open_picows
from marketdata.tape import TapeReader, microseconds, write_tape
from marketdata.ticks import Ticks
from trading.bootstrap_kite import KiteAccess
from trading.bootstrap_kitesim import SimDay, kitesim_of

_CASH = Decimal(10**12)
_FIRST_SHARE, _NSE = 100_000, 1
"""Where the numbers of shares begin, and the segment that the last byte of each tells."""
_ROUNDS_QUIET = 3
_A_ROUND = 0.002


@dataclass(frozen=True, slots=True)
class SimKite:
    """A kitesim that is up, and who is logged in."""

    access: KiteAccess

    def step(self) -> None:
        """Let a frame happen, and wait until it has been sent."""
        with self.stepping():
            pass

    @contextmanager
    def stepping(self) -> Iterator[None]:
        """Let a frame happen; that it was sent is heard at the block's end, in this thread.

        What the frame leads to within the block is so disturbed by nobody who waits for an answer.
        """
        parts = urlsplit(self.access.root)
        asked = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            asked.request("POST", "/sim/step")
            yield
            asked.getresponse().read()
        finally:
            asked.close()


def as_listed(tape: TapeReader, path: Path, until: datetime) -> TapeReader:
    """Return the day up to a moment, its instruments as an exchange lists them.

    Shares get numbers that Kite's frames can carry.
    """
    head = tape.head
    shares = [item.token for item in head.instruments if item.kind is Kind.EQUITY]
    moved = {token: (_FIRST_SHARE + place << 8) | _NSE for place, token in enumerate(shares)}
    listed = tuple(
        replace(item, made_from="", token=moved.get(item.token, item.token))
        for item in head.instruments
    )
    before = tuple((moved.get(token, token), price) for token, price in head.previous_close)
    frames = (
        (microseconds(frame.at), _moved(frame.ticks, moved))
        for frame in tape.frames()
        if frame.at <= until
    )
    told = replace(head, instruments=listed, previous_close=before)
    return TapeReader(write_tape(path, told, frames))


def _moved(ticks: Ticks, moved: Mapping[int, int]) -> Ticks:
    told = ticks.copy()
    told["token"] = [moved.get(token, token) for token in ticks["token"].tolist()]
    return told


@asynccontextmanager
async def sim_kite(tape: Path, *, with_limits: bool) -> AsyncIterator[SimKite]:
    """Open a kitesim over a tape and log in. Raises `RuntimeError` where it doesn't come up."""
    async with child(__name__, str(tape), str(int(with_limits))) as line:
        told = json.loads(line)
        client = Client(RestLogin(told["api_key"], root=told["root"]))
        session = await asyncio.to_thread(
            client.generate_session, told["request_token"], told["api_secret"]
        )
        client.close()
        token = session["access_token"]
        yield SimKite(KiteAccess(told["api_key"], token, told["root"], told["ws_root"]))


class Stamped:
    """A receiver that calls `came` with every message of prices before it is passed on."""

    def __init__(self, inner: Receiver, came: Callable[[], None]) -> None:
        self._inner = inner
        self._came = came

    def binary(self, data: bytes) -> None:
        """Pass on; a single byte is the line's pulse, no price."""
        if len(data) > 1:
            self._came()
        self._inner.binary(data)

    def text(self, data: bytes) -> None:
        """Pass on."""
        self._inner.text(data)

    def pong(self) -> None:
        """Pass on."""
        self._inner.pong()

    def lost(self, reason: str) -> None:
        """Pass on."""
        self._inner.lost(reason)


def stamping(came: Callable[[], None]) -> OpenLink:
    """Return what opens a socket whose prices are stamped."""

    async def opened(url: str, receiver: Receiver, within: float) -> Link:
        return await open_picows(url, Stamped(receiver, came), within)

    return opened


async def quiet(is_quiet: Callable[[], bool], most_seconds: float = 60.0) -> None:
    """Wait until something has been so for some turns of the loop. Raises `TimeoutError`."""
    async with asyncio.timeout(most_seconds):
        rounds = 0
        while rounds < _ROUNDS_QUIET:
            await asyncio.sleep(_A_ROUND)
            rounds = rounds + 1 if is_quiet() else 0


async def _serve(tape: Path, *, with_limits: bool) -> None:
    limits = Limits.newest() if with_limits else None
    settings = SimSettings(
        cash=_CASH, limits=limits, rejected_later=frozenset(), checks_price_protection=False
    )
    day = SimDay(TapeReader(tape), None, seed=1, speed=0, settings=settings, control=True)
    async with kitesim_of(day) as sim:
        print(sim.first_line(), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), with_limits=sys.argv[2] == "1"))
