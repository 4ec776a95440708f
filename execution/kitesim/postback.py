"""Order news posted to the app's own address, with the checksum that proves who sent it.

The same news goes over the socket with a blank checksum; what is in it is `news.py`.
"""

from __future__ import annotations

import asyncio
import hashlib

import aiohttp

from execution.kitesim.answers import as_json
from execution.kitesim.news import Message

_PATIENCE = aiohttp.ClientTimeout(total=3)


class Postbacks:
    """Posts messages in their order to one address; one that nobody takes is lost, as at Kite."""

    def __init__(self, url: str, api_secret: str) -> None:
        self._url = url
        self._api_secret = api_secret
        self._waiting: asyncio.Queue[Message] = asyncio.Queue()

    async def send(self, message: Message) -> None:
        """Have a message posted soon."""
        self._waiting.put_nowait(message)

    async def run(self) -> None:
        """Post what there is, for ever."""
        async with aiohttp.ClientSession(timeout=_PATIENCE) as client:
            while True:
                await self._post(client, await self._waiting.get())

    async def _post(self, client: aiohttp.ClientSession, message: Message) -> None:
        body = as_json(message | {"checksum": postback_checksum(message, self._api_secret)})
        headers = {"Content-Type": "application/json"}
        try:
            async with client.post(self._url, data=body, headers=headers) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return


def postback_checksum(message: Message, api_secret: str) -> str:
    """Return the SHA-256 of order id, its time as told, and the app's secret."""
    text = f"{message['order_id']}{message['order_timestamp']}{api_secret}"
    return hashlib.sha256(text.encode()).hexdigest()
