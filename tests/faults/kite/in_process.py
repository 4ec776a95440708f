"""Kite inside this process: the official client's requests answered from kitesim's books.

What the desk is made of stays as it is before the real Kite, from the form of an order to the
reading of an answer; only threads and sockets are left out.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter

from execution.kite.lanes import DEADLINES, THREADS, Line, NoAnswer, NotSent
from execution.kitesim.answers import ErrorType, KiteError, as_json, bad_input
from execution.kitesim.books import Books
from execution.kitesim.faults import Fault, FaultKind, Faults
from execution.kitesim.order_form import parse_change, parse_order
from execution.kitesim.portfolio import positions
from execution.kitesim.prices import Prices
from marketdata.kite.client import CALL_FAILURES, Client, RestLogin, Unreachable

T = TypeVar("T")
PATIENCE = 7.0
"""Seconds after which the client gives the answer to an order call up; to a read it is less."""
_LONGEST_WAY = 0.2
_ERRORS = {500: ErrorType.GENERAL, 502: ErrorType.DATA, 503: ErrorType.NETWORK}


@dataclass(slots=True)
class Stale:
    """Answers to reads that come out of a cache for some seconds, now and then."""

    seconds: float = 0.0
    share: float = 0.0
    kept: dict[str, tuple[float, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Gate:
    """How Kite can be reached: the token that is good, and whether anybody answers at all.

    `posted`: how often each tag was sent.
    """

    token: str = "first"
    is_down: bool = False
    posted: dict[str, int] = field(default_factory=dict)


class BooksAdapter(BaseAdapter):
    """Carries the requests of one client to the books, and faults with them."""

    def __init__(
        self, books: Books, prices: Prices, faults: Faults, gate: Gate, stale: Stale
    ) -> None:
        super().__init__()
        self._books, self._prices, self._faults = books, prices, faults
        self._gate, self._stale = gate, stale
        self.delay = 0.0

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        """Answer one request; how late the answer comes stands in `delay`."""
        self.delay = 0.0
        if self._gate.is_down:
            raise requests.ConnectionError("refused")
        path = urlsplit(request.url or "").path
        form = dict(parse_qsl(str(request.body or "")))
        subject = self._subject(str(request.method), path, form)
        try:
            self._admit(request, subject)
            data = self._answer(str(request.method), path, form)
            code, envelope = 200, {"status": "success", "data": data}
        except KiteError as error:
            code, envelope = error.code, _envelope(error)
        return self._sent(request, subject, code, envelope)

    def close(self) -> None:
        """Do nothing."""

    def _subject(self, method: str, path: str, form: Mapping[str, str]) -> str:
        parts = path.strip("/").split("/")
        if method == "POST":
            return f"{method} {path} {form.get('exchange')}:{form.get('tradingsymbol')}"
        if len(parts) == 3 and method != "GET":
            return f"{method} {path} {self._books.order(parts[2]).instrument.key}"
        return f"{method} {path}"

    def _admit(self, request: requests.PreparedRequest, subject: str) -> None:
        if not request.headers["Authorization"].endswith(f":{self._gate.token}"):
            raise KiteError("Incorrect `api_key` or `access_token`.", ErrorType.TOKEN, 403)
        if self._strikes(FaultKind.TOO_MANY, subject):
            raise KiteError("Too many requests", ErrorType.NETWORK, 429)
        if failed := self._strikes(FaultKind.ERROR_BEFORE, subject):
            raise _failed(failed)

    def _answer(self, method: str, path: str, form: Mapping[str, str]) -> Any:
        parts = path.strip("/").split("/")
        match method, parts:
            case "POST", ["orders", variety]:
                tag = form.get("tag", "")
                self._gate.posted[tag] = self._gate.posted.get(tag, 0) + 1
                return {"order_id": self._books.place(parse_order(variety, form)).order_id}
            case "PUT", ["orders", variety, order_id]:
                return {
                    "order_id": self._books.modify(order_id, parse_change(variety, form)).order_id
                }
            case "DELETE", ["orders", _, order_id]:
                return {"order_id": self._books.cancel(order_id).order_id}
            case "GET", _:
                return self._read(path, parts)
        raise bad_input("Route not found")

    def _read(self, path: str, parts: list[str]) -> Any:
        """Answer a read, out of the cache where that strikes."""
        now = asyncio.get_running_loop().time()
        kept = self._stale.kept.get(path)
        if kept and now < kept[0]:
            return kept[1]
        told = self._told(parts)
        if self._stale.seconds and self._strikes(FaultKind.STALE_QUOTES, path):
            self._stale.kept[path] = (now + self._stale.seconds, json.loads(as_json(told)))
        return told

    def _told(self, parts: list[str]) -> Any:
        rows = self._books.orders()
        match parts:
            case ["orders"]:
                return [row.as_dict() for row in rows]
            case ["trades"]:
                return [trade for row in rows for trade in row.trades()]
            case ["orders", order_id, "trades"]:
                return self._books.order(order_id).trades()
            case ["portfolio", "positions"]:
                return positions(self._books.portfolio, self._prices)
        raise bad_input("Route not found")

    def _sent(
        self, request: requests.PreparedRequest, subject: str, code: int, envelope: Any
    ) -> requests.Response:
        if self._strikes(FaultKind.ACCEPT_THEN_TIMEOUT, subject):
            self.delay = PATIENCE
            raise requests.ReadTimeout
        if slow := self._strikes(FaultKind.SLOW_ANSWER, subject):
            self.delay = slow.seconds
        content, body = "application/json", as_json(envelope)
        if failed := self._strikes(FaultKind.ACCEPT_THEN_ERROR, subject):
            code, body = failed.code, as_json(_envelope(_failed(failed)))
        elif page := self._strikes(FaultKind.HTML_ANSWER, subject):
            code, content, body = page.code, "text/html", b"<html>cloudflare</html>"
        elif cut := self._strikes(FaultKind.CUT_ANSWER, subject):
            body = body[: cut.chance % len(body)]
        return _response(request, code, content, body)

    def _strikes(self, kind: FaultKind, subject: str) -> Fault | None:
        return self._faults.active(kind, self._prices.now, subject)


class InProcessLanes:
    """The lanes of a session without threads: the same number of calls at a time, the same limits.

    A call takes a moment to get there and a moment to come back. What is on its way when the desk
    dies gets there all the same. `dies`: asked before and after each order call gets there.
    """

    def __init__(
        self, login: RestLogin, adapter: BooksAdapter, chance: Random, dies: Callable[[str], bool]
    ) -> None:
        self._client = Client(login)
        self._client.reqsession.mount("http://", adapter)
        self._adapter, self._chance, self._dies = adapter, chance, dies
        self._free = {line: asyncio.Semaphore(count) for line, count in THREADS.items()}
        self._there: set[asyncio.Task[Any]] = set()

    async def run(
        self, line: Line, call: Callable[[Client], T], late: Callable[[T], object] | None = None
    ) -> T:
        """Return what the call returns; raises what it raises, `NotSent` or `NoAnswer`."""
        begun = asyncio.Event()
        job = asyncio.create_task(self._made(line, call, begun), name="at kite")
        self._there.add(job)
        job.add_done_callback(self._there.discard)
        job.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait({job}, timeout=DEADLINES.of(line))
        if job.done():
            return job.result()
        if not begun.is_set():
            job.cancel()
            raise NotSent(f"no thread for {line}")
        if late is not None:
            job.add_done_callback(
                lambda done: None if done.cancelled() or done.exception() else late(done.result())
            )
        raise NoAnswer("no answer")

    async def _made(self, line: Line, call: Callable[[Client], T], begun: asyncio.Event) -> T:
        async with self._free[line]:
            begun.set()
            is_order = line is not Line.READS
            if is_order and self._dies("before"):
                await asyncio.Event().wait()
            await asyncio.sleep(self._chance.uniform(0.005, _LONGEST_WAY))
            failure: Exception | None = None
            try:
                answer = call(self._client)
            except CALL_FAILURES as error:
                failure = error
            delay = self._adapter.delay
            if is_order and self._dies("after"):
                await asyncio.Event().wait()
            if not is_order and delay > DEADLINES.reads:
                delay, failure = DEADLINES.reads, Unreachable("ReadTimeout")
            await asyncio.sleep(self._chance.uniform(0.005, _LONGEST_WAY) + delay)
            if failure is not None:
                raise failure
            return answer

    def renew(self, access_token: str) -> None:
        """Use another token from now on."""
        self._client.set_access_token(access_token)

    def close(self) -> None:
        """Give the client up."""
        self._client.close()


def _response(
    request: requests.PreparedRequest, code: int, content: str, body: bytes
) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request, response.url = code, request, str(request.url)
    response.headers["content-type"] = content
    response.raw = io.BytesIO(body)
    return response


def _envelope(error: KiteError) -> dict[str, Any]:
    return {
        "status": "error",
        "message": error.message,
        "data": None,
        "error_type": error.error_type,
    }


def _failed(fault: Fault) -> KiteError:
    kind = _ERRORS.get(fault.code, ErrorType.GENERAL)
    return KiteError("Something went wrong. Please try again later.", kind, fault.code)
