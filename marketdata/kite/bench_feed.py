"""The whole way of a frame: socket, ticker, board, tape, screen, panel; nothing is lost, how fast.

A process of its own sends. Run `python -m marketdata.kite.bench_feed SECONDS`.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np

from marketdata.clock import SystemClock
from marketdata.kite.access import SocketLogin
from marketdata.kite.bench_raw_tape import Load, head_of
from marketdata.kite.bench_socket import Sending, sender
from marketdata.kite.bench_waits import FeedFigure, Waits
from marketdata.kite.feed import FeedDay, FeedListener, KiteFeed
from marketdata.kite.layout import Mode
from marketdata.kite.picows_link import open_picows
from marketdata.kite.raw_tape import RawTapeWriter
from marketdata.kite.ticker import Ticker
from marketdata.kite.ticker_settings import MarketHours, Rim, TickerSettings
from marketdata.panel import Panel
from marketdata.quality import ScreenSettings, TickScreen
from marketdata.tape import Frame, microseconds
from marketdata.timeframes import Timeframe

_BARS = [Timeframe.SECOND, Timeframe.SECONDS_5, Timeframe.MINUTE]


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


async def feed_figure(sending: Sending) -> FeedFigure:
    """Send frames through everything on one connection, recording a tape."""
    waits = Waits(sending)
    with tempfile.TemporaryDirectory() as folder:
        tape = RawTapeWriter(Path(folder) / "day.raw", head_of(Load("", sending.packets, 1.0)))
        async with sender(sending) as url:
            feed = _feed(tape, url, waits)
            desk, frames = _Desk(feed), feed.frames(0)
            async for frame in frames:
                desk.take(frame)
                if waits.on_panel(feed.counts.frames):
                    break
            figure = waits.figure(feed.counts.frames, feed.counts.steps)
            await frames.aclose()
        tape.close()
    return figure


def _feed(tape: RawTapeWriter, url: str, waits: Waits) -> KiteFeed:
    clock = SystemClock()
    ticker = Ticker(
        SocketLogin(url, "bench", "bench"),
        TickerSettings(),
        MarketHours(lambda _: True, lambda _: True),
        Rim(clock, time.monotonic, asyncio.sleep, lambda: 0.0, waits.noting(open_picows)),
    )
    tokens = [item.token for item in tape.head.instruments]
    ticker.want(dict.fromkeys(tokens, Mode.FULL))
    ticker.watch(tokens[:2])
    nobody = FeedListener(*[lambda _: None] * 4)
    return KiteFeed(
        tape, ticker, nobody, FeedDay(clock, asyncio.sleep, clock.now() + timedelta(days=1))
    )


def main() -> None:
    """Print one line."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print(asyncio.run(feed_figure(Sending(3_000, 4 * seconds, 4.0))))


if __name__ == "__main__":
    main()
