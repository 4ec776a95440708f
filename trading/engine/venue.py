"""Where a runner sends orders: the port, and the venue that answers at once.

A venue whose answers come later, from a real broker, is `trading/live_venue.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Protocol

from execution.broker import Broker, MarginDesk, NotNow, OutcomeUnknown, Refused, SessionExpired
from execution.orders import OrderState, OrderUpdate
from marketdata.ticks import Ticks
from trading.engine.actions import AskMargin, CancelOrder, ModifyOrder, PlaceOrder
from trading.engine.events import BrokerSaid, ChangeRefused, MarginTold

OrderWish = PlaceOrder | ModifyOrder | CancelOrder
Wish = OrderWish | AskMargin
Answer = BrokerSaid | ChangeRefused


class Venue(Protocol):
    """Where orders go. What it does not answer at once comes later among the runner's inputs."""

    @property
    def is_relived(self) -> bool:
        """Say whether the same orders and frames give the same news again.

        If not, living a journal again takes the news from the journal and sends nothing.
        """

    async def begin(self) -> None:
        """Go to work: the journal's past has been lived, what follows is new."""

    def observe(self, at: datetime, ticks: Ticks) -> Sequence[OrderUpdate]:
        """Take a step's prices; return what they did to orders."""

    def advance(self, at: datetime) -> Sequence[OrderUpdate]:
        """Take the time without prices; return what it did to orders."""

    async def send(self, wish: Wish) -> Sequence[Answer | MarginTold]:
        """Carry a wish out, once; return what is known of it now."""

    async def tells_more(self) -> bool:
        """Wait a moment for what is still to be told of a run that is over; say if it may be."""


class MarketBroker(Broker, Protocol):
    """A broker that lives on the market's frames, such as the paper broker."""

    def observe(self, at: datetime, ticks: Ticks) -> tuple[OrderUpdate, ...]: ...

    def advance(self, at: datetime) -> tuple[OrderUpdate, ...]: ...


class InstantVenue:
    """A venue of a broker in this process: each wish is answered before anything else happens."""

    is_relived = True

    def __init__(self, broker: MarketBroker) -> None:
        self._broker = broker
        self.observe = broker.observe
        self.advance = broker.advance

    async def begin(self) -> None:
        """Do nothing: it has been at work while the past was lived."""

    async def send(self, wish: Wish) -> tuple[Answer | MarginTold, ...]:
        """Carry a wish out and return its answer; of margin a paper broker knows nothing."""
        if isinstance(wish, AskMargin):
            return (MarginTold(wish.at, wish.code, None, None, "no real broker to ask"),)
        return (await answered(self._broker, wish),)

    async def tells_more(self) -> bool:
        """Return False: everything has been told at once."""
        return False


async def margin_told(desk: MarginDesk, wish: AskMargin) -> MarginTold:
    """Return the broker's answer to a question about margin, or why there is none."""
    try:
        answer = await desk.margin(wish.legs)
    except (Refused, OutcomeUnknown, SessionExpired) as error:
        return MarginTold(wish.at, wish.code, None, None, str(error))
    return MarginTold(wish.at, wish.code, answer.required_inr, answer.free_inr)


async def answered(broker: Broker, wish: OrderWish) -> Answer:
    """Carry a wish out and return its answer; what is not proven is never sent again.

    A session that has ended proves that nothing was sent.
    """
    try:
        return BrokerSaid(wish.at, await _call(broker, wish), number_of(wish))
    except NotNow as error:
        return _failed(wish, str(error), proven=True, later=True)
    except (Refused, SessionExpired) as error:
        return _failed(wish, str(error), proven=True)
    except OutcomeUnknown as error:
        return _failed(wish, str(error), proven=False)


def _call(broker: Broker, wish: OrderWish) -> Awaitable[OrderUpdate]:
    match wish:
        case PlaceOrder(request=request):
            return broker.place(request)
        case ModifyOrder(client_id=client_id, change=change):
            return broker.modify(client_id, change)
        case CancelOrder(client_id=client_id):
            return broker.cancel(client_id)


def number_of(wish: OrderWish) -> int:
    """Return the number of the change that a wish is, 0 for any other."""
    return wish.number if isinstance(wish, ModifyOrder) else 0


def is_refusal(answer: Answer) -> bool:
    """Say whether an answer proves that what was wished was not done."""
    if isinstance(answer, ChangeRefused):
        return answer.proven
    return answer.update.state is OrderState.REJECTED


def _failed(wish: OrderWish, reason: str, *, proven: bool, later: bool = False) -> Answer:
    if not isinstance(wish, PlaceOrder):
        return ChangeRefused(wish.at, wish.client_id, reason, proven, number_of(wish), later)
    state = OrderState.REJECTED if proven else OrderState.UNKNOWN
    return BrokerSaid(
        wish.at, OrderUpdate(wish.request.client_id, "", wish.at, state, reason=reason)
    )
