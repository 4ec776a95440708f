"""What stands behind the calls: the parts of one kitesim, as the handlers find them.

Putting them together is `server.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from execution.kitesim.answers import bad_input
from execution.kitesim.books import Books
from execution.kitesim.faults import FaultKind, Faults
from execution.kitesim.gtt import Triggers
from execution.kitesim.market import Market
from execution.kitesim.news import Message
from execution.kitesim.order_form import Params
from execution.kitesim.prices import Prices
from execution.kitesim.quote_memory import QuoteMemory
from execution.kitesim.quotes import Quote
from execution.kitesim.rates import Rates
from execution.kitesim.sessions import Sessions
from execution.kitesim.settings import SimSettings
from marketdata.instruments import Instrument

Sends = Callable[[Message], Awaitable[None]]
"""Someone who carries an order message away."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """Order messages that are still to be sent, in the order of the changes they tell."""

    senders: tuple[Sends, ...]
    waiting: deque[Message] = field(default_factory=deque)

    def put(self, message: Message) -> None:
        """Keep a message until the next `drain`."""
        self.waiting.append(message)

    async def drain(self) -> None:
        """Send what waits, each message to everyone before the next."""
        while self.waiting:
            message = self.waiting.popleft()
            for send in self.senders:
                await send(message)


@dataclass(frozen=True, slots=True)
class Backend:
    """One account's Kite: who may call, what is on the books, what the market says."""

    sessions: Sessions
    market: Market
    books: Books
    triggers: Triggers
    rates: Rates
    faults: Faults
    settings: SimSettings
    outbox: Outbox
    quote_memory: QuoteMemory

    @property
    def prices(self) -> Prices:
        """Return the market as the books see it."""
        return self.market

    def quote(self, item: Instrument) -> Quote:
        """Return what is told of an instrument now; it may stand still."""
        return self.quote_memory.told(item, self.market.quote(item), self.prices.now)

    def end_dead_session(self) -> None:
        """Let the token die where the script says so."""
        if self.faults.active(FaultKind.TOKEN_DEATH, self.prices.now) is not None:
            self.sessions.kill()


BACKEND = web.AppKey("backend", Backend)


def backend_of(request: web.Request) -> Backend:
    """Return what stands behind a call."""
    return request.app[BACKEND]


async def params_of(request: web.Request) -> Params:
    """Return a call's parameters: of the form for POST and PUT, else of the query.

    Raises `KiteError` for a form that can't be read or holds a file.
    """
    if request.method not in ("POST", "PUT"):
        return dict(request.query)
    try:
        form: Mapping[str, Any] = await request.post()
    except ValueError:
        raise bad_input("Couldn't parse the form.") from None
    if not all(isinstance(value, str) for value in form.values()):
        raise bad_input("Invalid parameters.")
    return dict(form)
