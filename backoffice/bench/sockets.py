"""Watchers without a screen: signed in, with the live page's socket open, reading all it says."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from backoffice.bench.running import MeasuredDesk

_LONGEST_MESSAGE = 2**25


@dataclass(slots=True)
class Watcher:
    """One open socket: when which state of the desk came, and under which number.

    `seen`: moment of the desk and time on the wall in seconds since the epoch. `moments`: the
    desk's moment by the number of the change.
    """

    seen: list[tuple[float, float]] = field(default_factory=list)
    moments: dict[int, float] = field(default_factory=dict)
    messages: int = 0
    _moment: float = 0.0

    async def read(self, line: ClientConnection) -> None:
        """Read until the line ends or the task is cancelled."""
        with suppress(ConnectionClosed):
            async for text in line:
                self.take(json.loads(text), time.time())

    def take(self, message: dict[str, Any], at: float) -> None:
        """Note what a message tells; one without a new moment repeats the last."""
        self.messages += 1
        told = message.get("state") or message.get("changes") or {}
        if told.get("at"):
            self._moment = datetime.fromisoformat(told["at"]).timestamp()
        number = message.get("sequence", told.get("sequence"))
        if number is not None and self._moment:
            self.moments[number] = self._moment
            self.seen.append((self._moment, at))


def signed_in(desk: MeasuredDesk, name: str, password: str) -> dict[str, str]:
    """Return the cookies of a person who has signed in. Raises `httpx.HTTPError`."""
    with httpx.Client(base_url=desk.url, follow_redirects=True) as client:
        client.get("/login/").raise_for_status()
        form = {
            "username": name,
            "password": password,
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        }
        client.post("/login/", data=form, headers={"Referer": desk.url}).raise_for_status()
        return dict(client.cookies)


@asynccontextmanager
async def open_sockets(
    desk: MeasuredDesk, cookies: dict[str, str], number: int
) -> AsyncIterator[list[Watcher]]:
    """Hold `number` sockets open, each read by a task of its own."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    url = desk.url.replace("http://", "ws://") + "/ws/live/"
    watchers = [Watcher() for _ in range(number)]
    lines = [
        await connect(
            url,
            additional_headers={"Cookie": cookie, "Origin": desk.url},
            max_size=_LONGEST_MESSAGE,
        )
        for _ in watchers
    ]
    tasks = [asyncio.create_task(w.read(line)) for w, line in zip(watchers, lines, strict=True)]
    try:
        yield watchers
    finally:
        for line in lines:
            await line.close()
        await asyncio.gather(*tasks)
