"""The key to the socket, and whether Kite still takes it.

How the token is obtained is in `session.py`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class SocketLogin:
    """Where the socket is and who asks; neither key nor token shows in its text."""

    root: str
    api_key: str = field(repr=False)
    access_token: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.root.startswith(("wss://", "ws://")):
            raise ValueError("root: expected it to begin with wss:// or ws://")

    def url(self) -> str:
        """Return the address to connect to. It holds the token: never log it."""
        asked = urlencode({"api_key": self.api_key, "access_token": self.access_token})
        return f"{self.root.rstrip('/')}/?{asked}"

    def hidden(self, text: str) -> str:
        """Return `text` with key and token blotted out."""
        for secret in (self.access_token, self.api_key):
            if secret:
                text = text.replace(secret, "…")
        return text


class Access:
    """The login that all connections of a ticker share."""

    def __init__(self, login: SocketLogin) -> None:
        self.login = login
        self._taken = asyncio.Event()
        self._taken.set()

    @property
    def is_refused(self) -> bool:
        """Say whether Kite refused this login."""
        return not self._taken.is_set()

    def refuse(self, login: SocketLogin) -> bool:
        """Note that a login was refused; say whether this is news about the present one."""
        if login is not self.login or self.is_refused:
            return False
        self._taken.clear()
        return True

    def renew(self, login: SocketLogin) -> None:
        """Let everybody who waits try again with another login."""
        self.login = login
        self._taken.set()

    async def granted(self) -> SocketLogin:
        """Return the login as soon as there is one that was not refused."""
        await self._taken.wait()
        return self.login
