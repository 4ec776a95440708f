"""The hand of a test on a running kitesim, under `/sim/`; no broker has such calls.

They are there only when the server was started with control, and pass neither login nor limits.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from execution.kitesim.answers import bad_input, failure, success
from execution.kitesim.backend import Backend
from execution.kitesim.fault_script import FaultScriptError, as_document, rules_of

PREFIX = "/sim/"
_LONGEST = 600.0


@dataclass(frozen=True, slots=True)
class Control:
    """What a test may do beyond the calls of a client.

    `step`: let one frame happen and return when all that it causes is sent; False after the last.
    `away`: be gone for so many real seconds, books and market kept. `state`: where it stands.
    """

    backend: Backend
    step: Callable[[], Awaitable[bool]]
    away: Callable[[float], None]
    state: Callable[[], dict[str, Any]]

    def routes(self) -> list[web.RouteDef]:
        """Return the control endpoints."""
        return [
            web.post(f"{PREFIX}step", self.post_step),
            web.get(f"{PREFIX}state", self.get_state),
            web.get(f"{PREFIX}faults", self.get_faults),
            web.post(f"{PREFIX}faults", self.post_faults),
            web.post(f"{PREFIX}login", self.post_login),
            web.post(f"{PREFIX}outage", self.post_outage),
        ]

    async def post_step(self, request: web.Request) -> web.Response:
        """Let `frames` frames happen (1 if not told), fewer at the end of the day."""
        wanted = _whole(request.query.get("frames", "1"))
        if wanted is None:
            return failure(bad_input("frames: expected a whole number from 1"))
        taken = 0
        while taken < wanted and await self.step():
            taken += 1
        return success({"frames": taken, **self.state()})

    async def get_state(self, _: web.Request) -> web.Response:
        """Answer with where kitesim stands."""
        return success(self.state())

    async def get_faults(self, _: web.Request) -> web.Response:
        """Answer with the rules in force and how often each has struck."""
        struck = self.backend.faults.struck()
        return success([as_document(rule) | {"struck": count} for rule, count in struck])

    async def post_faults(self, request: web.Request) -> web.Response:
        """Take a new script in place of the old one."""
        try:
            rules = rules_of(json.loads(await request.read()), "body")
        except FaultScriptError as error:
            return failure(bad_input(str(error)))
        except ValueError:
            return failure(bad_input("body: expected JSON"))
        self.backend.faults.replace(rules)
        return success({"rules": len(rules)})

    async def post_login(self, _: web.Request) -> web.Response:
        """Answer with a request token, as if a person had logged in."""
        return success({"request_token": self.backend.sessions.request_token()})

    async def post_outage(self, request: web.Request) -> web.Response:
        """Be away for `seconds` of real time, from just after this answer."""
        text = request.query.get("seconds", "")
        seconds = float(text) if _is_number(text) else 0.0
        if not 0 < seconds <= _LONGEST:
            return failure(bad_input(f"seconds: expected above 0, at most {_LONGEST:.0f}"))
        self.away(seconds)
        return success({"seconds": seconds})


def _is_number(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdecimal()


def _whole(text: str) -> int | None:
    is_whole = text.isascii() and text.isdecimal() and 0 < len(text) <= 6
    return int(text) if is_whole and int(text) > 0 else None
