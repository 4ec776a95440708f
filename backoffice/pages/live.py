"""The live page itself, and what it asks for by plain request when its socket is down.

What it shows is read in `backoffice/live/desk_state.py`; its controls are in `controls.py`.
"""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from backoffice.live.desk_state import bars, snapshot, stops, watched_account
from backoffice.pages.guards import trusted_with
from backoffice.permissions import Action, may, role_of


@require_GET
@ensure_csrf_cookie
@trusted_with(Action.READ)
def page(request: HttpRequest) -> HttpResponse:
    """Show the desk; the controls are there only for those who may use them."""
    role = role_of(request.user)
    return render(
        request,
        "live/desk.html",
        {"role": role, "may_control": may(request.user, Action.CONTROL)},
    )


@require_GET
@trusted_with(Action.READ)
def state(_request: HttpRequest) -> HttpResponse:
    """Answer with the message a socket would begin with."""
    return _json(snapshot(watched_account()).as_message())


@require_GET
@trusted_with(Action.READ)
def chart(request: HttpRequest) -> HttpResponse:
    """Answer with an instrument's bars of the day so far, and where its stops rested."""
    account, instrument = watched_account(), request.GET.get("instrument", "")
    rested = json.dumps(stops(account, instrument))
    return _json(f'{{"bars":{bars(account, instrument)},"stops":{rested}}}')


def _json(text: str) -> HttpResponse:
    return HttpResponse(
        text, content_type="application/json", headers={"Cache-Control": "no-store"}
    )
