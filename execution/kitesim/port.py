"""One listening port of a server, that can go away and come back under the same number.

What answers there is an application made elsewhere.
"""

from __future__ import annotations

from aiohttp import web

_SHUTDOWN_SECONDS = 0.1
_LONGEST_LINE = 1 << 17
"""Bytes; a thousand instruments stand in the address of one call."""


class Port:
    """An address that serves one application."""

    def __init__(self, host: str, number: int) -> None:
        """`number`: 0 takes a free one when it is opened."""
        self._host = host
        self._number = number
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    @property
    def number(self) -> int:
        """Return the port's number; 0 before it is opened on a free one."""
        return self._number

    async def open(self, app: web.Application) -> None:
        """Serve `app`. Raises `OSError` where the port is taken."""
        self._runner = web.AppRunner(
            app,
            handle_signals=False,
            access_log=None,
            shutdown_timeout=_SHUTDOWN_SECONDS,
            max_line_size=_LONGEST_LINE,
        )
        await self._runner.setup()
        await self.reopen()

    async def reopen(self) -> None:
        """Listen again, or for the first time."""
        if self._runner is None:
            raise ValueError("port: expected open() first")
        self._site = web.TCPSite(self._runner, self._host, self._number)
        await self._site.start()
        self._number = int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Listen no more and end every connection; the application stays as it is."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        if self._runner is not None and self._runner.server is not None:
            await self._runner.server.shutdown(_SHUTDOWN_SECONDS)

    async def end(self) -> None:
        """Close it for good."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = self._site = None
