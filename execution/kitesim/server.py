"""One kitesim as a server: its parts put together, two ports opened, time let run.

What it serves is `rest.py` and `socket.py`; which day it plays is for `trading/bootstrap.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from execution.exchange import Window
from execution.kitesim.backend import Backend, Outbox
from execution.kitesim.books import Account, Books
from execution.kitesim.control import Control
from execution.kitesim.faults import FaultRule, Faults
from execution.kitesim.gtt import Triggers
from execution.kitesim.market import Market
from execution.kitesim.news import Message
from execution.kitesim.order_row import FINAL
from execution.kitesim.port import Port
from execution.kitesim.postback import Postbacks
from execution.kitesim.pulse import Pulse
from execution.kitesim.quote_memory import QuoteMemory
from execution.kitesim.rates import Rates
from execution.kitesim.rest import rest_app
from execution.kitesim.sessions import Keys, Sessions
from execution.kitesim.settings import SimSettings
from execution.kitesim.socket import Sockets
from marketdata.feed import Pace
from marketdata.tape import Frame

_APP_ID = 1
_ANSWERED = 0.05


@dataclass(frozen=True, slots=True)
class SimPlan:
    """What a kitesim is made of.

    `windows`: when each instrument trades, by key. `pace`: None is lockstep, a frame each time
    `step` is called. `seconds`: a clock for rate limits that never runs backwards. `port`,
    `ws_port`: 0 takes a free one. `control`: whether `/sim/` is there.
    """

    market: Market
    windows: Mapping[str, Window]
    settings: SimSettings
    seed: int
    pace: Pace | None
    seconds: Callable[[], float]
    faults: Sequence[FaultRule] = ()
    host: str = "127.0.0.1"
    port: int = 0
    ws_port: int = 0
    control: bool = False


class KiteSim:
    """A Kite of our own; open inside `async with`, its books outlive an outage but not the exit."""

    def __init__(self, plan: SimPlan) -> None:
        market, settings = plan.market, plan.settings
        self._plan = plan
        self.keys = Keys.of(plan.seed)
        faults = Faults(plan.faults, seed=plan.seed)
        sessions = Sessions(self.keys, lambda: market.now, seed=plan.seed)
        account = Account(self.keys.user_id, _APP_ID, plan.seed % 999)
        books = Books(account, market, plan.windows, settings, faults)
        self._sockets = Sockets(market, sessions, faults)
        self._postbacks = Postbacks(settings.postback_url, self.keys.api_secret)
        senders = (self._over_sockets,)
        self.backend = Backend(
            sessions=sessions,
            market=market,
            books=books,
            triggers=Triggers(self.keys.user_id, books, market),
            rates=Rates(settings.limits, plan.seconds),
            faults=faults,
            settings=settings,
            outbox=Outbox((*senders, self._postbacks.send) if settings.postback_url else senders),
            quote_memory=QuoteMemory(faults),
        )
        books.on_message(self.backend.outbox.put)
        self._pulse = Pulse(market, plan.pace)
        for listener in (self._end_dead_session, books.on_frame, self._watch, self._tell):
            self._pulse.add(listener)
        self._rest = Port(plan.host, plan.port)
        self._socket = Port(plan.host, plan.ws_port)
        self._tasks: set[asyncio.Task[None]] = set()
        self._frames = 0

    @property
    def root(self) -> str:
        """Return the address of the REST side."""
        return f"http://{self._plan.host}:{self._rest.number}"

    @property
    def ws_root(self) -> str:
        """Return the address of the socket side."""
        return f"ws://{self._plan.host}:{self._socket.number}"

    def request_token(self) -> str:
        """Return a request token, as if a person had logged in."""
        return self.backend.sessions.request_token()

    def first_line(self) -> str:
        """Return what a client needs to begin, as one line of JSON."""
        return json.dumps(
            {
                "root": self.root,
                "ws_root": self.ws_root,
                "api_key": self.keys.api_key,
                "api_secret": self.keys.api_secret,
                "request_token": self.request_token(),
            }
        )

    async def step(self) -> bool:
        """Let one frame happen and return when all it causes is sent; False after the last."""
        frame = await self._pulse.advance()
        if frame is None:
            await self._close()
        await self._sockets.drain()
        return frame is not None

    async def run(self) -> None:
        """Let the day run at its pace; return after the last frame. Raises `ValueError`."""
        await self._pulse.run()
        await self._close()

    def state(self) -> dict[str, Any]:
        """Return where the day and the books stand."""
        rows = self.backend.books.orders()
        return {
            "now": self.backend.prices.now.isoformat(),
            "frames": self._frames,
            "has_ended": self.backend.market.has_ended,
            "orders": len(rows),
            "working": sum(row.status not in FINAL for row in rows),
            "trades": sum(len(row.fills) for row in rows),
            "connections": len(self._sockets.connections),
            "subscribed": self._sockets.subscribed,
            "has_session": self.backend.sessions.session is not None,
        }

    async def outage(self, seconds: float) -> None:
        """Be away for so many real seconds: no port, no connection; market and books go on."""
        await self._rest.close()
        await self._socket.close()
        self._sockets.cut_all()
        await asyncio.sleep(seconds)
        await self._rest.reopen()
        await self._socket.reopen()

    async def __aenter__(self) -> KiteSim:
        app = rest_app(self.backend)
        if self._plan.control:
            control = Control(self.backend, self.step, self._begin_outage, self.state)
            app.add_routes(control.routes())
        await self._rest.open(app)
        await self._socket.open(self._sockets.app())
        if self.backend.settings.postback_url:
            self._start(self._postbacks.run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._rest.end()
        await self._socket.end()

    async def _close(self) -> None:
        self.backend.books.advance(self._plan.market.head.session_close)
        await self.backend.outbox.drain()

    async def _end_dead_session(self, _: Frame) -> None:
        self.backend.end_dead_session()

    async def _watch(self, _: Frame) -> None:
        self.backend.triggers.watch()

    async def _tell(self, frame: Frame) -> None:
        """Send the order news a frame caused, then its prices."""
        self._frames += 1
        await self.backend.outbox.drain()
        await self._sockets.on_frame(frame)

    async def _over_sockets(self, message: Message) -> None:
        self._sockets.broadcast_order(message)

    def _begin_outage(self, seconds: float) -> None:
        """Go away just after the answer to whoever asked for it."""
        self._start(self._late_outage(seconds))

    async def _late_outage(self, seconds: float) -> None:
        await asyncio.sleep(_ANSWERED)
        await self.outage(seconds)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
