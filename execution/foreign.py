"""What of the broker's account is not ours: orders and units of a person, or of another program.

They are told apart by order, never by guess; what the desk makes of them is decided elsewhere, and
nothing here, or anywhere, touches them.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from decimal import Decimal

from execution.broker import BrokerBook, HeldLine, OrderLine
from marketdata.instruments import Exchange


@dataclass(frozen=True, slots=True)
class ForeignPosition:
    """Signed units of an instrument that no order of ours explains, and its last price."""

    instrument: str
    quantity: int
    last: Decimal


@dataclass(frozen=True, slots=True)
class Foreign:
    """What is foreign: working orders by the broker's id, units by the instrument's key."""

    orders: tuple[OrderLine, ...] = ()
    positions: tuple[ForeignPosition, ...] = ()

    def is_like(self, other: Foreign) -> bool:
        """Say whether both are the same, whatever its last price is."""
        units = [(each.instrument, each.quantity) for each in self.positions]
        others = [(each.instrument, each.quantity) for each in other.positions]
        return units == others and self.orders == other.orders

    def in_both(self, other: Foreign) -> Foreign:
        """Return what is here and was, in whatever quantity, in `other` too."""
        orders = {order.broker_id for order in other.orders}
        held = {position.instrument for position in other.positions}
        return Foreign(
            tuple(order for order in self.orders if order.broker_id in orders),
            tuple(each for each in self.positions if each.instrument in held),
        )


_MARKETS = frozenset(each.value for each in Exchange)
NOTHING_FOREIGN = Foreign()


def foreign_of(own: Set[str], book: BrokerBook) -> Foreign:
    """Return what no client id of `own` explains; only trades of listed orders are counted.

    Units carried into the day are foreign: the desk is flat every evening. So is everything of a
    market that the desk doesn't know, by what is held alone.
    """
    others = [update for update in book.orders if update.client_id not in own]
    strangers = {update.broker_id for update in others}
    working = {update.broker_id for update in others if not update.state.is_final}
    units = {line.instrument: 0 for line in book.held}
    for line in book.held:
        is_elsewhere = not is_known_market(line.instrument.partition(":")[0])
        units[line.instrument] += line.quantity if is_elsewhere else line.carried
    for fill in book.trades:
        if fill.broker_id in strangers:
            key = fill.instrument.key
            units[key] = units.get(key, 0) + fill.side.sign * fill.quantity
    last = _last_prices(book.held)
    return Foreign(
        tuple(line for line in book.lines if line.broker_id in working),
        tuple(
            ForeignPosition(key, quantity, last.get(key, Decimal(0)))
            for key, quantity in sorted(units.items())
            if quantity
        ),
    )


def is_known_market(exchange: str) -> bool:
    """Say whether the desk could trade on an exchange at all."""
    return exchange in _MARKETS


def _last_prices(held: Iterable[HeldLine]) -> dict[str, Decimal]:
    return {line.instrument: line.last for line in held}
