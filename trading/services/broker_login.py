"""Keeping the login at the broker: taking one in, ending it, and saying how it stands.

The token is encrypted in its row and told to nobody but who calls the broker; no audit entry, log
line or text holds it. Asking the broker is the business of the `LoginDoor` that is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import transaction

from marketdata.broker_session import (
    AppKeys,
    Login,
    LoginDoor,
    SessionState,
    state_of,
)
from marketdata.calendar import IST
from trading.models import BrokerSession, SessionEnd
from trading.services import audit
from trading.services.alerts import CRITICAL, raise_alert

EXPIRED = "broker.session-expired"


class NoKeysError(Exception):
    """The desk has no app at the broker: its key or secret isn't set."""


class NoSessionError(Exception):
    """There is no login that would do."""


@dataclass(frozen=True, slots=True)
class LoginStatus:
    """How the login stands; without one only `state` says something."""

    state: SessionState
    user_id: str = ""
    logged_in_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """What a process needs to call the broker."""

    api_key: str
    access_token: str = field(repr=False)
    user_id: str
    logged_in_at: datetime
    expires_at: datetime


def app_keys() -> AppKeys:
    """Return the desk's app at the broker. Raises `NoKeysError`."""
    key, secret = settings.KITE_API_KEY, settings.KITE_API_SECRET
    if not key or not secret:
        raise NoKeysError("KITE_API_KEY and KITE_API_SECRET are not set")
    return AppKeys(key, secret, settings.KITE_ROOT, settings.KITE_LOGIN_ROOT)


def log_in(*, request_token: str, door: LoginDoor, by: str, at: datetime) -> BrokerSession:
    """Take the login in that a request token stands for; an older one is over by it.

    Raises `LoginRefused` or `LoginUnclear`; then the older one is as it was.
    """
    return _take(door.exchange(request_token, at), by=by, how="request token")


def enter(*, access_token: str, door: LoginDoor, by: str, at: datetime) -> BrokerSession:
    """Take an access token in that somebody got elsewhere, once the broker says whose it is.

    Raises as `log_in`.
    """
    return _take(door.check(access_token, at), by=by, how="access token")


def log_out(*, door: LoginDoor, by: str, at: datetime) -> None:
    """End the login, at the broker too. Raises `NoSessionError` or `LoginUnclear`.

    What the broker doesn't confirm is over here all the same.
    """
    row = _open_row()
    if row is None:
        raise NoSessionError("nobody is logged in at the broker")
    token = _decrypted(row)
    with transaction.atomic():
        _end(row, SessionEnd.LOGOUT, at)
        audit.note("broker.logout", by=by, subject=row.user_id)
    if token:
        door.leave(token)


@transaction.atomic
def refused(*, access: Access, why: str, at: datetime) -> None:
    """Note that the broker refused a login, and alarm; one that is over already changes nothing."""
    row = _open_row(lock=True)
    if row is None or row.logged_in_at != access.logged_in_at:
        return
    _end(row, SessionEnd.REFUSED, at)
    audit.note("broker.session-refused", by="engine", subject=row.user_id, details={"why": why})
    text = f"The broker ended the session of {row.user_id}: {why}. A new login is needed."
    raise_alert(EXPIRED, severity=CRITICAL, text=text, at=at)


def status(at: datetime) -> LoginStatus:
    """Return how the login stands; one whose token can't be read counts as none."""
    row = BrokerSession.objects.filter(api_key=settings.KITE_API_KEY).first()
    if row is None or row.end == SessionEnd.LOGOUT.value:
        return LoginStatus(SessionState.NO_TOKEN)
    is_over = row.ended_at is not None
    if not is_over and not _decrypted(row):
        return LoginStatus(SessionState.NO_TOKEN)
    state = state_of(row.expires_at, is_over=is_over, now=at)
    return LoginStatus(state, row.user_id, row.logged_in_at, row.expires_at)


def access(at: datetime) -> Access:
    """Return what is needed to call the broker now. Raises `NoSessionError`."""
    row = _open_row()
    token = _decrypted(row) if row is not None and at < row.expires_at else ""
    if row is None or not token:
        raise NoSessionError(f"the broker session is {status(at).state}; log in first")
    return Access(row.api_key, token, row.user_id, row.logged_in_at, row.expires_at)


def shortfall(until: datetime, at: datetime) -> str:
    """Return why the login won't do from `at` up to `until`; empty if it will."""
    found = status(at)
    if found.state is not SessionState.ACTIVE or found.expires_at is None:
        return f"broker session {found.state}: log in at the broker"
    if found.expires_at < until:
        end = found.expires_at.astimezone(IST)
        return f"broker session ends {end:%Y-%m-%d %H:%M} IST: log in again"
    return ""


@transaction.atomic
def _take(login: Login, *, by: str, how: str) -> BrokerSession:
    older = _open_row(lock=True)
    if older is not None:
        _end(older, SessionEnd.REPLACED, login.at)
    row = BrokerSession.objects.create(
        api_key=settings.KITE_API_KEY,
        user_id=login.user_id,
        token=_vault().encrypt(login.access_token.encode()).decode(),
        by=by,
        logged_in_at=login.at,
        expires_at=login.ends_at,
    )
    audit.note(
        "broker.login",
        by=by,
        subject=login.user_id,
        details={"how": how, "expires_at": login.ends_at},
    )
    return row


def _open_row(*, lock: bool = False) -> BrokerSession | None:
    rows = BrokerSession.objects.filter(api_key=settings.KITE_API_KEY, ended_at=None)
    return (rows.select_for_update() if lock else rows).first()


def _end(row: BrokerSession, why: SessionEnd, at: datetime) -> None:
    row.ended_at, row.end, row.token = at, why.value, ""
    row.save(update_fields=["ended_at", "end", "token"])


def _decrypted(row: BrokerSession) -> str:
    """Return a row's token, empty where it was encrypted with another key."""
    try:
        return _vault().decrypt(row.token.encode()).decode()
    except InvalidToken:
        return ""


def _vault() -> Fernet:
    return Fernet(settings.TOKEN_KEY)
