"""What changed between two states of the desk, and the same changes put onto a state again.

A list whose entries have ids is told as what to upsert and what to remove, newest first; any
other field is told whole. Sending is the broadcaster's work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]

KEYED = frozenset({"positions", "combinations", "orders", "signals", "fills", "events", "aside"})
"""Fields that are lists of entries with an `id`, the newest first."""
BARS = "bars"
"""A part of changes that belongs to no field: new and changed bars by instrument."""
_OF_THE_MESSAGE = frozenset({"version", "sequence"})


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Document:
    """Return what must be done to `before` to make it `after`; empty for no difference."""
    found: Document = {}
    for name, value in after.items():
        if name in _OF_THE_MESSAGE or (name in before and before[name] == value):
            continue
        found[name] = _entries(before.get(name, ()), value) if name in KEYED else value
    return found


def applied(document: Mapping[str, Any], sequence: int, changed: Mapping[str, Any]) -> Document:
    """Return `document` after `changed`, under the number `sequence`; bars are left to charts."""
    after: Document = {**document, "sequence": sequence}
    for name, value in changed.items():
        if name in KEYED:
            after[name] = _upserted(document.get(name, ()), value)
        elif name != BARS:
            after[name] = value
    return after


def _entries(before: Sequence[Document], after: Sequence[Document]) -> Document:
    known = {entry["id"]: entry for entry in before}
    kept = {entry["id"] for entry in after}
    return {
        "upsert": [entry for entry in after if known.get(entry["id"]) != entry],
        "remove": [key for key in known if key not in kept],
    }


def _upserted(before: Sequence[Document], change: Mapping[str, Any]) -> list[Document]:
    """Replace in place what is known; put what is new in front, in the order given."""
    removed = set(change["remove"])
    changed = {entry["id"]: entry for entry in change["upsert"]}
    known = {entry["id"] for entry in before}
    return [
        *(entry for entry in change["upsert"] if entry["id"] not in known),
        *(changed.get(entry["id"], entry) for entry in before if entry["id"] not in removed),
    ]
