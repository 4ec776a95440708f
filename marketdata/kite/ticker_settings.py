"""How a ticker behaves, and what its connections share; nothing happens here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from marketdata.clock import Clock
from marketdata.kite.access import Access
from marketdata.kite.backoff import Backoff
from marketdata.kite.inbox import Inbox
from marketdata.kite.link import OpenLink
from marketdata.kite.liveness import LivenessSettings
from marketdata.kite.subscriptions import SocketLimits


@dataclass(frozen=True, slots=True)
class TickerSettings:
    """How a ticker behaves.

    `connect_within`, `watch_every`: seconds. `most_waiting_bytes`: frames not yet taken up to
    this size are kept as they came, beyond it the newest per instrument.
    """

    liveness: LivenessSettings = field(default_factory=LivenessSettings)
    backoff: Backoff = field(default_factory=Backoff)
    limits: SocketLimits = field(default_factory=SocketLimits)
    connect_within: float = 10.0
    watch_every: float = 0.25
    most_waiting_bytes: int = 32 << 20


@dataclass(frozen=True, slots=True)
class Rim:
    """Where a ticker touches the world: the time, waiting, chance, sockets.

    `seconds` is a clock that never runs backwards; `chance` returns from 0 to below 1.
    """

    clock: Clock
    seconds: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    chance: Callable[[], float]
    open_link: OpenLink


@dataclass(frozen=True, slots=True)
class MarketHours:
    """When connections are wanted at all, and when every liquid instrument must be ticking."""

    in_session: Callable[[datetime], bool]
    ticks_expected: Callable[[datetime], bool]


@dataclass(slots=True)
class SocketCounts:
    """What came over the sockets since the start of the process."""

    frames: int = 0
    bytes: int = 0
    heartbeats: int = 0
    texts: int = 0
    opened: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Common:
    """What all connections of a ticker share; `arrived` is called with every frame."""

    access: Access
    settings: TickerSettings
    hours: MarketHours
    rim: Rim
    inbox: Inbox
    counts: SocketCounts
    arrived: Callable[[bytes], None]
