"""What a failed call proves: nothing was accepted, nothing is proven, or a login is wanted.

How a failure comes about is `marketdata/kite/client.py`; sending again is nobody's choice here.
"""

from __future__ import annotations

from enum import Enum, auto

from kiteconnect.exceptions import (
    GeneralException,
    InputException,
    KiteException,
    OrderException,
    PermissionException,
    TokenException,
)

from execution.broker import OutcomeUnknown, Refused, SessionExpired
from marketdata.kite.answers import (
    HoldingException,
    MarginException,
    UnreadableAnswer,
    UserException,
)

_TOO_MANY = 429
_SAYS_NO = range(400, 500)
_REFUSALS = (
    InputException,
    MarginException,
    HoldingException,
    PermissionException,
    UserException,
)
_CREDENTIALS = ("api_key", "access_token")
_NO_SUCH_ORDER = "couldn't find that order_id"
"""Kite's words for an order that it doesn't know; it isn't said which class and code they bear."""
_OF_AN_ORDER = (InputException, OrderException, GeneralException)
_TOLD_WITH = (400, 404, 410, 500)


class TooManyRequests(OutcomeUnknown):
    """Kite's rate limit was met. That nothing was done is likely, and not proven."""


class Doing(Enum):
    """What was asked of Kite."""

    PLACE = auto()
    CHANGE = auto()
    SEEK = auto()
    READ = auto()


def failure_of(error: Exception, doing: Doing) -> Refused | OutcomeUnknown | SessionExpired:
    """Return what a failure of `Client` proves.

    A refusal needs Kite's own words and a code that says no (400 to 499 but 408 and 429), and is
    never the answer to a read of a list. An OrderException proves nothing of a placement: the book
    has to be looked at. Who asks for one order is refused by Kite's words for an order that it
    doesn't know and by nothing else: any other failure would make it one that is gone. A dead
    session shows as a TokenException, or as an InputException that speaks of the credentials.
    """
    if not isinstance(error, KiteException):
        is_limit = isinstance(error, UnreadableAnswer) and error.code == _TOO_MANY
        return TooManyRequests(str(error)) if is_limit else OutcomeUnknown(str(error))
    told = f"{type(error).__name__} {error.code}: {error}"
    if error.code == _TOO_MANY:
        return TooManyRequests(told)
    if doing in (Doing.CHANGE, Doing.SEEK) and _knows_none(error):
        return Refused(str(error))
    if error.code not in _SAYS_NO or error.code == 408:
        return OutcomeUnknown(told)
    if _wants_login(error):
        return SessionExpired(told)
    if doing in (Doing.PLACE, Doing.CHANGE) and _says_no(error, doing):
        return Refused(str(error) or told)
    return OutcomeUnknown(told)


def _wants_login(error: KiteException) -> bool:
    if isinstance(error, TokenException):
        return True
    text = str(error).lower()
    return isinstance(error, InputException) and any(name in text for name in _CREDENTIALS)


def _knows_none(error: KiteException) -> bool:
    """Say whether Kite's words are that it doesn't know the order."""
    words = str(error).lower().replace("`", "")
    is_said = isinstance(error, _OF_AN_ORDER) and error.code in _TOLD_WITH
    return is_said and _NO_SUCH_ORDER in words


def _says_no(error: KiteException, doing: Doing) -> bool:
    if isinstance(error, OrderException):
        return doing is Doing.CHANGE
    return isinstance(error, _REFUSALS)
