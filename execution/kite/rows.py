"""Reading single fields of Kite's rows: each checked, each error naming the field, not the value.

What the rows mean is `mapping.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from marketdata.calendar import IST

Row = Mapping[str, object]
"""One order, trade or position as Kite tells it."""

_LARGEST = 10**12
_MOST_RUPEES = 10**15
_FORM = {4: "-", 7: "-", 10: " ", 13: ":", 16: ":"}
_LENGTH = 19


class RowError(ValueError):
    """A row that can't be read; names the field and what was expected."""


def text(row: Row, name: str) -> str:
    """Return a text that is not empty."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        _refuse(name, "a text")
    return value


def optional_text(row: Row, name: str) -> str:
    """Return a text, empty where there is none or something else."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


def count(row: Row, name: str) -> int:
    """Return a whole number, 0 or above; Kite may write it with a decimal point."""
    number = whole(row, name)
    if number < 0:
        _refuse(name, "a whole number, 0 or above")
    return number


def whole(row: Row, name: str) -> int:
    """Return a whole number of either sign."""
    value = row.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
        _refuse(name, "a whole number")
    return value


def price(row: Row, name: str) -> Decimal:
    """Return a price in rupees, 0 or above; a float is read through its shortest form."""
    number = _number(row, name, "a price")
    if not 0 <= number < _LARGEST:
        _refuse(name, "a price, 0 or above")
    return number


def amount(row: Row, name: str) -> Decimal:
    """Return an amount of rupees of either sign."""
    return _number(row, name, "an amount")


def _number(row: Row, name: str, expected: str) -> Decimal:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        _refuse(name, expected)
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        _refuse(name, expected)
    if not number.is_finite() or abs(number) > _MOST_RUPEES:
        _refuse(name, expected)
    return number


def moment(row: Row, *names: str) -> datetime | None:
    """Return the first moment that is told, aware, in IST; None where none of `names` tells one.

    Kite writes local time without a zone. Raises `RowError` for a text of another form.
    """
    for name in names:
        value = row.get(name)
        if isinstance(value, datetime):
            return value.replace(tzinfo=IST) if value.tzinfo is None else value.astimezone(IST)
        if value:
            return _parsed(name, value)
    return None


def _parsed(name: str, value: object) -> datetime:
    try:
        return datetime.fromisoformat(_formed(value)).replace(tzinfo=IST)
    except ValueError:
        _refuse(name, "a time like 2026-11-23 09:15:00")


def _formed(value: object) -> str:
    """Return a text of Kite's form, empty for anything else: ISO 8601 knows more forms than it."""
    if not isinstance(value, str) or len(value) != _LENGTH:
        return ""
    return value if all(value[place] == sign for place, sign in _FORM.items()) else ""


def _refuse(name: str, expected: str) -> NoReturn:
    raise RowError(f"{name}: expected {expected}") from None
