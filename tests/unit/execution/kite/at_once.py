"""A broker whose calls are made at once, in the test's own loop, on a client made of answers.

What a real client makes of a reply is tried over a socket in `tests/contracts/kite`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from execution.broker import OutcomeUnknown
from execution.kite.broker import BrokerSettings, KiteBroker
from execution.kite.calls import Around
from execution.kite.lanes import Line
from execution.orders import OrderUpdate
from marketdata.clock import EventClock
from marketdata.kite.client import Client
from marketdata.pacing import Call, Lane
from tests.contracts.kite.desk import BROKER_ID, CALL, NOW, limit

Told = Callable[[], object] | object


class Kite:
    """Answers each call with what it was told to, in turn, the last one again and again.

    An exception is raised, what can be called is called. `asked`: each call, with all it was given.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self._told: dict[str, list[Told]] = {
            "place": [BROKER_ID],
            "modify": [BROKER_ID],
            "cancel": [BROKER_ID],
            "orders": [[]],
            "trades": [[]],
            "order_trades": [[]],
            "order_history": [[]],
            "positions": [{"net": [], "day": []}],
        }

    def will(self, name: str, *told: Told) -> None:
        """Answer a call so from now on."""
        self._told[name] = list(told)

    def names(self) -> list[object]:
        """Return what was asked, by name alone."""
        return [each[0] for each in self.asked]

    def place_order(self, **form: object) -> object:
        return self._answer("place", form)

    def modify_order(self, variety: str, order_id: str, **form: object) -> object:
        return self._answer("modify", variety, order_id, form)

    def cancel_order(self, variety: str, order_id: str) -> object:
        return self._answer("cancel", variety, order_id)

    def orders(self) -> object:
        return self._answer("orders")

    def trades(self) -> object:
        return self._answer("trades")

    def order_trades(self, order_id: str) -> object:
        return self._answer("order_trades", order_id)

    def order_history(self, order_id: str) -> object:
        return self._answer("order_history", order_id)

    def positions(self) -> object:
        return self._answer("positions")

    def _answer(self, name: str, *given: object) -> object:
        self.asked.append((name, *given))
        told = self._told[name]
        answer = told.pop(0) if len(told) > 1 else told[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer() if callable(answer) else answer


class Desk:
    """A broker and all that stands around it, of which a test may ask and change everything.

    It is the lanes and the pacer as well: `happened` tells in which order a turn was waited for,
    the fence asked, and a line taken. `on_turn` runs while a turn is waited for; order calls are
    made once `gate` is open.
    """

    def __init__(self, settings: BrokerSettings | None = None) -> None:
        self.kite, self.clock = Kite(), EventClock(NOW)
        self.happened: list[tuple[object, ...]] = []
        self.held: list[Call] = []
        self.paused: list[float] = []
        self.tokens: list[str] = []
        self.late: list[Callable[[Any], object] | None] = []
        self.failure: Exception | None = None
        self.on_turn: Callable[[], object] = lambda: None
        self.is_closed = False
        self.gate = asyncio.Event()
        self.gate.set()
        around = Around(
            lanes=cast(Any, self),
            pacer=self,
            clock=self.clock,
            instrument={CALL.key: CALL}.get,
            pause=self._pause,
            fence=lambda: self.happened.append(("fence",)),
        )
        self.broker = KiteBroker(around, settings or BrokerSettings())

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        self.happened.append(("turn", call, lane, subject))
        waiting = self.on_turn()
        if asyncio.iscoroutine(waiting):
            await waiting

    def hold(self, call: Call) -> None:
        self.held.append(call)

    async def run(
        self,
        line: Line,
        call: Callable[[Client], Any],
        late: Callable[[Any], object] | None = None,
    ) -> Any:
        self.happened.append(("line", line))
        self.late.append(late)
        if line is not Line.READS:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        answer = call(cast(Any, self.kite))
        return await answer if asyncio.iscoroutine(answer) else answer

    def renew(self, access_token: str) -> None:
        self.tokens.append(access_token)

    def close(self) -> None:
        self.is_closed = True

    async def _pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    async def is_unproven(self, client_id: str = "a1") -> bool:
        """Say whether the order may not be sent, because nothing is proven of it."""
        before = len(self.kite.asked)
        try:
            await self.broker.place(limit(client_id))
        except OutcomeUnknown:
            return len(self.kite.asked) == before
        return False


async def begun(call: Any) -> asyncio.Task[OrderUpdate]:
    """Return a call that has got as far as it gets by itself."""
    task: asyncio.Task[OrderUpdate] = asyncio.ensure_future(call)
    for _ in range(5):
        await asyncio.sleep(0)
    return task
