"""What a real broker's venue has to tell: news in the order they came, and conditions as they turn.

What is told, and when, is `live_venue.py`'s; what the engine makes of it is the engine's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec.structs import replace

from execution.orders import OrderUpdate
from trading.doorbell import Doorbell
from trading.engine.events import (
    BOOK,
    BrokerSaid,
    ChangeRefused,
    ConditionChanged,
    ForeignSeen,
    MarginTold,
    TwinFound,
)

News = BrokerSaid | ChangeRefused | ConditionChanged | TwinFound | MarginTold | ForeignSeen


class LiveNews:
    """News that wait to be taken; the bell rings for each.

    `rim`: the moment it is, and the bell. That the book goes on agreeing is told again every
    `confirm_every`.
    """

    def __init__(
        self, rim: tuple[Callable[[], datetime], Doorbell], confirm_every: timedelta
    ) -> None:
        self._now, self._bell = rim
        self._confirm_every = confirm_every
        self._waiting: deque[News] = deque()
        self._bad: dict[str, str] = {}
        self._told_good_at = self._now()

    def __len__(self) -> int:
        return len(self._waiting)

    def tell(self, news: News) -> None:
        """Tell something."""
        self._waiting.append(news)
        self._bell.ring()

    def turn(self, name: str, problem: str) -> None:
        """Tell a condition where it changed; no problem means that it is good."""
        if self._bad.get(name, "") != problem:
            self._bad[name] = problem
            if name == BOOK:
                self._told_good_at = self._now()
            self.tell(ConditionChanged(self._now(), name, not problem, problem))

    @property
    def is_agreed(self) -> bool:
        """Say whether the book agreed when it was last read."""
        return not self._bad[BOOK]

    def confirm(self) -> None:
        """Tell again that the book agrees, if it does and it is time to."""
        now = self._now()
        if self.is_agreed and now - self._told_good_at >= self._confirm_every:
            self._told_good_at = now
            self.tell(ConditionChanged(now, BOOK, good=True))

    def take(self, at: datetime) -> list[News]:
        """Return what waits, as of `at`; it waits no more."""
        found = [replace(news, at=at) for news in self._waiting]
        self._waiting.clear()
        return found


def proven(update: OrderUpdate) -> int:
    """Return the units that the trades of an update prove to have filled."""
    return sum(fill.quantity for fill in update.fills)
