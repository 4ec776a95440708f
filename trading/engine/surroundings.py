"""What stands around a runner: its journal, its feed and venue, and what comes in by itself.

What is made of it is `runner.py`'s; it is put together in the composition root.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from marketdata.feed import MarketFeed
from marketdata.quality import TickScreen
from trading.engine.events import (
    BandsTold,
    BrokerSaid,
    ChangeRefused,
    CommandIssued,
    ConditionChanged,
    ForeignSeen,
    MarginTold,
    StrategyOverran,
    TwinFound,
)
from trading.engine.lived import Keeping
from trading.engine.timeline import Timeline
from trading.engine.venue import Venue

Input = (
    CommandIssued
    | ConditionChanged
    | BandsTold
    | StrategyOverran
    | BrokerSaid
    | ChangeRefused
    | TwinFound
    | MarginTold
    | ForeignSeen
)
"""What comes in from outside by itself: commands, conditions, bands, a real broker's news."""


class Journal(Protocol):
    """Where a run is written down; the file is flushed before an order leaves.

    A record's body is a value that never changes, to be encoded whenever the journal wants.
    """

    @property
    def recovered(self) -> Sequence[Any]: ...

    @property
    def seq(self) -> int: ...

    def append(self, kind: str, body: object, *, incoming: bool) -> int: ...

    def write(self, before: int | None = None) -> None: ...

    def flush(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around the engine in one run.

    `past` tells the frames of a journal's past, `feed` those that follow, each when it is due.
    `now` returns the moment it is between two frames, None where time passes with frames only.
    `inputs` returns what came from outside since the last call; `pause` waits for so many seconds,
    at most `listen_seconds`, less where something has come. `frames_safe` returns how many frames
    the disk has (None for all), `sync_feed` waits until it has all: the journal's file never names
    a frame that a power cut could take back. `before_orders` is called before orders leave and may
    raise to stop the process (the leader's fence). `keeping`: None for nothing kept.
    """

    journal: Journal
    venue: Venue
    past: MarketFeed
    feed: MarketFeed
    now: Callable[[], datetime | None]
    screen: TickScreen
    timeline: Timeline
    inputs: Callable[[datetime], Sequence[Input]]
    before_orders: Callable[[], None]
    symbols: dict[int, str]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    listen_seconds: float = 0.05
    frames_safe: Callable[[], int | None] = lambda: None
    sync_feed: Callable[[], None] = lambda: None
    keeping: Keeping | None = None
