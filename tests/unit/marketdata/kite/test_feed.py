from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from marketdata.feed import MarketFeed
from marketdata.kite.feed import FeedDay, FeedListener, KiteFeed
from marketdata.kite.feed_health import CONNECTION, LOGIN
from marketdata.kite.news import Notice
from marketdata.kite.raw_tape import RawTapeReader, RawTapeWriter
from marketdata.tape import Frame
from tests.kite_frames import FUTURE, NIFTY, SHARE, Packet, frame, head, index_packet
from tests.kite_rim import MORNING, MadeLink, World, full


@dataclass
class Desk:
    """A feed in a made-up world, and everything it tells."""

    path: Path
    world: World = field(default_factory=World)
    orders: list = field(default_factory=list)
    conditions: list = field(default_factory=list)
    gaps: list = field(default_factory=list)
    notices: list = field(default_factory=list)
    ends_after: float = 3_600.0

    def open(self) -> KiteFeed:
        self.tape = RawTapeWriter(self.path, head())
        self.ticker = self.world.ticker()
        self.ticker.want(full(NIFTY, FUTURE, SHARE))
        listener = FeedListener(
            lambda news: self.orders.append(news.order["order_id"]),
            lambda news: self.conditions.append((news.name, news.good, news.detail)),
            self.gaps.append,
            self.notices.append,
        )
        ends_at = MORNING + timedelta(seconds=self.ends_after)
        day = FeedDay(self.world, self.world.sleep, ends_at)
        self.feed = KiteFeed(self.tape, self.ticker, listener, day)
        return self.feed

    @property
    def link(self) -> MadeLink:
        return self.world.links[-1]

    def tick(self, last: int, token: int = FUTURE, volume: int = 0) -> None:
        self.link.receiver.binary(
            frame(Packet(token, last, volume=volume, told_at=self.world.now()))
        )

    async def coming(self, frames: AsyncIterator[Frame]) -> asyncio.Future:
        """Ask for the next frame and let everything settle; it may have come or not."""
        asked = asyncio.ensure_future(anext(frames, None))
        await self.world.settle()
        return asked

    async def close(self, frames: AsyncIterator[Frame]) -> None:
        await frames.aclose()
        self.tape.close()


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path / "day.raw")


def plain(frame: Frame) -> tuple:
    return frame.index, frame.at, frame.ticks.tobytes()


async def test_it_is_a_market_feed(desk):
    feed: MarketFeed = desk.open()

    assert feed.head == head()
    desk.tape.close()


async def test_what_came_since_the_last_frame_is_one_step_with_a_tick_of_each_instrument(desk):
    frames = desk.open().frames(0)
    asked = await desk.coming(frames)
    desk.tick(2_400_000)
    first = await asked
    desk.tick(2_400_500)
    desk.tick(150_000, SHARE)
    await desk.world.pass_(0.5)
    desk.tick(2_399_500)
    desk.link.receiver.binary(frame(index_packet(NIFTY, 2_398_000, desk.world.now())))

    second = await anext(frames)

    assert (first.index, first.at) == (0, MORNING)
    assert (second.index, second.at) == (1, MORNING + timedelta(seconds=0.5))
    assert second.ticks["token"].tolist() == [NIFTY, FUTURE, SHARE]
    assert second.ticks["last"].tolist() == [23_980.0, 23_995.0, 1_500.0]
    assert second.ticks["high"].tolist() == [23_980.0, 24_005.0, 1_500.0]
    await desk.close(frames)


async def test_a_step_that_was_told_stands_on_the_tape_once_that_is_synced(desk):
    frames = desk.open().frames(0)
    asked = await desk.coming(frames)
    desk.tick(2_400_000)

    told = await asked
    desk.tape.sync()

    assert [plain(each) for each in RawTapeReader(desk.path).frames()] == [plain(told)]
    await desk.close(frames)


async def test_recovery_tells_the_recorded_frames_again_and_goes_on_behind_them(desk):
    frames, told = desk.open().frames(0), []
    for last in (2_400_000, 2_400_500, 2_399_000):
        asked = await desk.coming(frames)
        desk.tick(last)
        told.append(plain(await asked))
    await desk.close(frames)
    await desk.world.pass_(5)

    frames = desk.open().frames(1)
    again = [plain(await anext(frames)), plain(await anext(frames))]
    asked = await desk.coming(frames)
    desk.tick(2_401_000, volume=75)
    following = await asked

    assert again == told[1:]
    assert (following.index, following.at) == (3, desk.world.now())
    assert following.ticks["open"].tolist() == [24_010.0]
    await desk.close(frames)
    assert len(RawTapeReader(desk.path)) == 4


async def test_time_never_runs_backwards_even_if_the_clock_does(desk):
    feed = desk.open()
    frames = feed.frames(0)
    asked = await desk.coming(frames)
    desk.tick(2_400_000)
    first = await asked
    desk.world.seconds -= 30

    desk.tick(2_400_500)
    second = await anext(frames)

    assert second.at == first.at == feed.now()
    await desk.close(frames)


async def test_orders_are_passed_on_in_their_order_without_waiting_for_a_price(desk):
    frames = desk.open().frames(0)
    asked = await desk.coming(frames)
    for number in range(50):
        text = json.dumps({"type": "order", "data": {"order_id": str(number)}})
        desk.link.receiver.text(text.encode())
    await desk.world.settle()

    assert desk.orders == [str(number) for number in range(50)]
    assert not asked.done()
    asked.cancel()
    await desk.world.settle()
    desk.tape.close()


async def test_a_lost_connection_is_a_bad_condition_until_it_stands_again(desk):
    frames = desk.open().frames(0)
    asked = await desk.coming(frames)
    await desk.world.beat(2)
    desk.link.receiver.lost("gone")
    await desk.world.pass_(1)

    assert desk.conditions == [
        (CONNECTION, False, "0: not connected yet"),
        ("feed-login", True, ""),
        ("feed-sentinels", True, ""),
        (CONNECTION, True, ""),
        (CONNECTION, False, "0: gone"),
        (CONNECTION, True, ""),
    ]
    assert [(gap.connection, gap.since) for gap in desk.gaps] == [
        (0, MORNING + timedelta(seconds=2))
    ]
    asked.cancel()
    await desk.world.settle()
    desk.tape.close()


async def test_a_refused_login_is_a_condition_of_its_own(desk):
    desk.world.outcomes.append("refuse")
    frames = desk.open().frames(0)
    asked = await desk.coming(frames)

    assert (LOGIN, False, "key or token refused") in desk.conditions
    asked.cancel()
    await desk.world.settle()
    desk.tape.close()


async def test_notices_are_passed_on(desk):
    frames = desk.open().frames(0)
    asked = await desk.coming(frames)
    desk.link.receiver.text(b'{"type":"message","data":"maintenance"}')
    await desk.world.settle()

    assert desk.notices == [Notice(MORNING, "message: maintenance")]
    asked.cancel()
    await desk.world.settle()
    desk.tape.close()


async def test_damaged_frames_and_foreign_instruments_make_no_step_but_go_on_the_tape(desk):
    feed = desk.open()
    frames = feed.frames(0)
    asked = await desk.coming(frames)
    desk.tick(100, token=7 << 8 | 2)
    desk.link.receiver.binary(b"\0\1\0")
    desk.link.receiver.binary(frame(bytes(12)))
    await desk.world.settle()
    assert not asked.done()

    desk.tick(2_400_000)
    told = await asked

    assert told.index == 0
    desk.tape.sync()
    (step,) = RawTapeReader(desk.path).steps()
    assert len(step.frames) == 4
    counts = feed.counts
    assert (counts.unknown, counts.strange, counts.damaged) == (1, 1, 1)
    assert (counts.steps, counts.frames, counts.ticks, counts.untaped) == (1, 4, 1, 0)
    await desk.close(frames)


async def test_frames_that_touch_nothing_are_not_kept_without_end(desk):
    feed = desk.open()
    frames = feed.frames(0)
    asked = await desk.coming(frames)
    for _ in range(1_500):
        desk.tick(100, token=7 << 8 | 2)
    await desk.world.settle()
    desk.tick(2_400_000)
    await asked

    desk.tape.sync()
    (step,) = RawTapeReader(desk.path).steps()
    assert len(step.frames) == 1_001
    assert feed.counts.untaped == 500
    await desk.close(frames)


async def test_the_frames_end_with_the_day_and_the_sockets_are_dropped(desk):
    desk.ends_after = 10
    frames = desk.open().frames(0)
    asked = await desk.coming(frames)
    await desk.world.beat(9)
    assert not asked.done()

    await desk.world.beat(1.5)

    assert asked.result() is None
    assert desk.link.is_closed
    desk.tape.close()
