"""How Kite words an answer: the envelopes, the kinds of error, times and numbers as text.

Which call answers what is in the `rest_*` modules.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from aiohttp import web

from marketdata.calendar import IST

Json = Mapping[str, Any] | Sequence[Any] | str | bool | None


class ErrorType(StrEnum):
    """Kite's kinds of error."""

    TOKEN = "TokenException"
    PERMISSION = "PermissionException"
    USER = "UserException"
    ORDER = "OrderException"
    INPUT = "InputException"
    MARGIN = "MarginException"
    HOLDING = "HoldingException"
    NETWORK = "NetworkException"
    DATA = "DataException"
    GENERAL = "GeneralException"


class KiteError(Exception):
    """A call that is answered with an error; the text goes out as it stands."""

    def __init__(self, message: str, error_type: ErrorType, code: int) -> None:
        super().__init__(message)
        self.message = message
        self.error_type = error_type
        self.code = code


def bad_input(message: str) -> KiteError:
    """Return the error for parameters that Kite does not take."""
    return KiteError(message, ErrorType.INPUT, 400)


def success(data: Json) -> web.Response:
    """Return `data` in the envelope of a call that worked; decimals become numbers."""
    return _answer({"status": "success", "data": data}, 200)


def failure(error: KiteError) -> web.Response:
    """Return the envelope of a call that did not."""
    return _answer(
        {
            "status": "error",
            "message": error.message,
            "data": None,
            "error_type": error.error_type,
        },
        error.code,
    )


def error_of(error: KiteError) -> dict[str, Any]:
    """Return an error as it stands inside an answer that worked for others."""
    return {
        "code": error.code,
        "error_type": str(error.error_type),
        "message": error.message,
        "data": None,
    }


def stamp(at: datetime | None) -> str | None:
    """Return a moment as Kite tells it: IST, to the second, without its zone; None stays."""
    return None if at is None else at.astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")


def candle_stamp(at: datetime) -> str:
    """Return the start of a candle as Kite tells it."""
    return at.astimezone(IST).strftime("%Y-%m-%dT%H:%M:%S%z")


def as_json(document: Json) -> bytes:
    """Return a document as JSON. Raises `TypeError` for what Kite would not tell."""
    return json.dumps(document, default=_number, allow_nan=False).encode()


def _answer(document: Json, code: int) -> web.Response:
    return web.Response(body=as_json(document), status=code, content_type="application/json")


def _number(value: object) -> float | int:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")
