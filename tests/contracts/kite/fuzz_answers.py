"""Mutated answers of Kite against the broker adapter: `fuzz_answers.py COUNT [SEED]` runs many.

The answers come from memory through the whole of HTTP client, official client and adapter; only
the socket isn't real. Every answer must come out as a value or as a documented exception, and a
call that raised must have changed nothing that the adapter believes.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from execution.broker import BrokerBook, OutcomeUnknown, Refused, SessionExpired
from execution.kite.broker import KiteBroker
from execution.orders import Order, OrderChange, OrderState, OrderUpdate
from marketdata.kite.client import Client, RestLogin
from tests.contracts.kite.desk import (
    BROKER_ID,
    TOKEN,
    D,
    desk,
    limit,
    order_row,
    position_row,
    trade_row,
)

DOCUMENTED = (Refused, OutcomeUnknown, SessionExpired)
SPLICES = (
    b"null", b"[]", b"{}", b"-1", b"1e999", b"NaN", b'""', b"true", b"\x00", b"\xff\xfe",
    b"\\u0000", b"[" * 3000, b"9" * 5000, b"COMPLETE", b"<html>", b"\r\n", b"\r\n\r\n", b",",
    b"}", b'"',
)  # fmt: skip
HEADERS = (
    b"HTTP/1.1 200 OK", b"HTTP/1.1 429 No", b"HTTP/1.1 403 No", b"HTTP/1.1 500 No",
    b"HTTP/1.1 302 Go\r\nlocation: http://127.0.0.1:1/", b"HTTP/1.1 204 None", b"HTTP/1.0 200 OK",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", b"HTTP/1.1 999 X", b"HTTP/9.9 200",
)  # fmt: skip
FIELDS = (
    b"content-type: application/json", b"content-type: text/html", b"content-type: text/csv",
    b"content-type: application/json; charset=utf-16", b"content-encoding: gzip",
    b"transfer-encoding: chunked", b"content-length: 5", b"content-length: x", b"x: \xff\xfe",
    b"content-length: 99999999", b"set-cookie: a=b; domain=.in", b"www-authenticate: Basic",
)  # fmt: skip


class Answers:
    """What the next connections will say, by path."""

    def __init__(self) -> None:
        self.by_path: dict[str, bytes] = {}


class _Wire:
    """A socket that has heard everything before it was asked."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._asked = b""

    def sendall(self, data: bytes) -> None:
        self._asked += bytes(data)

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        path = self._asked.split(b" ", 2)[1].decode().partition("?")[0]
        self._asked = b""
        return io.BytesIO(self._answers.by_path[path])

    def settimeout(self, _seconds: object) -> None: ...

    def close(self) -> None: ...


def _adapter(answers: Answers) -> HTTPAdapter:
    class Connection(HTTPConnection):
        def connect(self) -> None:
            self.sock = _Wire(answers)  # type: ignore[assignment]

        @property
        def is_connected(self) -> bool:
            return False

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = {"http": Pool}

    return Adapter(max_retries=0)


def clients(answers: Answers) -> Callable[[int], Client]:
    """Return what connects a client to answers in memory."""

    def connect(connections: int) -> Client:
        client = Client(RestLogin("key", TOKEN, "http://kite.test"), connections=connections)
        client.reqsession.mount("http://", _adapter(answers))
        return client

    return connect


def whole(data: object) -> bytes:
    """Return a good answer, byte by byte."""
    return _http(json.dumps({"status": "success", "data": data}).encode())


def failed(code: int, kind: str) -> bytes:
    """Return a good error, byte by byte."""
    body = {"status": "error", "message": "It is so.", "error_type": kind, "data": None}
    return _http(json.dumps(body).encode(), b"HTTP/1.1 %d No" % code)


def _http(body: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    head = b"content-type: application/json\r\ncontent-length: %d" % len(body)
    return status + b"\r\n" + head + b"\r\n\r\n" + body


@dataclass(frozen=True)
class Case:
    """One call, the path it asks, and a good answer to it."""

    name: str
    path: str
    good: bytes


CASES = (
    Case("place", "/orders/regular", whole({"order_id": "261123000000009"})),
    Case("modify", f"/orders/regular/{BROKER_ID}", whole({"order_id": BROKER_ID})),
    Case("cancel", f"/orders/regular/{BROKER_ID}", whole({"order_id": BROKER_ID})),
    Case("orders", "/orders", whole([order_row(), order_row(order_id="2", tag="s1")])),
    Case("trades", "/trades", whole([trade_row(), trade_row(trade_id="2")])),
    Case("positions", "/portfolio/positions", whole({"net": [position_row(65)], "day": []})),
    Case("hear", f"/orders/{BROKER_ID}/trades", whole([trade_row()])),
    Case("place", "/orders/regular", failed(400, "InputException")),
    Case("place", "/orders/regular", failed(429, "NetworkException")),
    Case("orders", "/orders", failed(403, "TokenException")),
)


def mutate(answer: bytes, dice: random.Random) -> bytes:
    """Return an answer with one to four things wrong with it."""
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        answer = dice.choice(_MUTATIONS)(answer, dice)
    return answer


def _flip(answer: bytes, dice: random.Random) -> bytes:
    if not answer:
        return answer
    at = dice.randrange(len(answer))
    return answer[:at] + bytes([answer[at] ^ (1 << dice.randrange(8))]) + answer[at + 1 :]


def _cut(answer: bytes, dice: random.Random) -> bytes:
    return answer[: dice.randint(0, len(answer))]


def _drop(answer: bytes, dice: random.Random) -> bytes:
    start = dice.randint(0, len(answer))
    return answer[:start] + answer[start + dice.randint(1, 30) :]


def _splice(answer: bytes, dice: random.Random) -> bytes:
    at = dice.randint(0, len(answer))
    return answer[:at] + dice.choice(SPLICES) + answer[at + dice.randint(0, 8) :]


def _head(answer: bytes, dice: random.Random) -> bytes:
    return dice.choice(HEADERS) + b"\r\n" + answer.partition(b"\r\n")[2]


def _field(answer: bytes, dice: random.Random) -> bytes:
    first, _, rest = answer.partition(b"\r\n")
    return first + b"\r\n" + dice.choice(FIELDS) + b"\r\n" + rest


def _value(answer: bytes, dice: random.Random) -> bytes:
    """Put another value into a field somewhere in the JSON, and tell the length rightly."""
    status, _, rest = answer.partition(b"\r\n")
    try:
        tree = json.loads(rest.partition(b"\r\n\r\n")[2])
    except (ValueError, RecursionError):
        return answer
    spots: list[tuple[Any, Any]] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if not isinstance(node, dict | list):
            continue
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            spots.append((node, key))
            stack.append(value)
    if spots:
        node, key = dice.choice(spots)
        odd = (None, True, -1, 0, 10**30, 1.5, float("nan"), "", "x", "OPEN", "COMPLETE", [], {})
        node[key] = dice.choice(odd)
    return _http(json.dumps(tree).encode(), status)


_MUTATIONS = (_flip, _flip, _cut, _drop, _splice, _splice, _head, _field, _value, _value)


def beliefs(broker: KiteBroker) -> dict[str, dict[str, Any]]:
    """Return all that the adapter believes of orders, but what it sent and may not send again."""
    left_out = {"_in_flight", "_unproven", "_sent", "_changed_at", "_changing", "_trades"}
    left_out |= {"_told_at", "_doubted", "_terms", "_blurred", "_wanted"}
    held = {
        name: dict(value) for name, value in vars(broker._memory).items() if name not in left_out
    }
    held["trades"] = {order: dict(told) for order, told in broker._memory._trades.items()}
    return held


def _checked(result: object) -> None:
    """Refuse a result that isn't a value of ours."""
    match result:
        case OrderUpdate(filled_quantity=filled) if filled >= 0:
            return
        case BrokerBook():
            return
        case None:
            return
    raise AssertionError(f"{result!r} is no answer")


class Fuzz:
    """One adapter that lives through many answers."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._answers = Answers()
        self.outcomes: Counter[str] = Counter()
        self._renew()

    def _renew(self) -> None:
        self._broker, _ = desk("", connect=clients(self._answers))
        self._broker.adopt(Order(limit(), OrderState.OPEN, broker_id=BROKER_ID))

    async def run(self, count: int) -> None:
        """Give the adapter so many mutated answers. Raises on the first that is taken wrongly."""
        for number in range(count):
            if number % 200 == 0:
                self._broker.close()
                self._renew()
            case = self._dice.choice(CASES)
            answer = mutate(case.good, self._dice)
            self._answers.by_path = {c.path: c.good for c in CASES[:7]} | {case.path: answer}
            await self._one(case, number, answer)
        self._broker.close()

    async def _one(self, case: Case, number: int, answer: bytes) -> None:
        before = beliefs(self._broker)
        try:
            _checked(await self._call(case.name, number))
        except DOCUMENTED as failure:
            self.outcomes[f"{case.name}: {type(failure).__name__}"] += 1
            self._unchanged_but_sent(before, number, answer)
            self._broker.renew(TOKEN)
        except Exception as failure:
            raise AssertionError(f"{case.name}: {answer!r}") from failure
        else:
            self.outcomes[f"{case.name}: a value"] += 1

    def _unchanged_but_sent(
        self, before: dict[str, dict[str, Any]], number: int, answer: bytes
    ) -> None:
        """Refuse any change but the request of a placement that may exist."""
        after = beliefs(self._broker)
        after["_requests"].pop(f"n{number}", None)
        if after != before:
            raise AssertionError(f"{answer!r} raised and changed something")

    def _call(self, name: str, number: int) -> Awaitable[object]:
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "place": lambda: self._broker.place(limit(f"n{number}")),
            "modify": lambda: self._broker.modify("a1", OrderChange(price=D(number % 90 + 1))),
            "cancel": lambda: self._broker.cancel("a1"),
            "hear": lambda: self._broker.hear(
                order_row(order_id=BROKER_ID, status="UPDATE", filled_quantity=65)
            ),
        }
        return calls.get(name, self._broker.book)()


async def fuzz(count: int, seed: int) -> Counter[str]:
    """Return how many answers came out how."""
    run = Fuzz(seed)
    await run.run(count)
    return run.outcomes


def main() -> None:
    """Run as many as the first word says, from the seed of the second."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    started = time.monotonic()
    outcomes = asyncio.run(fuzz(count, seed))
    seconds = time.monotonic() - started
    sys.stdout.write(f"{count} answers in {seconds:.0f} s, urllib3 {urllib3.__version__}\n")
    for outcome, times in sorted(outcomes.items()):
        sys.stdout.write(f"{times:8} {outcome}\n")


if __name__ == "__main__":
    main()
