"""What the adapter knows of its own orders: ids both ways, what rests, what isn't proven.

It is memory, not truth: after a restart it is filled from the ledger and the broker's book.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from datetime import datetime, timedelta

from execution.broker import OutcomeUnknown
from execution.orders import Fill, Order, OrderRequest, OrderState, OrderUpdate


class Memory:
    """Orders by client id; a client id is sent at most once until it is proven absent."""

    def __init__(self) -> None:
        self._answers: dict[str, OrderUpdate] = {}
        self._broker_ids: dict[str, str] = {}
        self._client_ids: dict[str, str] = {}
        self._requests: dict[str, OrderRequest] = {}
        self._changing: Counter[str] = Counter()
        self._changed_at: dict[str, datetime] = {}
        self._doubted: set[str] = set()
        self._told_at: datetime | None = None
        self._in_flight: set[str] = set()
        self._unproven: dict[str, datetime] = {}
        self._trades: dict[str, dict[str, int]] = {}
        self._claimed: Counter[str] = Counter()
        self._sent: list[str] = []
        self._terms: dict[str, list[OrderRequest]] = {}
        self._blurred: set[str] = set()
        self._wanted: dict[str, OrderRequest] = {}

    @property
    def sent(self) -> int:
        """Return how many orders were sent."""
        return len(self._sent)

    @property
    def client_ids(self) -> dict[str, str]:
        """Return our ids by Kite's."""
        return self._client_ids

    def adopt(self, order: Order, at: datetime) -> None:
        """Take over an order of an earlier process; sent without proof it stays so."""
        client_id = order.request.client_id
        self._requests[client_id] = order.request
        self._terms[client_id] = [order.request]
        if order.modifications:
            self._blurred.add(client_id)
        if order.updated_at is not None:
            self._told_at = self.not_before_told(order.updated_at)
        if order.broker_id:
            self._pair(client_id, order.broker_id)
            self._client_ids[order.broker_id] = client_id
            self._claimed[order.broker_id] = order.claimed_quantity
            self._answers[client_id] = OrderUpdate(
                client_id, order.broker_id, at, order.state, order.filled_quantity
            )
        elif order.state in (OrderState.SENT, OrderState.UNKNOWN):
            self._unproven[client_id] = at

    def not_before_told(self, at: datetime) -> datetime:
        """Return `at`, or the newest moment the broker ever told where that is later.

        Its clock may be ahead of ours; what it says now must not look older than what it said.
        """
        return at if self._told_at is None else max(at, self._told_at)

    def answer(self, client_id: str) -> OrderUpdate | None:
        """Return what is known of an order that was sent before, None if it never was.

        Raises `OutcomeUnknown` while it isn't proven what became of it.
        """
        if client_id in self._in_flight or client_id in self._unproven:
            raise OutcomeUnknown(f"{client_id} was sent before and nothing is proven of it")
        return self._answers.get(client_id)

    def sending(self, request: OrderRequest) -> None:
        """Remember that an order is on its way."""
        self._sent.append(request.client_id)
        self._in_flight.add(request.client_id)
        self._requests[request.client_id] = request
        self._terms[request.client_id] = [request]

    def is_on_its_way(self, client_id: str) -> bool:
        """Say whether an order was sent and nothing is known of it yet."""
        return client_id in self._in_flight

    def placed(self, update: OrderUpdate) -> None:
        """Remember that an order was accepted."""
        self._settle(update.client_id)
        self._pair(update.client_id, update.broker_id)
        self._answers[update.client_id] = update

    def refused(self, client_id: str) -> None:
        """Remember that an order doesn't exist."""
        self._settle(client_id)
        self._requests.pop(client_id, None)
        self._terms.pop(client_id, None)

    def unproven(self, client_id: str, at: datetime) -> None:
        """Remember that nothing is proven of an order whose call ended at `at`."""
        self._in_flight.discard(client_id)
        self._unproven[client_id] = at

    def changing(self, client_id: str, wanted: OrderRequest | None) -> None:
        """Remember that a modification is on its way; `wanted`: how the order shall rest, if known.

        An order that may have rested so before says nothing of the change by resting so.
        """
        self._changing[client_id] += 1
        terms = self._terms.setdefault(client_id, [])
        broker_id = self.broker_id(client_id)
        self._wanted.pop(broker_id, None)
        if wanted is None:
            self._blurred.add(client_id)
            return
        if wanted not in terms and client_id not in self._blurred:
            self._wanted[broker_id] = wanted
        terms.append(wanted)

    @property
    def wanted(self) -> dict[str, OrderRequest]:
        """Return by Kite's id what changes on their way ask for, where a row can prove them."""
        return self._wanted

    def changed(self, client_id: str, request: OrderRequest | None, at: datetime) -> None:
        """Remember that a modification ended; `request` is None where it isn't known to be done."""
        self._changing[client_id] -= 1
        self._changed_at[client_id] = at
        self._wanted.pop(self.broker_id(client_id), None)
        if request is None:
            self.doubt(client_id)
        else:
            self._requests[client_id] = request

    def doubt(self, client_id: str) -> None:
        """Remember that an order may or may not rest as it was last asked to."""
        self._doubted.add(client_id)

    @property
    def doubted(self) -> frozenset[str]:
        """Return the orders that may or may not rest as they were last asked to."""
        return frozenset(self._doubted)

    def broker_id(self, client_id: str) -> str:
        """Return Kite's id of an order, empty where it isn't known."""
        return self._broker_ids.get(client_id, "")

    def request(self, client_id: str) -> OrderRequest | None:
        """Return what is believed to rest."""
        return self._requests.get(client_id)

    @property
    def requests(self) -> dict[str, OrderRequest]:
        """Return what is last known to rest, by client id."""
        return self._requests

    def beliefs(self, at: datetime, settle: timedelta) -> dict[str, OrderRequest]:
        """Return what is believed to rest, of orders that no change has been on its way to."""
        return {
            client_id: request
            for client_id, request in self._requests.items()
            if not self._changing[client_id]
            and self._changed_at.get(client_id, at - settle) <= at - settle
        }

    def unsettled(self, at: datetime, settle: timedelta, sent: int) -> frozenset[str]:
        """Return the orders of which a book asked for at `at` proves nothing by their absence.

        They are under way, or were within `settle` without proof, or were sent after the first
        `sent` ones of this session.
        """
        fresh = {name for name, ended in self._unproven.items() if ended > at - settle}
        return frozenset({*self._in_flight, *fresh, *self._sent[sent:]})

    def learn(self, update: OrderUpdate) -> None:
        """Take in what the broker said of an order; of a second one under a tag, whose it is."""
        client_id, broker_id = update.client_id, update.broker_id
        self._claimed[broker_id] = max(self._claimed[broker_id], update.filled_quantity)
        self._told_at = self.not_before_told(update.at)
        if not client_id:
            return
        self._pair(client_id, broker_id)
        if self._broker_ids[client_id] != broker_id:
            return
        if client_id in self._unproven or client_id in self._answers:
            self._answers[client_id] = update
        self._unproven.pop(client_id, None)
        if update.request is not None:
            self._requests[client_id] = update.request
            self._doubted.discard(client_id)

    def absent(self, unsettled: Set[str]) -> None:
        """Take in that what isn't proven, `unsettled` aside, doesn't exist: it may be sent."""
        for client_id in self._unproven.keys() - unsettled:
            del self._unproven[client_id]

    def claimed(self, broker_id: str) -> int:
        """Return the most units of an order that were ever said to have filled."""
        return self._claimed[broker_id]

    def proven(self, broker_id: str) -> int:
        """Return the units of an order that trades told so far prove."""
        return sum(self._trades.get(broker_id, {}).values())

    def note_trades(self, fills: Iterable[Fill]) -> None:
        """Remember which trades were told."""
        for fill in fills:
            self._trades.setdefault(fill.broker_id, {})[fill.trade_id] = fill.quantity

    def _pair(self, client_id: str, broker_id: str) -> None:
        self._broker_ids.setdefault(client_id, broker_id)
        self._client_ids.setdefault(broker_id, client_id)

    def _settle(self, client_id: str) -> None:
        self._in_flight.discard(client_id)
        self._unproven.pop(client_id, None)
