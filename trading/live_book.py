"""What a look at the broker's book proves of our orders, given what the look before it found.

Reading the book and telling the engine is `live_venue.py`; comparing is `execution/reconcile.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from execution.broker import BrokerBook
from execution.discrepancies import POLICIES, Discrepancy, DiscrepancyKind, Policy, told_kind
from execution.foreign import NOTHING_FOREIGN, Foreign
from execution.orders import Order, OrderState, OrderUpdate, Role
from execution.positions import Position
from execution.reconcile import Reconciliation, reconcile
from trading.live_lost import Unlisted, has_returned


@dataclass(frozen=True, slots=True)
class OwnBooks:
    """What the engine knows: its orders, its positions, the ids of the trades it has booked.

    `changing`: client ids of orders whose change or cancellation it waits for, one for each.
    `run_code`: what its client ids begin with. `foreign`: what it counts as somebody else's.
    `asked`: each of those changes by order and number, 0 for a cancellation.
    """

    orders: Sequence[Order]
    positions: Sequence[Position]
    trades: Set[str]
    changing: Sequence[str] = ()
    run_code: str = ""
    foreign: Foreign = NOTHING_FOREIGN
    asked: Sequence[tuple[str, int]] = ()

    def unanswered(self, sent: Set[tuple[str, int]]) -> list[tuple[str, int]]:
        """Return what is waited for and isn't among `sent`, all of an order at once as number 0."""
        again = {client_id for client_id, _ in sent}
        whole = [(client_id, 0) for client_id in self.changing if client_id not in again]
        return whole + [one for one in self.asked if one[0] in again and one not in sent]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long after it was sent an order missing from the book was never there.

    Waiting longer for an entry costs nothing; a stop or an exit that is not there leaves its
    position without protection. `unlisted`: how long an order that the broker took may be missing
    from its lists, after it was sent or last listed, before it is asked for by itself.
    """

    entry: timedelta = timedelta(seconds=10)
    exit: timedelta = timedelta(seconds=0.5)
    unlisted: timedelta = timedelta(seconds=5)

    def of(self, order: Order) -> timedelta:
        """Return the patience with one order."""
        return self.exit if order.request.role in (Role.STOP, Role.EXIT) else self.entry


@dataclass(frozen=True, slots=True)
class Looked:
    """What came out of a look.

    `updates`: news of our orders. `absent`: client ids of orders that were never there. `strays`:
    what the book says of orders under an id of ours that are not the order we know by it,
    or that were nowhere and are listed again.
    `problem`: what is wrong with the book, empty for nothing, None where it can't be said yet.
    `foreign`: what is somebody else's now, None where the engine knows it or it can't be said yet.
    `taken_out`: what somebody else sent that took out what is ours. `lost`: orders that should work
    and that the lists have lacked for too long.
    """

    updates: tuple[OrderUpdate, ...]
    absent: tuple[str, ...]
    strays: tuple[OrderUpdate, ...]
    problem: str | None
    foreign: Foreign | None = None
    taken_out: tuple[OrderUpdate, ...] = ()
    lost: tuple[Order, ...] = ()

    def without_ends(self) -> Looked:
        """Return the same without cancellations: only a whole book tells who else has left."""
        kept = (one for one in self.updates if one.state is not OrderState.CANCELLED)
        return replace(self, updates=tuple(kept))


class _Glanced(NamedTuple):
    """What part of a book came to: the same again for as long as neither side changes."""

    own: OwnBooks
    book: BrokerBook
    looked: Looked

    def holds(self, own: OwnBooks, book: BrokerBook) -> bool:
        """Say whether nothing has changed."""
        return self.own is own and self.book == book


class BookLooks:
    """Believes what is missing or does not agree when the next look finds it too."""

    def __init__(self, patience: Patience, began: datetime) -> None:
        self._patience = patience
        self._began = began
        self._sent: dict[str, datetime] = {}
        self._absent: frozenset[str] = frozenset()
        self._discrepancies: frozenset[Discrepancy] = frozenset()
        self._foreign = NOTHING_FOREIGN
        self._unlisted = Unlisted(patience.unlisted, self._sent, began)
        self._glanced: _Glanced | None = None
        self._traded: _Glanced | None = None

    def sent(self, client_id: str, at: datetime) -> None:
        """Remember when an order was sent; what was never told was sent before the first look."""
        self._sent[client_id] = at

    def take(self, own: OwnBooks, book: BrokerBook, asked_at: datetime) -> Looked:
        """Return what a book asked for at `asked_at` proves."""
        if book.complete:
            self._unlisted.look(own.orders, book, asked_at)
        book = replace(book, gone=self._unlisted.gone)
        found = reconcile(own.orders, own.positions, book, own.trades, own.run_code)
        orders = {order.request.client_id: order for order in own.orders}
        missing, absent = self._missing(found, orders, asked_at)
        discrepancies = frozenset(d for d in found.discrepancies if d.policy is not Policy.IGNORE)
        lasting = discrepancies & self._discrepancies
        self._discrepancies = discrepancies
        problem: str | None = None
        if missing:
            problem = f"orders not found: {' '.join(sorted(missing))}"
        elif lasting:
            problem = "; ".join(sorted(_text(one) for one in lasting))
        elif book.complete and found.is_clean:
            problem = ""
        foreign = self._seen(found.foreign, own) if book.complete else None
        told = (found.updates, tuple(sorted(absent)), _strays(orders, book), problem, foreign)
        return Looked(*told, found.taken_out, self._unlisted.lost)

    def _seen(self, now: Foreign, own: OwnBooks) -> Foreign | None:
        """Return what is foreign where two reads agree on whose it is, and the engine doesn't."""
        before, self._foreign = self._foreign, now
        lasting = now.in_both(before)
        return None if lasting.is_like(own.foreign) else lasting

    def glance(self, own: OwnBooks, book: BrokerBook, asked_at: datetime) -> Looked:
        """Return what the orders of a book alone prove; it tells no trades and no units.

        A fill that no trade proves is a claim, and whether the books agree can't be said.
        """
        book = replace(book, gone=self._unlisted.gone)
        if self._glanced is not None and self._glanced.holds(own, book):
            self._absent = frozenset()
            return self._glanced.looked
        found = reconcile(own.orders, (), book, own.trades, own.run_code)
        orders = {order.request.client_id: order for order in own.orders}
        _, absent = self._missing(found, orders, asked_at)
        seen = Looked(found.updates, tuple(sorted(absent)), _strays(orders, book), None)
        self._glanced = None if found.absent else _Glanced(own, book, seen)
        return seen

    def traded(self, own: OwnBooks, book: BrokerBook) -> tuple[OrderUpdate, ...]:
        """Return what the trades of a book alone prove."""
        if self._traded is None or not self._traded.holds(own, book):
            found = reconcile(own.orders, (), book, own.trades, own.run_code)
            self._traded = _Glanced(own, book, Looked(found.updates, (), (), None))
        return self._traded.looked.updates

    def _missing(
        self, found: Reconciliation, orders: Mapping[str, Order], asked_at: datetime
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Return the orders that are missing, and those that were in the read before as well."""
        missing = frozenset(name for name in found.absent if self._is_late(orders[name], asked_at))
        absent = missing & self._absent
        self._absent = missing
        return missing, absent

    def _is_late(self, order: Order, asked_at: datetime) -> bool:
        sent = self._sent.get(order.request.client_id, self._began)
        return asked_at - sent >= self._patience.of(order)


def _strays(orders: dict[str, Order], book: BrokerBook) -> tuple[OrderUpdate, ...]:
    return tuple(
        replace(update, fills=tuple(f for f in book.trades if f.broker_id == update.broker_id))
        for update in book.orders
        if (order := orders.get(update.client_id)) is not None and _is_stray(order, update)
    )


def _is_stray(order: Order, update: OrderUpdate) -> bool:
    is_another = bool(order.broker_id) and order.broker_id != update.broker_id
    was_never = order.state is OrderState.PLANNED and not order.broker_id
    return is_another or was_never or has_returned(order, update)


def _text(one: Discrepancy) -> str:
    kind = told_kind(one.kind)
    held = one.kind in (DiscrepancyKind.POSITION, DiscrepancyKind.FOREIGN_POSITION)
    unit = " units" if held else ""
    policy, why = POLICIES[one.kind]
    differs = f"{kind} {one.subject}: ours {one.ours}{unit}, the broker's {one.theirs}{unit}"
    return f"{differs} ({policy.lower()}: {why})"
