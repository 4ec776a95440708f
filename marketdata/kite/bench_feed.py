"""The whole way of a frame: socket, ticker, board, tape, screen, panel; nothing is lost, how fast.

A process of its own sends. Run `python -m marketdata.kite.bench_feed SECONDS`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from marketdata.clock import SystemClock
from marketdata.kite.access import SocketLogin
from marketdata.kite.bench_raw_tape import Load, head_of
from marketdata.kite.bench_sender import stamp_of
from marketdata.kite.bench_socket import Sending, sender
from marketdata.kite.feed import FeedDay, FeedListener, KiteFeed
from marketdata.kite.layout import Mode
from marketdata.kite.link import Link, Receiver
from marketdata.kite.picows_link import open_picows
from marketdata.kite.raw_tape import RawTapeWriter
from marketdata.kite.ticker import Ticker
from marketdata.kite.ticker_settings import MarketHours, Rim, TickerSettings
from marketdata.panel import Panel
from marketdata.quality import ScreenSettings, TickScreen
from marketdata.tape import Frame, microseconds
from marketdata.timeframes import Timeframe

_BARS = [Timeframe.SECOND, Timeframe.SECONDS_5, Timeframe.MINUTE]


@dataclass(frozen=True, slots=True)
class FeedFigure:
    """What became of the frames sent: how many came, in how many steps, how long each took.

    Microseconds from the sender's write to the panel; CPU of the reader a frame, in microseconds,
    the first one, which finds everything cold, not counted; `memory_mib`: how much the process
    holds after the first tenth of the frames, and at the end.
    """

    sending: Sending
    frames: int
    steps: int
    median_us: float
    p99_us: float
    cpu_us: float
    memory_mib: tuple[float, float]


class _Noted:
    """Passes everything on, and notes when each frame was sent."""

    def __init__(self, receiver: Receiver, stamps: deque[int]) -> None:
        self._receiver, self._stamps = receiver, stamps
        self.text, self.pong, self.lost = receiver.text, receiver.pong, receiver.lost

    def binary(self, data: bytes) -> None:
        self._stamps.append(stamp_of(data))
        self._receiver.binary(data)


class _Desk:
    """What takes the frames, as a desk would: screen, panel, bars of three lengths."""

    def __init__(self, feed: KiteFeed) -> None:
        tokens = np.array([item.token for item in feed.head.instruments], np.int64)
        opens_at_s = int(feed.now().timestamp())
        self._screen = TickScreen(tokens, ScreenSettings())
        self._panel = Panel(tokens, _BARS, opens_at_s, feed.head.date.toordinal(), None, None)

    def take(self, frame: Frame) -> None:
        at = microseconds(frame.at)
        ticks, _ = self._screen.screen(frame.ticks, at)
        self._panel.close_bars(at // 1_000_000)
        self._panel.apply(ticks)


class _Measured:
    """How long each frame took to the panel, and what the process held meanwhile."""

    def __init__(self, frames: int) -> None:
        self.stamps: deque[int] = deque()
        self.waits: list[float] = []
        self._frames = frames
        self._early = 0.0
        self._began: float | None = None

    @property
    def memory_mib(self) -> tuple[float, float]:
        """Return what the process held early, and holds now."""
        return self._early, _memory_mib()

    @property
    def cpu_us(self) -> float:
        """Return the CPU time of each frame but the first."""
        began = self._began or 0.0
        return (time.process_time() - began) / max(1, len(self.waits) - 1) * 1e6

    def note(self) -> bool:
        """Note that everything that came is on the panel; say whether that was all."""
        now = time.monotonic_ns()
        self.waits += [(now - self.stamps.popleft()) / 1e3 for _ in range(len(self.stamps))]
        if self._began is None:
            self._began = time.process_time()
        if not self._early and len(self.waits) * 10 >= self._frames:
            self._early = _memory_mib()
        return len(self.waits) >= self._frames


async def feed_figure(sending: Sending) -> FeedFigure:
    """Send frames through everything on one connection, recording a tape."""
    measured = _Measured(sending.frames)
    with tempfile.TemporaryDirectory() as folder:
        tape = RawTapeWriter(Path(folder) / "day.raw", head_of(Load("", sending.packets, 1.0)))
        async with sender(sending) as url:
            feed = _feed(tape, url, measured.stamps)
            desk, frames = _Desk(feed), feed.frames(0)
            async for frame in frames:
                desk.take(frame)
                if measured.note():
                    break
            cpu_us = measured.cpu_us
            await frames.aclose()
        tape.close()
    waits = measured.waits
    return FeedFigure(
        *(sending, feed.counts.frames, feed.counts.steps),
        *(median(waits), quantiles(waits, n=100)[-1], cpu_us),
        measured.memory_mib,
    )


def _feed(tape: RawTapeWriter, url: str, stamps: deque[int]) -> KiteFeed:
    async def open_noted(asked: str, receiver: Receiver, within: float) -> Link:
        return await open_picows(asked, _Noted(receiver, stamps), within)

    clock = SystemClock()
    ticker = Ticker(
        SocketLogin(url, "bench", "bench"),
        TickerSettings(),
        MarketHours(lambda _: True, lambda _: True),
        Rim(clock, time.monotonic, asyncio.sleep, lambda: 0.0, open_noted),
    )
    tokens = [item.token for item in tape.head.instruments]
    ticker.want(dict.fromkeys(tokens, Mode.FULL))
    ticker.watch(tokens[:2])
    nobody = FeedListener(*[lambda _: None] * 4)
    return KiteFeed(
        tape, ticker, nobody, FeedDay(clock, asyncio.sleep, clock.now() + timedelta(days=1))
    )


def _memory_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Print one line."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    figure = asyncio.run(feed_figure(Sending(3_000, 4 * seconds, 4.0)))
    early, late = figure.memory_mib
    print(
        f"{figure.sending.frames} frames of {figure.sending.packets:,} packets sent, "
        f"{figure.frames} taken in {figure.steps} steps; to the panel {figure.median_us:,.0f} us, "
        f"p99 {figure.p99_us:,.0f} us; CPU {figure.cpu_us:,.0f} us a frame; "
        f"memory {early:.0f} MiB, at the end {late:.0f} MiB"
    )


if __name__ == "__main__":
    main()
