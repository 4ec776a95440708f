"""The live page's socket: a snapshot when it opens, then every change with its number.

Nothing is decided or commanded here; controls are plain requests, see `backoffice/pages`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone
from redis.exceptions import RedisError

from backoffice.live.desk_state import snapshot, watched_account
from backoffice.live.outbox import Outbox, SlowReaderError
from backoffice.live.watchers import may_still_watch, may_watch
from trading.broadcast_keys import group

SIGNED_OUT = 4401
NOT_UNDERSTOOD = 4400
NOT_NOW = 1013

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_log = logging.getLogger(__name__)
_ask = {"thread_sensitive": False}


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc] # Channels has no types
    """One open page. It acknowledges nothing; `{"type": "snapshot"}` asks for the state anew."""

    ping_seconds = 20.0
    account = ""
    outbox: Outbox
    pinging: asyncio.Task[None] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one socket until it ends; without Redis it closes at once."""
        try:
            await super().__call__(scope, receive, send)
        except (RedisError, OSError) as error:
            _log.warning("the live page's socket ends: %s", type(error).__name__)
            await send({"type": "websocket.close", "code": NOT_NOW})

    async def connect(self) -> None:
        """Let in who may watch; join the changes before the snapshot is read, so none is lost."""
        if not await database_sync_to_async(may_watch, **_ask)(self.scope["user"]):
            await self.close()
            return
        self.account = await database_sync_to_async(watched_account, **_ask)()
        self.outbox = Outbox(self.send)
        await self.channel_layer.group_add(group(self.account), self.channel_name)
        await self.accept()
        self.outbox.start()
        await self._put_snapshot()
        self.pinging = asyncio.create_task(self._ping())

    async def disconnect(self, _code: int) -> None:
        """Leave the changes and forget what waits."""
        await self._leave()

    async def receive(self, text_data: str | None = None, **_bytes: bytes | None) -> None:
        """Answer the one thing a page may ask; anything else closes the socket."""
        try:
            wish = json.loads(text_data or "")
        except ValueError:
            wish = None
        if wish == {"type": "snapshot"}:
            await self._put_snapshot()
        else:
            await self._shut(NOT_UNDERSTOOD)

    async def desk_delta(self, message: dict[str, Any]) -> None:
        """Pass on one change of the desk."""
        delta = {"type": "delta", "sequence": message["sequence"], "changes": message["changes"]}
        await self._put(json.dumps(delta, separators=(",", ":")))

    async def _put_snapshot(self) -> None:
        found = await database_sync_to_async(snapshot, **_ask)(self.account)
        await self._put(found.as_message())

    async def _put(self, text: str) -> None:
        """Hand a message over; a page that is too far behind is dropped on the spot.

        It gets no farewell: that would have to wait for it.
        """
        try:
            self.outbox.put(text)
        except SlowReaderError as error:
            await self._leave()
            raise StopConsumer from error

    async def _shut(self, code: int) -> None:
        self.outbox.cancel()
        await self.close(code=code)

    async def _leave(self) -> None:
        if not self.account:
            return
        if self.pinging is not None:
            self.pinging.cancel()
        self.outbox.cancel()
        with contextlib.suppress(RedisError, OSError):
            await self.channel_layer.group_discard(group(self.account), self.channel_name)

    async def _ping(self) -> None:
        """Say every 20 s that the line is alive, and close it for one who may watch no longer."""
        while True:
            await asyncio.sleep(self.ping_seconds)
            if not await database_sync_to_async(may_still_watch, **_ask)(self.scope):
                await self._shut(SIGNED_OUT)
                return
            with contextlib.suppress(SlowReaderError):
                self.outbox.put(_ping_message())


def _ping_message() -> str:
    return json.dumps({"type": "ping", "wall_at": timezone.now().isoformat()})
