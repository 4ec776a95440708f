"""Configurations as lines of key and value, and what differs between two of them.

Which versions exist and which holds is told by `configs.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backoffice.admin.panels import Row, Table

_ABSENT = object()
_TONES = {"added": "good", "removed": "bad", "changed": "warn"}


@dataclass(frozen=True, slots=True)
class Change:
    """One key that differs; `before` is empty for an added one, `after` for a removed one."""

    key: str
    what: str
    before: str
    after: str


def lines_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document's values by dotted key, in its own order; lists stay whole."""
    lines: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, Mapping) and value:
            lines |= {f"{key}.{inner}": entry for inner, entry in lines_of(value).items()}
        else:
            lines[key] = value
    return lines


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what differs from `before` to `after`, by key; nothing for the same content."""
    old, new = lines_of(before), lines_of(after)
    found = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key, _ABSENT), new.get(key, _ABSENT)
        if was == now:
            continue
        what = "added" if was is _ABSENT else "removed" if now is _ABSENT else "changed"
        found.append(Change(key, what, told(was), told(now)))
    return tuple(found)


def told(value: object) -> str:
    """Return a value as it stands in a document; nothing for an absent one."""
    return "" if value is _ABSENT else json.dumps(value, ensure_ascii=False)


def diff_table(title: str, found: tuple[Change, ...]) -> Table:
    """Return differences as a table."""
    rows = tuple(
        Row((change.key, change.what, change.before, change.after), _TONES[change.what])
        for change in found
    )
    headers = ("Key", "", "Before", "After")
    note = f"{len(rows)} key{'' if len(rows) == 1 else 's'}"
    return Table(title, headers, rows, note=note, empty="The same content.")
