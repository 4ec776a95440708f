"""What may not agree between our books and the broker's, by name, and what is done about each.

Finding it is `reconcile.py`; carrying the policy out is the engine's and the venue's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class DiscrepancyKind(StrEnum):
    """What does not agree between us and the broker."""

    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    ORDER_MISSING = "ORDER_MISSING"
    ORDER_UNPROVEN = "ORDER_UNPROVEN"
    ORDER_IMPOSSIBLE = "ORDER_IMPOSSIBLE"
    ORDER_PRICE = "ORDER_PRICE"
    ORDER_QUANTITY = "ORDER_QUANTITY"
    ORDER_CANCELLED = "ORDER_CANCELLED"
    TWIN_ORDER = "TWIN_ORDER"
    FOREIGN_ORDER = "FOREIGN_ORDER"
    FOREIGN_TRADE = "FOREIGN_TRADE"
    FOREIGN_POSITION = "FOREIGN_POSITION"
    POSITION = "POSITION"
    PRODUCT = "PRODUCT"


class Policy(StrEnum):
    """What the desk does about a disagreement, besides telling it.

    ADOPT: it is managed like what was planned, and nothing is entered meanwhile. PROTECT: what the
    plan wants is asked for again at once, so that what is held stays covered. HALT: nothing is
    entered until it is gone or explained; what is held stays protected. IGNORE: it is counted at
    risk and left alone.
    """

    ADOPT = "ADOPT"
    PROTECT = "PROTECT"
    HALT = "HALT"
    IGNORE = "IGNORE"


_D = DiscrepancyKind
POLICIES: Mapping[DiscrepancyKind, tuple[Policy, str]] = {
    _D.UNKNOWN_ORDER: (Policy.HALT, "it has an id of this run and stands in no journal"),
    _D.ORDER_MISSING: (Policy.HALT, "the broker lost an order that it had"),
    _D.ORDER_UNPROVEN: (Policy.HALT, "whether the order exists isn't known"),
    _D.ORDER_IMPOSSIBLE: (Policy.HALT, "what the broker says of the order cannot be"),
    _D.ORDER_PRICE: (Policy.PROTECT, "somebody else changed an order of ours"),
    _D.ORDER_QUANTITY: (Policy.PROTECT, "somebody else changed an order of ours"),
    _D.ORDER_CANCELLED: (Policy.PROTECT, "nobody of us asked for it, another rests"),
    _D.TWIN_ORDER: (Policy.ADOPT, "the broker made two orders of one request"),
    _D.FOREIGN_ORDER: (Policy.IGNORE, "it is somebody else's, counted at risk"),
    _D.FOREIGN_TRADE: (Policy.HALT, "no order that is listed explains it"),
    _D.FOREIGN_POSITION: (Policy.HALT, "no order that is listed explains it"),
    _D.POSITION: (Policy.HALT, "our orders don't explain it, nor do those of others"),
    _D.PRODUCT: (Policy.HALT, "our exits would open a position of another product"),
}
"""What is done about each kind, and why."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One disagreement. `subject`: client id, broker id, trade id or instrument key, by kind."""

    kind: DiscrepancyKind
    subject: str
    ours: str
    theirs: str

    @property
    def policy(self) -> Policy:
        """Return what the desk does about it."""
        return POLICIES[self.kind][0]


def told_kind(kind: DiscrepancyKind) -> str:
    """Return how a kind is told in alerts, remarks and the documents: `order-price`."""
    return kind.value.lower().replace("_", "-")
