"""What an HTTP answer of Kite must look like before anything in it is believed.

What its errors mean for an order is `execution/kite/errors.py`; nothing is sent from here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn

from kiteconnect import exceptions as kite

from marketdata.calendar import IST

_LONGEST_TEXT = 300
_ORDER_ID = re.compile(r"[A-Za-z0-9]{1,40}")
_ORDER_CALLS = ("order.place", "order.modify", "order.cancel")
_TIME = "%Y-%m-%d %H:%M:%S"
_LISTS = ("orders", "order.info", "trades", "order.trades")


class UnreadableAnswer(Exception):
    """An answer that isn't Kite's, or not whole; tells its HTTP code and the fault, never the body.

    What was asked may have been done.
    """

    def __init__(self, code: int, fault: str) -> None:
        super().__init__(f"unreadable answer with HTTP {code}: {fault}")
        self.code = code


class UserException(kite.GeneralException):  # type: ignore[misc] # kiteconnect has no types
    """Something is wrong with the account; the official client has no class for it."""


class MarginException(kite.GeneralException):  # type: ignore[misc]
    """The funds don't suffice; the official client has no class for it."""


class HoldingException(kite.GeneralException):  # type: ignore[misc]
    """The holdings don't suffice; the official client has no class for it."""


_ERRORS: Mapping[str, type[kite.KiteException]] = {
    error.__name__: error
    for error in (
        kite.TokenException,
        kite.PermissionException,
        kite.OrderException,
        kite.InputException,
        kite.DataException,
        kite.NetworkException,
        kite.GeneralException,
        UserException,
        MarginException,
        HoldingException,
    )
}


def check_answer(code: int, content_type: str, body: bytes, *, hidden: str) -> None:
    """Raise unless an answer is a whole success: an envelope of JSON, or a CSV file.

    `content_type`: of the header, empty without one. `hidden`: a text that no error may repeat.
    Raises `UnreadableAnswer`, or Kite's own error as the official client's exception with the
    HTTP code in `.code`; an `error_type` nobody knows is a GeneralException.
    """
    if "json" not in content_type:
        if "csv" in content_type and code == 200:
            return
        fault = "neither JSON nor a CSV file" if content_type else "no content type"
        raise UnreadableAnswer(code, fault)
    envelope = _parsed(code, body)
    match envelope.get("status"), envelope.get("error_type"):
        case "success", None:
            if not 200 <= code < 300 or "data" not in envelope:
                raise UnreadableAnswer(code, "a success without data or with an error's code")
        case "error", str(kind):
            _raise_error(code, kind, envelope.get("message"), hidden)
        case _:
            raise UnreadableAnswer(code, "neither a success nor an error")


def check_data(route: str, data: object, asked: Mapping[str, object]) -> None:
    """Raise `UnreadableAnswer` where the data of a call isn't what the call must return.

    `route`: the official client's name of the call. `asked`: what the address was made of; an
    answer about another order is no answer.
    """
    if route in _ORDER_CALLS:
        _check_order_id(data, asked)
    elif route in _LISTS:
        if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
            raise UnreadableAnswer(200, f"{route}: expected a list of rows")
    elif route == "portfolio.positions":
        net = data.get("net") if isinstance(data, dict) else None
        if not isinstance(net, list) or not all(isinstance(row, dict) for row in net):
            raise UnreadableAnswer(200, f"{route}: expected net, a list of rows")
    elif route == "api.token":
        _check_session(data)


def clean(text: str, *, hidden: str) -> str:
    """Return `text` in one line of printable characters, at most 300, without `hidden`."""
    if hidden:
        text = text.replace(hidden, "…")
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(shown.split())[:_LONGEST_TEXT]


def _parsed(code: int, body: bytes) -> dict[str, object]:
    try:
        envelope = json.loads(body.decode("utf-8"), parse_constant=_not_a_number)
    except (ValueError, RecursionError):
        envelope = None
    if not isinstance(envelope, dict):
        raise UnreadableAnswer(code, "not a JSON object")
    return envelope


def _not_a_number(name: str) -> NoReturn:
    raise ValueError(f"{name}, expected a number")


def _raise_error(code: int, kind: str, message: object, hidden: str) -> NoReturn:
    if not isinstance(message, str):
        raise UnreadableAnswer(code, "an error without a message")
    raise _ERRORS.get(kind, kite.GeneralException)(clean(message, hidden=hidden), code=code)


def _check_session(data: object) -> None:
    told_at = data.get("login_time") if isinstance(data, dict) else None
    try:
        datetime.strptime(told_at if isinstance(told_at, str) else "", _TIME).replace(tzinfo=IST)
    except ValueError:
        raise UnreadableAnswer(200, "no login_time") from None


def _check_order_id(data: object, asked: Mapping[str, object]) -> None:
    order_id = data.get("order_id") if isinstance(data, dict) else None
    if not isinstance(order_id, str) or not _ORDER_ID.fullmatch(order_id):
        raise UnreadableAnswer(200, "no order_id")
    if asked.get("order_id", order_id) != order_id:
        raise UnreadableAnswer(200, "another order's order_id")
