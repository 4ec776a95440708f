"""The page of the daily login at the broker: how it stands, the way to Kite and back, by hand.

A person types password and second factor at Kite's own page; the desk never sees them. Keeping
the login is `trading/services/broker_login.py`.
"""

from __future__ import annotations

import hmac
import re
import secrets

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from backoffice.pages.guards import name_of, trusted_with
from backoffice.permissions import Action
from marketdata.broker_session import (
    LoginDoor,
    LoginRefused,
    LoginUnclear,
    SessionState,
    may_end_early,
)
from trading.services import broker_login

_STATE = "broker_login_state"
_IN_ADDRESS = re.compile(r"[?&]request_token=([A-Za-z0-9_-]+)")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_FAILURES = (
    LoginRefused,
    LoginUnclear,
    broker_login.NoKeysError,
    broker_login.NoSessionError,
)


@require_GET
@never_cache
@trusted_with(Action.CONTROL)
def page(request: HttpRequest) -> HttpResponse:
    """Show how the login stands and what can be done about it."""
    status = broker_login.status(timezone.now())
    early = status.logged_in_at is not None and may_end_early(status.logged_in_at)
    return render(
        request,
        "live/broker.html",
        {
            "status": status,
            "is_active": status.state is SessionState.ACTIVE,
            "is_early": early,
            "has_keys": _has_keys(),
        },
    )


@require_GET
@never_cache
@trusted_with(Action.CONTROL)
def start(request: HttpRequest) -> HttpResponse:
    """Send the person to Kite's login page, with a word that has to come back."""
    try:
        door = _door()
    except broker_login.NoKeysError as error:
        return _back(request, error)
    request.session[_STATE] = secrets.token_urlsafe(24)
    return redirect(door.address(request.session[_STATE]))


@require_GET
@never_cache
@trusted_with(Action.CONTROL)
def callback(request: HttpRequest) -> HttpResponse:
    """Take the login in with which Kite sends the person back; good once, for who asked for it."""
    expected = str(request.session.pop(_STATE, ""))
    given = request.GET.get("state", "")
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        messages.error(request, "This login was not asked for here; please begin again.")
        return redirect("broker")
    if request.GET.get("status") != "success" or request.GET.get("action") != "login":
        messages.error(request, "Kite did not log you in.")
        return redirect("broker")
    return _log_in(request, request.GET.get("request_token", ""))


@require_POST
@trusted_with(Action.CONTROL)
def by_hand(request: HttpRequest) -> HttpResponse:
    """Take a token in that a person pastes: a request token, its whole address, or an access token.

    For where Kite can't send the browser back to the desk.
    """
    pasted = request.POST.get("token", "").strip()
    if request.POST.get("kind") != "access":
        return _log_in(request, _request_token(pasted))
    try:
        broker_login.enter(
            access_token=_clean(pasted), door=_door(), by=name_of(request), at=timezone.now()
        )
    except _FAILURES as error:
        return _back(request, error)
    messages.success(request, "The token is good; the desk is logged in.")
    return redirect("broker")


@require_POST
@trusted_with(Action.CONTROL)
def leave(request: HttpRequest) -> HttpResponse:
    """End the login, here and at Kite."""
    try:
        broker_login.log_out(door=_door(), by=name_of(request), at=timezone.now())
    except _FAILURES as error:
        return _back(request, error)
    messages.success(request, "The desk is logged out.")
    return redirect("broker")


def _log_in(request: HttpRequest, token: str) -> HttpResponse:
    try:
        broker_login.log_in(
            request_token=_clean(token), door=_door(), by=name_of(request), at=timezone.now()
        )
    except _FAILURES as error:
        return _back(request, error)
    messages.success(request, "The desk is logged in.")
    return redirect("broker")


def _back(request: HttpRequest, error: Exception) -> HttpResponse:
    messages.error(request, f"Not done: {error}")
    return redirect("broker")


def _door() -> LoginDoor:
    from trading.bootstrap_login import login_door

    return login_door(broker_login.app_keys())


def _has_keys() -> bool:
    try:
        broker_login.app_keys()
    except broker_login.NoKeysError:
        return False
    return True


def _request_token(pasted: str) -> str:
    """Return the token, also out of the whole address that Kite sent the browser to."""
    found = _IN_ADDRESS.search(pasted)
    return found[1] if found else pasted


def _clean(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise LoginRefused("token: expected letters and digits only")
    return token
