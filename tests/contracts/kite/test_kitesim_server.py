"""A kitesim as a server: bad bytes, postbacks, a paced day, and the command that starts one."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from execution.kitesim.port import Port
from execution.kitesim.postback import postback_checksum
from execution.kitesim.server import KiteSim
from execution.kitesim.sessions import checksum_of
from marketdata.feed import Pace
from tests.contracts.kite.sim import CALL, plan_of, venue

ROOT = Path(__file__).resolve().parents[3]
CODES = {200, 400, 403, 404, 405}


class Heard:
    """An app's own address, and everything that was posted to it."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/postback", self._take)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        self.posts.append(json.loads(await request.read()))
        return web.Response()


async def soon(done: Any) -> None:
    """Wait until something has happened, at most five seconds."""
    for _ in range(500):
        if done():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def test_order_news_is_posted_with_a_checksum_that_only_the_secret_makes():
    heard, port = Heard(), Port("127.0.0.1", 0)
    await port.open(heard.app())
    url = f"http://127.0.0.1:{port.number}/postback"
    async with venue([{CALL: 99.0}], postback_url=url) as opened:
        order_id = await opened.place(price=100)
        await opened.step()
        await soon(lambda: heard.posts)
        secret = opened.sim.keys.api_secret
    await port.end()

    [post] = heard.posts
    assert (post["order_id"], post["status"], post["unfilled_quantity"]) == (
        order_id,
        "COMPLETE",
        0,
    )
    assert post["checksum"] == postback_checksum(post, secret)
    assert post["checksum"] != postback_checksum(post, "another")


async def test_a_postback_nobody_takes_stops_nothing():
    async with venue([{CALL: 99.0}], postback_url="http://127.0.0.1:9/") as opened:
        await opened.place(price=100)
        await opened.step()
        [order] = await opened.call(opened.kite.orders)

        assert order["status"] == "COMPLETE"


async def test_a_day_runs_at_its_pace_to_its_end():
    waited = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    plan = plan_of()
    pace = Pace(2.0, lambda: 0.0, sleep)
    fields = {name: getattr(plan, name) for name in plan.__slots__}
    async with KiteSim(type(plan)(**fields | {"pace": pace})) as sim:
        await sim.run()

        assert sim.state()["has_ended"] is True
        assert waited[:3] == [0.0, 0.5, 1.0]


def wild(random_: random.Random) -> str:
    """Return a text that no field expects."""
    words = ["", "0", "-1", "NaN", "1e999", "\x00", "ह", "BUY", "MIS", "NFO", "x" * 300, "{}", "[]"]
    return random_.choice([*words, str(random_.random()), CALL.symbol])


def request_of(random_: random.Random, secret: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
    """Return method, path and body of a call that is mostly wrong."""
    form = {
        "exchange": "NFO",
        "tradingsymbol": CALL.symbol,
        "transaction_type": "BUY",
        "quantity": "65",
        "product": "MIS",
        "order_type": "LIMIT",
        "price": "90",
        "type": "single",
        "condition": "{}",
        "orders": "[]",
        **secret,
    }
    for name in random_.sample(sorted(form), random_.randint(1, 4)):
        form[name] = wild(random_)
    paths = ("/orders/regular", "/gtt/triggers", "/session/token", "/orders/regular/1")
    paths += ("/portfolio/positions", "/margins/orders", "/margins/basket", "/charges/orders")
    path = random_.choice([*paths, "/quote", "/instruments/historical/1/day", "/nowhere/%00"])
    method = random_.choice(["GET", "POST", "PUT", "DELETE"])
    bodies = ([form], form, [wild(random_)], wild(random_), [[form]])
    body = random_.choice(
        [{"data": form}, {"json": random_.choice(bodies)}, {"data": wild(random_)}]
    )
    return method, path, body


async def test_bad_calls_are_answered_in_the_envelope_and_leave_the_books_alone():
    random_ = random.Random(4)
    async with venue() as opened:
        keys, token = opened.sim.keys, f"token {opened.kite.api_key}:{opened.kite.access_token}"
        secret = {"api_key": keys.api_key, "checksum": checksum_of(keys.api_key, "x", "y")}
        headers = {"Authorization": token}
        async with aiohttp.ClientSession(headers=headers) as client:
            for _ in range(600):
                method, path, body = request_of(random_, secret)
                async with client.request(method, opened.sim.root + path, **body) as answer:
                    told = await answer.json()
                assert answer.status in CODES, (method, path, body)
                assert told["status"] == ("success" if answer.status == 200 else "error")
                assert answer.status == 200 or set(told) == {
                    "status",
                    "message",
                    "data",
                    "error_type",
                }
        orders = await opened.call(opened.kite.orders)

        assert {order["tradingsymbol"] for order in orders} <= {CALL.symbol}
        assert {order["quantity"] for order in orders} <= {65}


async def test_the_command_says_where_it_is_and_ends_when_it_is_told():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "kitesim", "--seed", "2", "--speed", "0", "--control"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdout is None:
            raise ValueError("stdout: expected a pipe")
        told = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{told['root']}/sim/step") as answer,
        ):
            stepped = await answer.json()
    finally:
        process.terminate()
        code = await process.wait()

    assert set(told) == {"root", "ws_root", "api_key", "api_secret", "request_token"}
    assert stepped["data"]["frames"] == 1
    assert code == 0
