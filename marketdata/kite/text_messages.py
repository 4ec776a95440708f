"""What a text message of the socket says: an order, or something for the log.

What an order's fields mean is not known here.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from marketdata.kite.news import Notice, OrderMessage

_LONGEST = 300


def read_text(text: bytes, at: datetime) -> OrderMessage | Notice:
    """Return what a text message says; one that can't be read becomes a notice of its size."""
    try:
        told = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Notice(at, f"text message: {len(text)} bytes, expected JSON")
    if not isinstance(told, dict):
        return Notice(at, f"text message: {len(text)} bytes, expected an object with `type`")
    kind, data = told.get("type"), told.get("data")
    if kind == "order" and isinstance(data, dict):
        return OrderMessage(at, data)
    return Notice(at, f"{str(kind)[:20]}: {_one_line(data)}")


def _one_line(data: object) -> str:
    text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
    return " ".join(text.split())[:_LONGEST]
