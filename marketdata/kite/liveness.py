"""Is a connection alive, does an instrument still tick: judged from times that are handed in.

All times are seconds of a clock that never runs backwards; who reads it is in `connection.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class LivenessSettings:
    """After how many seconds what is done: all above 0.

    `ping_every`: between two pings. `pong_within`: an unanswered ping ends the connection.
    `silence`: without any message, heartbeats included. `sentinel`: without a tick of a watched
    instrument while ticks are expected.
    """

    ping_every: float = 10.0
    pong_within: float = 5.0
    silence: float = 5.0
    sentinel: float = 5.0

    def __post_init__(self) -> None:
        for name in ("ping_every", "pong_within", "silence", "sentinel"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: {getattr(self, name)}, expected above 0")


class Verdict(Enum):
    """What is to be done about a connection."""

    WELL = "well"
    PING = "ping"
    SILENT = "silent"
    UNANSWERED = "unanswered"


class Pulse:
    """What has been heard of one connection since it stands."""

    def __init__(self, settings: LivenessSettings, now: float) -> None:
        self._settings = settings
        self._heard = self._pinged = self._judged = now
        self._awaits_pong = False

    def heard(self, now: float) -> None:
        """Note that a message came, a heartbeat included."""
        self._heard = now

    def pinged(self, now: float) -> None:
        """Note that a ping was sent."""
        self._pinged, self._awaits_pong = now, True

    def ponged(self) -> None:
        """Note that a pong came."""
        self._awaits_pong = False

    def forgive(self, now: float) -> None:
        """Begin anew, as if a message and a pong had just come."""
        self._heard = self._pinged = self._judged = now
        self._awaits_pong = False

    def judge(self, now: float) -> Verdict:
        """Say what is to be done; to be asked a few times within each of the spans.

        A judge who was himself held up for half a span may have messages waiting unread; he
        grants one more look.
        """
        held_up = now - self._judged > min(self._settings.silence, self._settings.pong_within) / 2
        self._judged = now
        if held_up:
            return Verdict.WELL
        if now - self._heard > self._settings.silence:
            return Verdict.SILENT
        if self._awaits_pong:
            late = now - self._pinged > self._settings.pong_within
            return Verdict.UNANSWERED if late else Verdict.WELL
        return Verdict.PING if now - self._pinged >= self._settings.ping_every else Verdict.WELL


class Sentinels:
    """The watched instruments: when each last ticked and which are stale."""

    def __init__(self, limit: float) -> None:
        """Begin with none watched; `limit`: seconds without a tick that make one stale."""
        self._limit = limit
        self._seen: dict[int, float] = {}
        self._stale: set[int] = set()

    def watch(self, tokens: Iterable[int], now: float) -> None:
        """Watch exactly these from now on; those that were watched keep their age."""
        self._seen = {token: self._seen.get(token, now) for token in tokens}
        self._stale &= set(self._seen)

    def unseen_since(self, moment: float) -> frozenset[int]:
        """Return the watched tokens whose last tick lies before a moment."""
        return frozenset(token for token, seen in self._seen.items() if seen < moment)

    def seen(self, tokens: Iterable[int], now: float) -> None:
        """Note that these ticked; tokens that are not watched are passed over."""
        for token in tokens:
            if token in self._seen:
                self._seen[token] = now

    def judge(self, now: float, *, expected: bool) -> tuple[tuple[int, bool], ...]:
        """Return the tokens whose state changed, and whether each is stale now.

        While no ticks are expected none is stale, and ages begin anew when they are.
        """
        if not expected:
            self._seen = dict.fromkeys(self._seen, now)
        stale = {token for token, seen in self._seen.items() if now - seen > self._limit}
        changed = tuple((token, token in stale) for token in sorted(stale ^ self._stale))
        self._stale = stale
        return changed
