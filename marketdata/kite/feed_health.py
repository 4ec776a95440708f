"""What the ticker's news mean for trading: when the feed is good, and when it is not and why.

What is done about it is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from marketdata.kite.news import Closed, Connected, Fresh, Lost, NeedsLogin, Stale, TickerNews

CONNECTION = "feed-connection"
LOGIN = "feed-login"
SENTINELS = "feed-sentinels"

_NOT_YET = "not connected yet"


@dataclass(frozen=True, slots=True)
class FeedCondition:
    """Something about the feed that turned good or bad, or is bad for another reason now."""

    at: datetime
    name: str
    good: bool
    detail: str


class FeedHealth:
    """Folds news into conditions and says each change once.

    `feed-connection` is bad while a connection does not stand, `feed-login` from the moment Kite
    refuses the login until something connects, `feed-sentinels` while a watched instrument does
    not tick.
    """

    def __init__(self, symbols: Mapping[int, str]) -> None:
        """Begin without a connection; `symbols` names the tokens of watched instruments."""
        self._symbols = symbols
        self._down: dict[int, str] = {0: _NOT_YET}
        self._stale: set[int] = set()
        self._refused = False
        self._told: dict[str, tuple[bool, str]] = {LOGIN: (True, ""), SENTINELS: (True, "")}

    def begin(self, at: datetime) -> tuple[FeedCondition, ...]:
        """Return how all stands before anything has connected, the good included.

        Whoever listens may remember something bad that was told by an earlier process.
        """
        self._told = {}
        return self._changes(at)

    def take(self, news: TickerNews) -> tuple[FeedCondition, ...]:
        """Return what has changed by some news."""
        match news:
            case Connected(at=at, connection=number):
                self._down.pop(number, None)
                self._refused = False
            case Lost(at=at, connection=number, reason=reason):
                self._down[number] = reason
            case Closed(at=at, connection=number):
                self._down.pop(number, None)
            case NeedsLogin(at=at):
                self._refused = True
            case Stale(at=at, token=token):
                self._stale.add(token)
            case Fresh(at=at, token=token):
                self._stale.discard(token)
            case _:
                return ()
        return self._changes(at)

    def _changes(self, at: datetime) -> tuple[FeedCondition, ...]:
        down = "; ".join(f"{number}: {why}" for number, why in sorted(self._down.items()))
        stale = ", ".join(self._symbols.get(token, str(token)) for token in sorted(self._stale))
        now = {
            CONNECTION: (not self._down, down),
            LOGIN: (not self._refused, "key or token refused" if self._refused else ""),
            SENTINELS: (not self._stale, stale),
        }
        changed = tuple(
            FeedCondition(at, name, *state)
            for name, state in now.items()
            if self._told.get(name) != state
        )
        self._told = now
        return changed
