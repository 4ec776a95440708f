"""A clock that follows the exchange's own time, as the frames of a socket tell it.

It serves days that pass faster than real time; when a real day is traded, the machine's clock does.
"""

from __future__ import annotations

from datetime import datetime

from marketdata.clock import EventClock
from marketdata.kite.frames import HEARTBEAT_BYTES, FrameError, split
from marketdata.kite.layout import FULL_PACKET, INDEX_FULL_PACKET
from marketdata.kite.link import Link, OpenLink, Receiver
from marketdata.tape import microseconds, moment

_SECOND = 1_000_000
_STAMPED = (FULL_PACKET.itemsize, INDEX_FULL_PACKET.itemsize)


class ExchangeClock:
    """Stands at the newest exchange time heard within a session, never runs backwards."""

    def __init__(self, opens_at: datetime, closes_at: datetime) -> None:
        """Stand at the opening, aware; a time after the close is taken for damage, not for news."""
        self._clock = EventClock(opens_at)
        self._last = microseconds(closes_at) // _SECOND

    def now(self) -> datetime:
        """Return the newest exchange time heard, in IST."""
        return self._clock.now()

    def hear(self, frame: bytes) -> None:
        """Move to the newest exchange time that a binary message tells, if it tells any."""
        if (newest := newest_second(frame, self._last)) is not None:
            self._clock.set(moment(newest * _SECOND))

    def end_at(self, at: datetime) -> None:
        """Move to a moment that no frame will tell, as the day is over."""
        self._clock.set(at)


def newest_second(frame: bytes, last: int) -> int | None:
    """Return the newest exchange time of a frame up to `last`, both in seconds since the epoch.

    None for a heartbeat, for a frame that isn't whole, and where no packet tells its time.
    """
    if len(frame) == HEARTBEAT_BYTES:
        return None
    try:
        packets = split(frame)
    except FrameError:
        return None
    times = [packets[size]["exchange_at"] for size in _STAMPED if size in packets]
    told = [int(known.max()) for each in times if len(known := each[(each > 0) & (each <= last)])]
    return max(told, default=None)


class _Listener:
    """Lets a clock hear every binary message before its receiver takes it."""

    def __init__(self, clock: ExchangeClock, receiver: Receiver) -> None:
        self._clock, self._receiver = clock, receiver
        self.text, self.pong, self.lost = receiver.text, receiver.pong, receiver.lost

    def binary(self, data: bytes) -> None:
        self._clock.hear(data)
        self._receiver.binary(data)


def heard(clock: ExchangeClock, open_link: OpenLink) -> OpenLink:
    """Return what opens links as `open_link` does, with everything they bring heard by a clock."""

    async def opened(url: str, receiver: Receiver, within: float) -> Link:
        return await open_link(url, _Listener(clock, receiver), within)

    return opened
