"""Our orders held against the broker's book: news that never came, and what does not agree.

Nothing is sent here; folding the news in is `orders_book.py`, what isn't ours `foreign.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from msgspec import structs

from execution.broker import BrokerBook
from execution.client_ids import is_of_run
from execution.discrepancies import Discrepancy, DiscrepancyKind, Policy
from execution.foreign import NOTHING_FOREIGN, Foreign, foreign_of
from execution.orders import (
    Fill,
    IllegalTransitionError,
    Order,
    OrderState,
    OrderUpdate,
    Product,
)
from execution.orders_book import OverfillError, TwinOrderError, apply_update
from execution.positions import Position
from execution.taken_out import is_part, taken_out, without_allotted

_UNPROVEN = (OrderState.SENT, OrderState.UNKNOWN)
_LASTS = (OrderState.OPEN, OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What came out of holding our orders against the book.

    `updates`: news to fold in, each with the trades it proves. `absent`: client ids proven never
    to have reached the broker. `foreign`: what of the account is not ours. `taken_out`: orders of
    others by which the broker has reduced what we hold.
    """

    updates: tuple[OrderUpdate, ...]
    absent: tuple[str, ...]
    discrepancies: tuple[Discrepancy, ...]
    foreign: Foreign = NOTHING_FOREIGN
    taken_out: tuple[OrderUpdate, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Say whether both sides agree, once the updates are folded in, on all that is ours."""
        return not self.absent and all(each.policy is Policy.IGNORE for each in self.discrepancies)


@dataclass(frozen=True, slots=True)
class _Finding:
    update: OrderUpdate | None = None
    fills: tuple[Fill, ...] = ()
    absent: bool = False
    discrepancies: tuple[Discrepancy, ...] = ()


_NOTHING = _Finding()


def reconcile(
    orders: Sequence[Order],
    positions: Sequence[Position],
    book: BrokerBook,
    known_trades: Set[str],
    run_code: str = "",
) -> Reconciliation:
    """Return the missing news, the orders proven absent and every disagreement.

    `run_code`: what the client ids of this run begin with; an order with such an id that is not
    among `orders` is not foreign but unknown. Empty, no order is.

    The order of `orders` is kept, then comes what only the broker knows. An order is absent only
    when `book.complete`, it is not `unsettled`, neither an order nor a trade of it is there, and
    the list of orders is no older than what is known already. Positions are compared after the
    trades just found; what is flat on both sides agrees.
    """
    book = without_allotted(orders, book)
    asked = [order for order in orders if not is_part(order)]
    pages = _Pages.of(book, is_behind=_is_behind(asked, book))
    found = [_look_up(order, pages, known_trades) for order in asked]
    own = {order.request.client_id for order in orders}
    unknown = {name for name in pages.orders.keys() - own if is_of_run(name, run_code)}
    foreign = foreign_of(own | unknown, book)
    ours = _net(positions, [fill for finding in found for fill in finding.fills])
    return Reconciliation(
        updates=tuple(finding.update for finding in found if finding.update is not None),
        absent=tuple(
            each.request.client_id for each, one in zip(asked, found, strict=True) if one.absent
        ),
        discrepancies=(
            *(discrepancy for finding in found for discrepancy in finding.discrepancies),
            *_foreign(own, unknown, book),
            *_positions(ours, dict(book.net_quantity), foreign),
            *_products(ours, book, foreign),
        ),
        foreign=foreign,
        taken_out=taken_out(orders, own | unknown, book),
    )


@dataclass(frozen=True, slots=True)
class _Pages:
    """A book opened at a client id: its orders and its trades, each in the order of the book.

    `is_behind`: its list of orders is known to be an old one, what it lacks may be there.
    """

    book: BrokerBook
    orders: Mapping[str, Sequence[OrderUpdate]]
    trades: Mapping[str, Sequence[Fill]]
    is_behind: bool

    @classmethod
    def of(cls, book: BrokerBook, *, is_behind: bool) -> _Pages:
        orders: dict[str, list[OrderUpdate]] = {}
        trades: dict[str, list[Fill]] = {}
        for update in book.orders:
            orders.setdefault(update.client_id, []).append(update)
        for fill in book.trades:
            trades.setdefault(fill.client_id, []).append(fill)
        return cls(book, orders, trades, is_behind)


def _is_behind(orders: Sequence[Order], book: BrokerBook) -> bool:
    """Say whether a book lists less than its own trades, or than we know, of any order."""
    listed = {update.broker_id: update.filled_quantity for update in book.orders}
    traded = {
        order.broker_id: order.claimed_quantity
        for order in orders
        if order.broker_id and order.broker_id not in book.gone
    }
    for broker_id, filled in _filled(book).items():
        traded[broker_id] = max(filled, traded.get(broker_id, 0))
    return any(listed.get(broker_id, -1) < filled for broker_id, filled in traded.items())


def _filled(book: BrokerBook) -> dict[str, int]:
    filled: dict[str, int] = {}
    for fill in book.trades:
        filled[fill.broker_id] = filled.get(fill.broker_id, 0) + fill.quantity
    return filled


def _look_up(order: Order, pages: _Pages, known_trades: Set[str]) -> _Finding:
    client_id = order.request.client_id
    told, trades = pages.orders.get(client_id, ()), tuple(pages.trades.get(client_id, ()))
    ids = {update.broker_id: None for update in told} | {fill.broker_id: None for fill in trades}
    if len(ids) > 1:
        return _with_twin(order, pages, list(ids), known_trades)
    if told:
        return _compared(order, told[-1], trades, known_trades)
    if trades:
        return _compared(order, _from_trades(order, trades), (), known_trades)
    return _not_there(order, pages)


def _with_twin(order: Order, pages: _Pages, ids: Sequence[str], known_trades: Set[str]) -> _Finding:
    """Return what the book says of our order, the first one where we don't know ours yet."""
    own, book = order.broker_id or ids[0], pages.book
    alone = replace(
        book,
        orders=tuple(update for update in book.orders if update.broker_id == own),
        trades=tuple(fill for fill in book.trades if fill.broker_id == own),
    )
    finding = _look_up(order, _Pages.of(alone, is_behind=pages.is_behind), known_trades)
    (twin,) = _disagrees(DiscrepancyKind.TWIN_ORDER, order, " ".join(sorted(ids))).discrepancies
    return replace(finding, discrepancies=(twin, *finding.discrepancies))


def _joined(update: OrderUpdate, trades: tuple[Fill, ...]) -> OrderUpdate:
    if not trades:
        return update
    fills = {fill.trade_id: fill for fill in (*update.fills, *trades)}
    return replace(update, fills=tuple(fills.values()))


def _from_trades(order: Order, trades: tuple[Fill, ...]) -> OrderUpdate:
    filled = sum(fill.quantity for fill in trades)
    whole = filled == order.request.quantity
    return OrderUpdate(
        client_id=order.request.client_id,
        broker_id=trades[-1].broker_id,
        at=max(fill.at for fill in trades),
        state=OrderState.FILLED if whole else OrderState.PARTIAL,
        filled_quantity=filled,
        fills=trades,
    )


def _is_known(order: Order, update: OrderUpdate) -> bool:
    """Say whether an order has been told all of an update but its fills: most of a book is that."""
    return (
        order.state is update.state
        and order.state in _LASTS
        and order.claimed_quantity == update.filled_quantity
        and order.reason == update.reason
        and order.broker_id == update.broker_id
        and update.request is None
        and (order.triggered or not update.triggered)
        and (order.state is OrderState.OPEN) <= (order.claimed_quantity == 0)
    )


def _compared(
    order: Order, told: OrderUpdate, trades: tuple[Fill, ...], known_trades: Set[str]
) -> _Finding:
    are_known = all(fill.trade_id in known_trades for fill in (*told.fills, *trades))
    if are_known and _is_known(order, told):
        return _NOTHING
    update = _joined(told, trades)
    try:
        after, fills = apply_update(order, update, known_trades)
    except (IllegalTransitionError, OverfillError, TwinOrderError):
        theirs = f"{update.state} {update.filled_quantity}"
        return _disagrees(DiscrepancyKind.ORDER_IMPOSSIBLE, order, theirs)
    is_same = not fills and structs.replace(after, updated_at=order.updated_at) == order
    if is_same and update.request is None:
        return _NOTHING
    return _Finding(update=update, fills=fills)


def _not_there(order: Order, pages: _Pages) -> _Finding:
    book = pages.book
    is_proof = book.complete and order.request.client_id not in book.unsettled
    if order.state in _UNPROVEN:
        if is_proof and not pages.is_behind:
            return _Finding(absent=True)
        return _disagrees(DiscrepancyKind.ORDER_UNPROVEN, order, "not in the book")
    was_there = order.state not in (OrderState.PLANNED, OrderState.REJECTED)
    was_there &= order.broker_id not in book.gone
    if is_proof and was_there and (order.broker_id or not order.state.is_final):
        return _disagrees(DiscrepancyKind.ORDER_MISSING, order, "not in the book")
    return _NOTHING


def _disagrees(kind: DiscrepancyKind, order: Order, theirs: str) -> _Finding:
    ours = f"{order.state} {order.filled_quantity}"
    return _Finding(discrepancies=(Discrepancy(kind, order.request.client_id, ours, theirs),))


def _foreign(own: Set[str], unknown: Set[str], book: BrokerBook) -> tuple[Discrepancy, ...]:
    """Name orders that work or have filled and trades that no listed order explains."""
    orders = [update for update in book.orders if update.client_id not in own]
    listed = {update.broker_id for update in book.orders}
    return (
        *(
            Discrepancy(
                DiscrepancyKind.UNKNOWN_ORDER
                if update.client_id in unknown
                else DiscrepancyKind.FOREIGN_ORDER,
                update.broker_id,
                "none",
                f"{update.state} {update.filled_quantity}",
            )
            for update in orders
            if update.filled_quantity or not update.state.is_final
        ),
        *(
            Discrepancy(
                DiscrepancyKind.FOREIGN_TRADE,
                fill.trade_id,
                "none",
                f"{fill.side} {fill.quantity} {fill.instrument.key}",
            )
            for fill in book.trades
            if fill.client_id not in own and fill.broker_id not in listed
        ),
    )


def _net(positions: Sequence[Position], fills: Sequence[Fill]) -> dict[str, int]:
    net: dict[str, int] = {}
    for position in positions:
        key = position.instrument.key
        net[key] = net.get(key, 0) + position.quantity
    for fill in fills:
        key = fill.instrument.key
        net[key] = net.get(key, 0) + fill.side.sign * fill.quantity
    return net


def _positions(
    ours: Mapping[str, int], theirs: Mapping[str, int], foreign: Foreign
) -> tuple[Discrepancy, ...]:
    """Name units that neither we nor foreign orders explain; ours are told without the foreign."""
    others = {position.instrument: position.quantity for position in foreign.positions}
    return tuple(
        Discrepancy(
            DiscrepancyKind.POSITION if key in ours else DiscrepancyKind.FOREIGN_POSITION,
            key,
            str(ours.get(key, 0)),
            str(theirs.get(key, 0) - others.get(key, 0)),
        )
        for key in sorted({*ours, *theirs, *others})
        if ours.get(key, 0) + others.get(key, 0) != theirs.get(key, 0)
    )


def _products(
    ours: Mapping[str, int], book: BrokerBook, foreign: Foreign
) -> tuple[Discrepancy, ...]:
    """Name what we hold and the broker shows under another product than the desk trades.

    Where others trade the same contract nothing can be said.
    """
    others = {position.instrument for position in foreign.positions}
    return tuple(
        Discrepancy(
            DiscrepancyKind.PRODUCT,
            line.instrument,
            f"{Product.MIS} {ours[line.instrument]}",
            f"{line.product} {line.quantity}",
        )
        for line in book.held
        if ours.get(line.instrument, 0) and line.instrument not in others
        if line.quantity and line.product != Product.MIS
    )
