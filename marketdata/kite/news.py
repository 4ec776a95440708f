"""What the ticker tells whoever listens to it, one value for each kind of news.

How the news come about is in `connection.py` and `ticker.py`; what they mean for trading in
`feed_health.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class WireFrame:
    """A binary message as it came, and when; never a heartbeat."""

    received_at: datetime
    data: bytes


@dataclass(frozen=True, slots=True)
class Frames:
    """Every binary message that came since the last ones were handed over, oldest first."""

    frames: tuple[WireFrame, ...]


@dataclass(frozen=True, slots=True)
class OrderMessage:
    """What Kite says of an order, in its own fields; messages may come twice or out of order."""

    at: datetime
    order: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection stands and is being subscribed."""

    at: datetime
    connection: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A connection does not stand, and is tried again; said again after each try that failed."""

    at: datetime
    connection: int
    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A connection was closed because nothing is left for it to carry."""

    at: datetime
    connection: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was heard on a connection between two moments: prices and order messages may lack.

    Said once, when the connection stands again with all its subscriptions.
    """

    since: datetime
    until: datetime
    connection: int


@dataclass(frozen=True, slots=True)
class Stale:
    """A watched instrument has not ticked for longer than it may."""

    at: datetime
    token: int


@dataclass(frozen=True, slots=True)
class Fresh:
    """A watched instrument that was stale ticks again, or no ticks are expected any more."""

    at: datetime
    token: int


@dataclass(frozen=True, slots=True)
class NeedsLogin:
    """Kite refused the key or the token; nothing connects again before a new login."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """Something for the log: a message of the broker, or a text message that made no sense."""

    at: datetime
    text: str


TickerNews = (
    Frames | OrderMessage | Connected | Lost | Closed | Gap | Stale | Fresh | NeedsLogin | Notice
)
