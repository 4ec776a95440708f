"""An HTTP server that answers what a test says, byte by byte, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """One answer; `said` is sent as it stands, None closes the connection without a word.

    `held`: the answer waits until the server ends.
    """

    said: bytes | None
    held: bool = False


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    form: dict[str, str]
    headers: dict[str, str]


def raw(code: int, body: bytes, content_type: str | None = JSON, *more: str) -> Reply:
    """Return a reply with these parts; its length is told rightly."""
    lines = [f"HTTP/1.1 {code} Told", f"content-length: {len(body)}", "connection: close", *more]
    if content_type is not None:
        lines.append(f"content-type: {content_type}")
    return Reply("\r\n".join([*lines, "", ""]).encode() + body)


def success(data: object, code: int = 200) -> Reply:
    """Return a reply in Kite's envelope."""
    return raw(code, json.dumps({"status": "success", "data": data}).encode())


def error(code: int, kind: str, message: str) -> Reply:
    """Return an error in Kite's envelope."""
    body = {"status": "error", "message": message, "error_type": kind, "data": None}
    return raw(code, json.dumps(body).encode())


@dataclass
class ScriptedKite:
    """What is answered next, by method and path, and what was asked so far."""

    root: str = ""
    asked: list[Asked] = field(default_factory=list)
    _replies: dict[str, deque[Reply]] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def will(self, call: str, *replies: Reply) -> None:
        """Answer `call`, such as `POST /orders/regular`, so; the last reply stays.

        With a tag behind it, only that order's.
        """
        self._replies[call] = deque(replies)

    def calls(self, method: str) -> list[Asked]:
        """Return the requests made with a method."""
        return [asked for asked in self.asked if asked.method == method]

    def answer(self, asked: Asked) -> Reply:
        """Return the reply that is due."""
        self.asked.append(asked)
        call = f"{asked.method} {asked.path.partition('?')[0]}"
        replies = self._replies.get(f"{call} {asked.form.get('tag')}", self._replies.get(call))
        if not replies:
            return error(404, "GeneralException", "Route not found")
        reply = replies.popleft() if len(replies) > 1 else replies[0]
        if reply.held:
            self._over.wait(10)
        return reply

    def end(self) -> None:
        """Let go of answers that are held."""
        self._over.set()


def _handler(kite: ScriptedKite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("content-length", 0))
            form = dict(parse_qsl(self.rfile.read(length).decode()))
            asked = Asked(self.command, self.path, form, dict(self.headers))
            reply = kite.answer(asked)
            self.close_connection = True
            if reply.said is not None:
                try:
                    self.wfile.write(reply.said)
                except OSError:
                    return

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    return Handler


@contextmanager
def scripted_kite() -> Iterator[ScriptedKite]:
    """Serve until the block ends."""
    kite = ScriptedKite()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(kite))
    server.daemon_threads = True
    kite.root = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield kite
    finally:
        kite.end()
        server.shutdown()
        server.server_close()
        thread.join()
