"""Checks of a strategy's parameters, each error naming the field and what was expected.

Which parameters exist is decided by each strategy's fields; building from a configuration lives
in `registry.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable


def check_range(owner: object, low: float, high: float, *fields: str) -> None:
    """Raise `ValueError` unless each field of `owner` lies in `low` to `high`, ends included."""
    for field in fields:
        value = getattr(owner, field)
        if not low <= value <= high:
            upper = "" if math.isinf(high) else f" to {high:g}"
            raise ValueError(f"{field}: {value}, expected {low:g}{upper or ' or more'}")


def check_speech(owner: object) -> None:
    """Check how often and how long a strategy may speak, and how many positions it may hold."""
    check_range(owner, 0, 375, "gap_minutes")
    check_range(owner, 1, 375, "valid_minutes")
    check_range(owner, 1, 100, "max_positions")


def check_order(owner: object, smaller: str, larger: str) -> None:
    """Raise `ValueError` unless the one field is below the other."""
    low, high = getattr(owner, smaller), getattr(owner, larger)
    if not low < high:
        raise ValueError(f"{smaller}: {low}, expected below {larger} ({high})")


def check_choice(owner: object, field: str, choices: Iterable[str]) -> None:
    """Raise `ValueError` unless the field holds one of the choices."""
    value, known = getattr(owner, field), sorted(choices)
    if value not in known:
        raise ValueError(f"{field}: {value!r}, expected one of {', '.join(known)}")
