"""The live feed over a real socket, from the wire to the tape and back."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from marketdata.clock import SystemClock
from marketdata.kite.access import SocketLogin
from marketdata.kite.backoff import Backoff
from marketdata.kite.bench_feed import feed_figure
from marketdata.kite.bench_socket import Sending, socket_figures
from marketdata.kite.feed import FeedDay, FeedListener, KiteFeed
from marketdata.kite.picows_link import open_picows
from marketdata.kite.raw_tape import RawTapeReader, RawTapeWriter
from marketdata.kite.ticker import Ticker
from marketdata.kite.ticker_settings import MarketHours, Rim, TickerSettings
from tests.kite_frames import FUTURE, NIFTY, SHARE, Packet, frame, head, index_packet
from tests.kite_rim import full
from tests.kite_socket import KiteSocket
from trading.bench_feed import desk_figure

SETTINGS = TickerSettings(backoff=Backoff(first=0.02, longest=0.1), watch_every=0.02)


async def test_a_day_with_drops_is_read_back_as_it_was_told(tmp_path):
    told, gaps = [], []
    async with KiteSocket() as server:
        feed = _feed(tmp_path, server.root, gaps)
        feeding = asyncio.ensure_future(_send(server))
        async with asyncio.timeout(60):
            async for each in feed.frames(0):
                told.append(each)
                await asyncio.sleep(0)
                if each.ticks["volume"].max() == 75 * 59:
                    break
        await feeding

    again = list(RawTapeReader(tmp_path / "day.raw").frames())
    assert [(f.index, f.at, f.ticks.tobytes()) for f in again] == [
        (f.index, f.at, f.ticks.tobytes()) for f in told
    ]
    assert [each.index for each in told] == list(range(len(told)))
    assert len(gaps) == 2
    assert len(server.callers) == 3


async def _send(server: KiteSocket) -> None:
    """Send sixty frames and drop the line twice on the way."""
    for number in range(60):
        caller = await server.caller(number // 20)
        await server.until(lambda caller=caller: len(caller.commands) == 2)
        when = SystemClock().now()
        await caller.send(
            frame(
                Packet(FUTURE, 2_400_000 + number * 5, volume=75 * number, told_at=when),
                index_packet(NIFTY, 2_398_000 + number, when),
            )
        )
        await asyncio.sleep(0.005)
        if number in (19, 39):
            await caller.close(1001)


def _feed(folder, root: str, gaps: list) -> KiteFeed:
    clock = SystemClock()
    ticker = Ticker(
        SocketLogin(root, "key", "token"),
        SETTINGS,
        MarketHours(lambda at: True, lambda at: False),
        Rim(clock, time.monotonic, asyncio.sleep, lambda: 0.0, open_picows),
    )
    ticker.want(full(NIFTY, FUTURE, SHARE))
    nothing = lambda news: None  # noqa: E731
    listener = FeedListener(nothing, nothing, gaps.append, nothing)
    day = FeedDay(clock, asyncio.sleep, clock.now() + timedelta(minutes=10))
    return KiteFeed(RawTapeWriter(folder / "day.raw", head()), ticker, listener, day)


async def test_no_frame_is_lost_on_the_whole_way_however_fast_they_come():
    figure = await feed_figure(Sending(packets=200, frames=300, per_second=0))

    assert figure.frames == 300
    assert 0 < figure.steps <= 300
    assert 0 < figure.median_us <= figure.p99_us


async def test_no_frame_is_lost_on_the_way_to_a_whole_desk():
    figure = await desk_figure(Sending(packets=60, frames=80, per_second=40))

    assert figure.frames == 80
    assert 0 < figure.steps <= 80
    assert 0 < figure.median_us <= figure.p99_us
    assert "80 frames of 60 packets sent, 80 taken" in str(figure)


def test_every_library_that_is_installed_is_measured():
    figures = socket_figures((Sending(packets=10, frames=20, per_second=0),), rounds=1)

    assert {"picows", "aiohttp"} <= {figure.package for figure in figures}
    assert all(figure.median_us > 0 and figure.cpu_us > 0 for figure in figures)
