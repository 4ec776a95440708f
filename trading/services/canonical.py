"""Canonical JSON: one text for one content, so that a hash means the content.

What is hashed, and into which row it goes, is told by the services beside this file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from uuid import UUID


def canonical(value: object) -> str:
    """Return `value` as JSON with sorted keys and no spaces.

    Decimals, moments, dates and UUIDs are told as text, enums by value. Raises `ValueError` for
    NaN and infinity, `TypeError` for anything that has no plain form.
    """
    return json.dumps(
        plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256_of(text: str) -> str:
    """Return the SHA-256 of the text's UTF-8 bytes in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def plain(value: object) -> object:
    """Return `value` as nested dicts, lists, texts, numbers, booleans and None."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | float() | str():
            return value
        case Decimal() | UUID():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return {_key(key): plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [plain(entry) for entry in value]
        case _:
            raise TypeError(f"{type(value).__name__}: {value!r} has no canonical form")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"key {key!r}: expected text")
    return key
