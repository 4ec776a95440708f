"""The broker's book of a run as the broker itself told it: what is held, and what still works.

Read from the broker's answers in the journal, not from what the engine made of them, so that the
two can be held against each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from execution.orders import FINAL, OrderState
from trading.journal import read_records

_OVER = frozenset(state.value for state in (*FINAL, OrderState.PLANNED))
"""An order told to be planned was never there."""


@dataclass(frozen=True, slots=True)
class BrokerBook:
    """`held`: signed units by instrument, flat ones left out. `working`: client ids of orders.

    An order that was sent and never answered counts as working; a second one under the id of
    another is told by the broker's id.
    """

    held: Mapping[str, int]
    working: frozenset[str]

    @property
    def is_flat(self) -> bool:
        """Say whether nothing is held and nothing can fill any more."""
        return not self.held and not self.working

    def __str__(self) -> str:
        if self.is_flat:
            return "flat"
        held = ", ".join(f"{units:+d} {key}" for key, units in sorted(self.held.items()))
        return f"held: {held or 'nothing'}; working orders: {len(self.working)}"


def broker_book(journal: Path) -> BrokerBook:
    """Return the book at the end of a journal; a missing one holds nothing.

    News may be told late: what says that more has filled, or that an order is over, stands against
    what says less. An order that has filled further than its trades prove counts as working.
    Raises `JournalCorruptError`.
    """
    orders: dict[str, _Told] = {}
    trades: dict[str, tuple[str, int]] = {}
    for record in read_records(journal) if journal.exists() else ():
        if record.kind == "PlaceOrder":
            orders.setdefault(record.body["request"]["client_id"], _Told())
        elif record.kind in ("BrokerSaid", "TwinFound"):
            update = record.body["update"]
            broker_id = update.get("broker_id", "")
            is_twin = record.kind == "TwinFound" or broker_id in orders
            known = orders.setdefault(broker_id if is_twin else update["client_id"], _Told())
            known.hear(update)
            trades |= _trades(update)
    held: defaultdict[str, int] = defaultdict(int)
    for key, units in trades.values():
        held[key] += units
    return BrokerBook(
        held={key: units for key, units in held.items() if units},
        working=frozenset(name for name, order in orders.items() if order.works),
    )


@dataclass(slots=True)
class _Told:
    """What was told of one order: units said to have filled, whether it is over, its trades."""

    filled: int = 0
    is_over: bool = False
    trades: dict[str, int] = field(default_factory=dict)

    @property
    def works(self) -> bool:
        return not self.is_over or self.filled > sum(self.trades.values())

    def hear(self, update: Mapping[str, Any]) -> None:
        """Take news in, however late they come."""
        filled, is_over = update.get("filled_quantity", 0), update["state"] in _OVER
        if (filled, is_over) >= (self.filled, self.is_over):
            self.filled, self.is_over = filled, is_over
        self.trades |= {fill["trade_id"]: fill["quantity"] for fill in update["fills"]}


def _trades(update: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    return {fill["trade_id"]: _signed(fill) for fill in update["fills"]}


def _signed(fill: Mapping[str, Any]) -> tuple[str, int]:
    instrument = fill["instrument"]
    key = f"{instrument['exchange']}:{instrument['symbol']}"
    return key, fill["quantity"] if fill["side"] == "BUY" else -fill["quantity"]
