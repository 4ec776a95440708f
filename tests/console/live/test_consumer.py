"""The live page's socket: who is let in, what comes first, what follows, and when it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client, override_settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from aitrapp.asgi import application
from backoffice.live.consumer import NOT_UNDERSTOOD, SIGNED_OUT, LiveConsumer
from backoffice.live.outbox import CAPACITY
from backoffice.permissions import Role
from trading.broadcast_keys import group
from trading.services.seed import PAPER_ACCOUNT

pytestmark = pytest.mark.usefixtures("transactional_db")

Publish = Callable[[dict[str, Any]], None]
SignIn = Callable[[Role | None], Client]
STATE = {"version": 1, "sequence": 7, "run": {"code": "RUN1", "state": "RUNNING"}}


class Page:
    """One open page, seen from its browser."""

    def __init__(self, client: Client | None, *, origin: str | None, app: Any) -> None:
        headers = [(b"host", b"testserver")]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        if client is not None:
            cookies = "; ".join(f"{name}={one.value}" for name, one in client.cookies.items())
            headers.append((b"cookie", cookies.encode()))
        scope = {"type": "websocket", "path": "/ws/live/", "headers": headers}
        self._line = ApplicationCommunicator(
            app, {**scope, "query_string": b"", "subprotocols": []}
        )

    async def connect(self) -> bool:
        """Knock, and say whether the door was opened."""
        await self._line.send_input({"type": "websocket.connect"})
        is_open = (await self.output())["type"] == "websocket.accept"
        if not is_open:
            await self.disconnect()
        return is_open

    async def output(self) -> dict[str, Any]:
        return await self._line.receive_output(timeout=60)

    async def heard(self) -> dict[str, Any]:
        return json.loads((await self.output())["text"])

    async def say(self, text: str) -> None:
        await self._line.send_input({"type": "websocket.receive", "text": text})

    async def disconnect(self) -> None:
        await self._line.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._line.wait(timeout=60)


def socket(
    client: Client | None, *, origin: str | None = "http://testserver", app: Any = application
) -> Page:
    return Page(client, origin=origin, app=app)


async def signed_in(sign_in: SignIn, role: Role | None) -> Client:
    return await database_sync_to_async(sign_in)(role)


async def tell(sequence: int, **changes: Any) -> None:
    layer = get_channel_layer()
    message = {"type": "desk.delta", "sequence": sequence, "changes": changes}
    await layer.group_send(group(PAPER_ACCOUNT), message)


@pytest.mark.parametrize("role", list(Role))
async def test_every_role_gets_a_snapshot_and_then_each_change_with_its_number(
    role: Role, publish: Publish, sign_in: SignIn
):
    publish(STATE)
    page = socket(await signed_in(sign_in, role))

    is_open = await page.connect()
    first = await page.heard()
    await tell(8, trading_state="REDUCE_ONLY")
    second = await page.heard()
    await page.disconnect()

    assert is_open
    assert (first["type"], first["source"], first["state"]) == ("snapshot", "redis", STATE)
    assert second == {
        "type": "delta",
        "sequence": 8,
        "changes": {"trading_state": "REDUCE_ONLY"},
    }


async def test_someone_signed_out_is_turned_away():
    assert not await socket(None).connect()


async def test_someone_without_a_role_is_turned_away(sign_in: SignIn):
    assert not await socket(await signed_in(sign_in, None)).connect()


@pytest.mark.parametrize("origin", ["http://elsewhere.example", None])
async def test_a_page_of_another_site_is_turned_away(origin: str | None, sign_in: SignIn):
    page = socket(await signed_in(sign_in, Role.ADMIN), origin=origin)

    assert not await page.connect()


async def test_a_page_that_asks_gets_the_whole_state_again(publish: Publish, sign_in: SignIn):
    publish(STATE)
    page = socket(await signed_in(sign_in, Role.VIEWER))
    await page.connect()
    await page.heard()

    publish({**STATE, "sequence": 30})
    await page.say('{"type": "snapshot"}')
    again = await page.heard()
    await page.disconnect()

    assert (again["type"], again["state"]["sequence"]) == ("snapshot", 30)


@pytest.mark.parametrize("text", ["", "nonsense", '{"type": "flatten"}', "[]", '"snapshot"'])
async def test_anything_else_that_a_page_says_closes_its_socket(
    text: str, publish: Publish, sign_in: SignIn
):
    publish(STATE)
    page = socket(await signed_in(sign_in, Role.ADMIN))
    await page.connect()
    await page.heard()

    await page.say(text)

    assert await page.output() == {"type": "websocket.close", "code": NOT_UNDERSTOOD}
    await page.disconnect()


async def test_before_the_first_run_the_snapshot_holds_no_state(sign_in: SignIn):
    page = socket(await signed_in(sign_in, Role.VIEWER))
    await page.connect()

    first = await page.heard()
    await page.disconnect()

    assert (first["source"], first["state"]) == ("rows", None)


async def test_without_redis_a_page_is_turned_away_and_nothing_breaks(sign_in: SignIn):
    nowhere = {"address": "redis://127.0.0.1:1/0", "retry": Retry(NoBackoff(), 0)}
    layer = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [nowhere]},
    }
    client = await signed_in(sign_in, Role.VIEWER)

    with override_settings(CHANNEL_LAYERS={"default": layer}):
        assert not await socket(client).connect()


class HastyConsumer(LiveConsumer):
    """A page's socket that looks after its page all the time."""

    ping_seconds = 0.01


async def test_a_page_hears_that_the_line_is_alive(publish: Publish, sign_in: SignIn):
    publish(STATE)
    client = await signed_in(sign_in, Role.VIEWER)
    page = socket(client, app=AuthMiddlewareStack(HastyConsumer.as_asgi()))
    await page.connect()
    await page.heard()

    heard = await page.heard()
    await page.disconnect()

    assert heard["type"] == "ping"


@pytest.mark.parametrize("what", ["signs out", "loses the role", "is put out"])
async def test_one_who_may_watch_no_longer_loses_the_open_page(
    what: str, publish: Publish, sign_in: SignIn
):
    publish(STATE)
    client = await signed_in(sign_in, Role.VIEWER)
    page = socket(client, app=AuthMiddlewareStack(HastyConsumer.as_asgi()))
    await page.connect()
    await page.heard()

    await database_sync_to_async(_shut_out)(client, what)

    while (said := await page.output())["type"] == "websocket.send":
        pass
    assert said == {"type": "websocket.close", "code": SIGNED_OUT}
    await page.disconnect()


def _shut_out(client: Client, what: str) -> None:
    user = User.objects.get()
    match what:
        case "signs out":
            client.logout()
        case "loses the role":
            user.groups.clear()
        case "is put out":
            User.objects.update(is_active=False)


async def test_a_page_that_reads_nothing_is_dropped_and_others_miss_nothing(
    publish: Publish, sign_in: SignIn
):
    publish(STATE)
    user = await database_sync_to_async(_user_of)(await signed_in(sign_in, Role.VIEWER))
    good: list[dict[str, Any]] = []
    total = 2 * CAPACITY
    stuck, reading = asyncio.Event(), asyncio.Event()

    async def send_never(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            stuck.set()
            await asyncio.Event().wait()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            good.append(json.loads(message["text"]))
            reading.set()

    slow, quick = (asyncio.create_task(_watch(user, one)) for one in (send_never, send))
    await asyncio.wait_for(asyncio.gather(stuck.wait(), reading.wait()), 60)
    for number in range(8, 8 + total):
        await tell(number)
        await asyncio.sleep(0)
    await asyncio.wait_for(slow, 60)
    async with asyncio.timeout(60):
        while len(good) < 1 + total:
            await asyncio.sleep(0.01)
    quick.cancel()

    assert [message["sequence"] for message in good[1:]] == list(range(8, 8 + total))


def _user_of(client: Client) -> User | AnonymousUser:
    return User.objects.get(pk=client.session["_auth_user_id"])


async def _watch(user: User | AnonymousUser, send: Any) -> None:
    """Be a page of `user` that takes in messages by `send`."""
    waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    waiting.put_nowait({"type": "websocket.connect"})
    scope = {"type": "websocket", "path": "/ws/live/", "user": user, "headers": []}
    await LiveConsumer.as_asgi()(scope, waiting.get, send)
