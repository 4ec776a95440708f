"""What one socket brings, handed on as news while that socket is the one in use.

Opening and judging the socket is the work of `connection.py`.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from marketdata.kite.access import SocketLogin
from marketdata.kite.frames import HEARTBEAT_BYTES
from marketdata.kite.liveness import Pulse
from marketdata.kite.news import Notice, WireFrame
from marketdata.kite.text_messages import read_text
from marketdata.kite.ticker_settings import Common


class Reception:
    """Takes what one socket brings; once it is shut, nothing of that socket is taken any more."""

    def __init__(self, common: Common, login: SocketLogin, woken: asyncio.Event) -> None:
        self._common = common
        self._login = login
        self._woken = woken
        self._is_shut = False
        self.reason = ""
        self.heard_at: datetime | None = None
        self.pulse = Pulse(common.settings.liveness, common.rim.seconds())

    def binary(self, data: bytes) -> None:
        """Hand a frame on; a heartbeat only shows life."""
        if self._is_shut:
            return
        at = self._hear()
        if len(data) <= HEARTBEAT_BYTES:
            self._common.counts.heartbeats += 1
            return
        self._common.counts.frames += 1
        self._common.counts.bytes += len(data)
        self._common.inbox.frame(WireFrame(at, data))
        self._common.arrived(data)

    def text(self, data: bytes) -> None:
        """Hand on what a text message says."""
        if self._is_shut:
            return
        self._common.counts.texts += 1
        said = read_text(data, self._hear())
        if isinstance(said, Notice):
            said = Notice(said.at, self._login.hidden(said.text))
        self._common.inbox.say(said)

    def pong(self) -> None:
        """Note that the server answered."""
        self.pulse.ponged()

    def lost(self, reason: str) -> None:
        """Let the connection know at once."""
        self.reason = self.reason or reason
        self._woken.set()

    def shut(self) -> None:
        """Take nothing more."""
        self._is_shut = True

    def _hear(self) -> datetime:
        self.pulse.heard(self._common.rim.seconds())
        self.heard_at = self._common.rim.clock.now()
        return self.heard_at
