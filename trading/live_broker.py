"""What the venue of a real broker asks of it, beside what every broker answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from execution.broker import Broker, BrokerBook, MarginAnswer
from execution.margins import MarginLeg
from execution.orders import Order, OrderUpdate
from trading.live_lost import Seeker


class LiveBroker(Broker, Seeker, Protocol):
    """A broker that also reads the messages it sends of its own accord, and parts of its book."""

    def adopt(self, order: Order) -> None:
        """Take over an order that an earlier process sent."""

    def doubt(self, client_id: str) -> None:
        """Take over that a change of an order may have happened: its book tells what rests."""

    async def glance(self) -> BrokerBook:
        """Return the orders of the book alone, soon or not at all. Raises as `book`."""

    async def margin(self, legs: Sequence[MarginLeg]) -> MarginAnswer:
        """Return what legs would block and what is free; raises as `MarginDesk.margin`."""

    async def trades(self) -> BrokerBook:
        """Return the trades of the book alone, soon or not at all. Raises as `book`."""

    async def hear(self, message: Mapping[str, Any]) -> OrderUpdate | None:
        """Return what a message proves, its trades included; None where it can't be read."""
