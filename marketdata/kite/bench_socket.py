"""How fast each WebSocket library hands frames over: from the sender's write to the reader's call.

The chosen one is in `picows_link.py`. Run `python -m marketdata.kite.bench_socket`; a library that
is not installed is left out. A process of its own sends (`bench_sender.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import astuple, dataclass
from statistics import median, quantiles

from marketdata.kite.bench_child import child
from marketdata.kite.bench_sender import stamp_of
from marketdata.kite.picows_link import open_picows

_MOST_SECONDS = 120.0

Take = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Sending:
    """What is sent: frames of so many full packets, so many a second; 0 for as fast as it goes.

    `ahead_s`: how many seconds the exchange's time in them runs ahead of the machine's clock.
    """

    packets: int
    frames: int
    per_second: float
    ahead_s: int = 0


@dataclass(frozen=True, slots=True)
class SocketFigure:
    """One library under one load: microseconds to the hand-over, CPU of the reader a frame."""

    package: str
    sending: Sending
    median_us: float
    p99_us: float
    cpu_us: float


def socket_figures(sendings: tuple[Sending, ...], rounds: int) -> tuple[SocketFigure, ...]:
    """Measure every library under every load, in turn, and return the median round of each."""
    figures = []
    for sending in sendings:
        found: dict[str, list[SocketFigure]] = {}
        for _ in range(rounds):
            for library, read in _READERS.items():
                if _is_there(library):
                    figure = asyncio.run(_measured(library, read, sending))
                    found.setdefault(library, []).append(figure)
        figures += [
            sorted(each, key=lambda figure: figure.median_us)[len(each) // 2]
            for each in found.values()
        ]
    return tuple(figures)


def _is_there(library: str) -> bool:
    """Load a library before anything is timed; say whether it is installed."""
    try:
        importlib.import_module(library)
    except ImportError:
        return False
    return True


async def _measured(
    library: str, read: Callable[[str, Take], Awaitable[None]], sending: Sending
) -> SocketFigure:
    waits: list[float] = []
    done = asyncio.Event()

    def take(data: bytes) -> None:
        waits.append((time.monotonic_ns() - stamp_of(data)) / 1e3)
        if len(waits) == sending.frames:
            done.set()

    async with sender(sending) as url:
        began = time.process_time()
        reading = asyncio.ensure_future(read(url, take))
        async with asyncio.timeout(_MOST_SECONDS):
            await done.wait()
        spent = time.process_time() - began
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return SocketFigure(
        library, sending, median(waits), quantiles(waits, n=100)[-1], spent / sending.frames * 1e6
    )


@contextlib.asynccontextmanager
async def sender(sending: Sending) -> AsyncIterator[str]:
    """Start a process that sends to whoever connects, and give its address."""
    arguments = [str(number) for number in astuple(sending)]
    async with child("marketdata.kite.bench_sender", *arguments) as port:
        yield f"ws://127.0.0.1:{port.strip()}/"


class _Receiver:
    def __init__(self, take: Take) -> None:
        self._take = take
        self.ended = asyncio.Event()

    def binary(self, data: bytes) -> None:
        self._take(data)

    def text(self, data: bytes) -> None:
        """Nothing is said."""

    def pong(self) -> None:
        """Nothing is asked."""

    def lost(self, reason: str) -> None:  # noqa: ARG002
        self.ended.set()


async def _read_picows(url: str, take: Take) -> None:
    receiver = _Receiver(take)
    link = await open_picows(url, receiver, 5.0)
    try:
        await receiver.ended.wait()
    finally:
        link.close()


async def _read_aiohttp(url: str, take: Take) -> None:
    import aiohttp

    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, max_msg_size=0, compress=0) as socket,
    ):
        async for message in socket:
            take(message.data)


async def _read_websockets(url: str, take: Take) -> None:
    from websockets.asyncio.client import connect

    async with connect(url, max_size=None, compression=None) as socket:
        async for message in socket:
            if isinstance(message, bytes):
                take(message)


_READERS: dict[str, Callable[[str, Take], Awaitable[None]]] = {
    "picows": _read_picows,
    "aiohttp": _read_aiohttp,
    "websockets.asyncio.client": _read_websockets,
}
SENDINGS = (Sending(3_000, 60, 10.0), Sending(500, 120, 40.0), Sending(3_000, 1_500, 0.0))


def main() -> None:
    """Print everything."""
    print(
        f"{'library':<26} {'packets':>8} {'a second':>9} {'median us':>10} {'p99 us':>9} {'CPU us'}"
    )
    for figure in socket_figures(SENDINGS, rounds=3):
        pace = f"{figure.sending.per_second:.0f}" if figure.sending.per_second else "flat out"
        print(
            f"{figure.package:<26} {figure.sending.packets:>8,} {pace:>9} "
            f"{figure.median_us:>10,.0f} {figure.p99_us:>9,.0f} {figure.cpu_us:>6,.0f}"
        )


if __name__ == "__main__":
    main()
