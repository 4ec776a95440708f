"""Binary messages that wait to be taken: all of them, or under pressure the newest per instrument.

Messages of orders never come here, see `inbox.py`.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

from marketdata.kite.frames import FrameError
from marketdata.kite.news import WireFrame
from marketdata.kite.packets import frames_of, keep_newest


class Backlog:
    """What came since it was last taken, as it came, up to `most_bytes`.

    What comes beyond that is conflated: of each instrument the newest packet is kept, so that a
    reader who stops costs no more than that. `conflated`: packets that gave way to newer ones.
    `damaged`: frames left out while conflating, as their packets did not add up.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._frames: deque[WireFrame] = deque()
        self._newest: dict[int, bytes] = {}
        self._newest_at: datetime | None = None
        self.conflated = self.damaged = 0

    def add(self, frame: WireFrame) -> None:
        """Put a frame behind the others."""
        if self._newest_at is None and self._bytes + len(frame.data) <= self._most:
            self._frames.append(frame)
            self._bytes += len(frame.data)
            return
        try:
            self.conflated += keep_newest(frame.data, self._newest)
            self._newest_at = frame.received_at
        except FrameError:
            self.damaged += 1

    def take(self) -> tuple[WireFrame, ...]:
        """Return what waits, oldest first, and wait for new frames; empty where nothing does."""
        frames = tuple(self._frames)
        if self._newest_at is not None:
            frames += tuple(WireFrame(self._newest_at, data) for data in frames_of(self._newest))
        self._frames.clear()
        self._newest.clear()
        self._bytes, self._newest_at = 0, None
        return frames
