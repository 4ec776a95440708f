"""The port to one open socket, whichever library carries it.

The library that was chosen is in `picows_link.py`; keeping a link up is the work of
`connection.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol


class LoginRefused(Exception):
    """Kite refused the key or the token at the handshake."""


class LinkFailed(Exception):
    """No socket came to stand; its text never tells the address asked for."""


class Receiver(Protocol):
    """Takes what a socket brings; called by its reader, so it must be quick."""

    def binary(self, data: bytes) -> None:
        """Take a whole binary message."""

    def text(self, data: bytes) -> None:
        """Take a whole text message."""

    def pong(self) -> None:
        """Take the answer to a ping."""

    def lost(self, reason: str) -> None:
        """Take it that the socket stands no more; nothing comes after this."""


class Link(Protocol):
    """An open socket; what is sent on one that stands no more is lost without a word."""

    def send_text(self, text: str) -> None:
        """Put a text message into the outgoing buffer, without waiting."""

    def send_ping(self) -> None:
        """Ask for a pong."""

    @property
    def has_room(self) -> bool:
        """Say whether the outgoing buffer has room; always once the socket stands no more."""

    def close(self) -> None:
        """Drop the socket at once."""


OpenLink = Callable[[str, Receiver, float], Awaitable[Link]]
"""Opens a link to an address, for a receiver, within so many seconds.

Raises `LoginRefused` or `LinkFailed`; neither tells the address, nor does what they stem from.
"""
