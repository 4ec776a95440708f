"""The broker's book of a run as the broker itself told it: what is held, and what still works.

Read from the broker's answers in the journal, not from what the engine made of them, so that the
two can be held against each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from execution.orders import OrderState
from trading.journal import read_records

_FINAL = frozenset(state.value for state in OrderState if state.is_final)


@dataclass(frozen=True, slots=True)
class BrokerBook:
    """`held`: signed units by instrument, flat ones left out. `working`: client ids of orders.

    An order that was sent and never answered counts as working.
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

    Raises `JournalCorruptError`.
    """
    states: dict[str, str] = {}
    trades: dict[str, tuple[str, int]] = {}
    for record in read_records(journal) if journal.exists() else ():
        if record.kind == "PlaceOrder":
            states.setdefault(record.body["request"]["client_id"], "SENT")
        elif record.kind == "BrokerSaid":
            update = record.body["update"]
            states[update["client_id"]] = update["state"]
            trades |= _trades(update)
        elif record.kind == "TwinFound":
            trades |= _trades(record.body["update"])
    held: defaultdict[str, int] = defaultdict(int)
    for key, units in trades.values():
        held[key] += units
    return BrokerBook(
        held={key: units for key, units in held.items() if units},
        working=frozenset(order for order, state in states.items() if state not in _FINAL),
    )


def _trades(update: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    return {fill["trade_id"]: _signed(fill) for fill in update["fills"]}


def _signed(fill: Mapping[str, Any]) -> tuple[str, int]:
    instrument = fill["instrument"]
    key = f"{instrument['exchange']}:{instrument['symbol']}"
    return key, fill["quantity"] if fill["side"] == "BUY" else -fill["quantity"]
