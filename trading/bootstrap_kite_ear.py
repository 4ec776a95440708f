"""What a desk on Kite's prices hears beside them, joined to what comes from outside.

Putting the desk together is `bootstrap_kite.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from marketdata.kite.feed import FeedListener
from marketdata.kite.feed_health import FeedCondition
from marketdata.kite.news import Notice
from trading.bootstrap import Outside
from trading.doorbell import Doorbell
from trading.engine.events import ConditionChanged
from trading.engine.runner import Input
from trading.live_venue import LiveVenue


class KiteEar:
    """Gathers what the feed says beside prices, and joins it to what comes from outside."""

    def __init__(self, outside: Outside, bell: Doorbell, venue: LiveVenue | None) -> None:
        self._outside = outside
        self._bell = bell
        self._venue = venue
        self._conditions: deque[FeedCondition] = deque()

    def listener(self, notice: Callable[[Notice], None]) -> FeedListener:
        """Return who is told by the feed. On paper nobody waits for order messages."""
        venue = self._venue
        return FeedListener(
            order=(lambda message: venue.hear(message.order)) if venue else (lambda _: None),
            condition=self._take,
            gap=(lambda _: venue.look()) if venue else (lambda _: None),
            notice=notice,
        )

    def _take(self, condition: FeedCondition) -> None:
        self._conditions.append(condition)
        self._bell.ring()

    def inputs(self, at: datetime) -> list[Input]:
        """Return everything that came since the last call."""
        conditions = [
            ConditionChanged(at, told.name, told.good, told.detail) for told in self._conditions
        ]
        self._conditions.clear()
        news = self._venue.news(at) if self._venue else []
        self._outside.heard(news)
        return [*self._outside.inputs(at), *conditions, *news]
