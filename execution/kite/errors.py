"""What a failed call proves: nothing was accepted, nothing is proven, or a login is wanted.

How a failure comes about is `marketdata/kite/client.py`; sending again is nobody's choice here.
"""

from __future__ import annotations

from enum import Enum, auto

from kiteconnect.exceptions import (
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
    has to be looked at. Who asks for one order is refused where Kite says that the order, or what
    it was asked by, is wrong. A dead session shows as a TokenException, or as an InputException
    that speaks of the credentials.
    """
    if not isinstance(error, KiteException):
        is_limit = isinstance(error, UnreadableAnswer) and error.code == _TOO_MANY
        return TooManyRequests(str(error)) if is_limit else OutcomeUnknown(str(error))
    told = f"{type(error).__name__} {error.code}: {error}"
    if error.code == _TOO_MANY:
        return TooManyRequests(told)
    if error.code not in _SAYS_NO or error.code == 408:
        return OutcomeUnknown(told)
    if _wants_login(error):
        return SessionExpired(told)
    if doing is not Doing.READ and _says_no(error, doing):
        return Refused(str(error) or told)
    return OutcomeUnknown(told)


def _wants_login(error: KiteException) -> bool:
    if isinstance(error, TokenException):
        return True
    text = str(error).lower()
    return isinstance(error, InputException) and any(name in text for name in _CREDENTIALS)


def _says_no(error: KiteException, doing: Doing) -> bool:
    if isinstance(error, OrderException):
        return doing in (Doing.CHANGE, Doing.SEEK)
    if doing is Doing.SEEK:
        return isinstance(error, InputException)
    return isinstance(error, _REFUSALS)
