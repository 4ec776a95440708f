"""How an account stands at Kite right now: what it holds, what still works, whose clock is right.

Only reads; the broker that can send orders is `broker.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

import requests

from execution.kite.mapping import FINAL, net_quantities
from execution.kite.rows import Row, RowError, amount, text
from marketdata.kite.client import Client
from marketdata.kite.reads import Reads
from marketdata.pacing import Call
from marketdata.sources import SourceFailed

_OVER_TRIGGERS = frozenset({"triggered", "disabled", "expired", "cancelled", "rejected", "deleted"})
_RESOLUTION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """`positions`: instruments held. `orders`: orders and triggers something may still come of.

    `clock_drift`: seconds by which Kite's clock is ahead of ours, None where it wasn't told.
    `funds_inr`: what is free of the equity segment, with nothing held all of it.
    """

    positions: int
    orders: int
    user_id: str
    clock_drift: float | None
    funds_inr: Decimal


@dataclass(slots=True)
class ServerClock:
    """Hears what time the answers of a server say it is; `now` is our own clock."""

    now: Callable[[], datetime]
    _drifts: list[float] = field(default_factory=list)

    @property
    def drift(self) -> float | None:
        """Return the seconds the server is ahead, by the answer that says most; None before one.

        Its header tells whole seconds and the answer took a while: of all that could be, the
        worst counts.
        """
        return min(self._drifts, key=abs, default=None)

    def hear(self, response: requests.Response, **_: object) -> None:
        """Take note of one answer."""
        told = response.headers.get("date", "")
        came = self.now()
        try:
            stamped = parsedate_to_datetime(told)
        except ValueError:
            return
        if stamped.tzinfo is None:
            stamped = stamped.replace(tzinfo=UTC)
        asked = came - response.elapsed
        bounds = (stamped - came, stamped + _RESOLUTION - asked)
        self._drifts.append(max((bound.total_seconds() for bound in bounds), key=abs))


def listening(client: Client, clock: ServerClock) -> Client:
    """Let a clock hear every answer to a client."""
    client.reqsession.hooks["response"].insert(0, clock.hear)
    return client


async def standing(reads: Reads, clock: ServerClock) -> Standing:
    """Return how the account of a session stands.

    Raises `SourceFailed`, also for a row that can't be read: what is unreadable is not nothing.
    """
    profile = await reads.ask(Call.OTHER, lambda client: client.profile())
    positions = await reads.ask(Call.OTHER, lambda client: client.positions())
    orders = await reads.ask(Call.OTHER, lambda client: client.orders())
    triggers = await reads.ask(Call.OTHER, lambda client: client.get_gtts())
    funds = await reads.ask(Call.OTHER, lambda client: client.margins("equity"))
    try:
        return Standing(
            positions=len(net_quantities(positions["net"])),
            orders=working(orders) + waiting(triggers),
            user_id=text(profile, "user_id"),
            clock_drift=clock.drift,
            funds_inr=amount(funds, "net"),
        )
    except RowError as error:
        raise SourceFailed(str(error)) from error


def working(orders: Iterable[Row]) -> int:
    """Return how many rows are orders that something may still come of. Raises `RowError`."""
    return sum(text(row, "status") not in FINAL for row in orders)


def waiting(triggers: Iterable[Row]) -> int:
    """Return how many rows are triggers that may still become orders. Raises `RowError`."""
    return sum(text(row, "status") not in _OVER_TRIGGERS for row in triggers)
