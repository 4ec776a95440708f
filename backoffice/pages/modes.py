"""The page of the desk's mode: what it is, every check before LIVE, and the two ways to change it.

Judging the checks is `trading/services/live_gate.py`; the same is offered by the API.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from backoffice import second_factors
from backoffice.desk_account import NoAccountError, desk_account
from backoffice.pages.guards import name_of, trusted_with, typed
from backoffice.permissions import Action, may
from trading.models import Mode, ModeChange
from trading.services import mode, mode_changes
from trading.services.live_facts import Asker
from trading.services.live_gate import PHRASE, Override
from trading.services.live_looks import Looks

_LONGEST_REASON = 500
_SHOWN = 10


@require_GET
@never_cache
@trusted_with(Action.CONTROL)
def page(request: HttpRequest) -> HttpResponse:
    """Show the mode, what was measured just now for LIVE, and the last changes."""
    try:
        account = desk_account()
    except NoAccountError as error:
        messages.error(request, str(error))
        return redirect("live")
    wish = mode.ModeWish(
        account=account,
        mode=Mode.LIVE,
        by=name_of(request),
        reason="",
        asker=Asker(is_operator=True),
    )
    verdict = mode.judge(wish, _looks(), timezone.now())
    shown = {
        "account": account,
        "mode": mode.present_mode(account),
        "live": mode_changes.live_change(account, timezone.now()),
        "checks": verdict.checks,
        "failing": len(verdict.failing),
        "phrase": PHRASE,
        "may_override": may(request.user, Action.ADMINISTER),
        "has_factor": second_factors.is_set(_person(request)),
        "changes": ModeChange.objects.filter(account=account)[:_SHOWN],
    }
    return render(request, "live/mode.html", shown)


@require_POST
@trusted_with(Action.CONTROL)
def to_live(request: HttpRequest) -> HttpResponse:
    """Ask for LIVE; a shut gate tells which checks fail."""
    written = typed(request, "override_reason", _LONGEST_REASON)
    is_admin = may(request.user, Action.ADMINISTER)
    factor = second_factors.check(_person(request), request.POST.get("code", ""), timezone.now())
    asker = Asker(
        phrase=request.POST.get("confirmation", ""), is_operator=True, second_factor=factor
    )
    override = Override(written, is_admin) if written.strip() else None
    return _asked(request, Mode.LIVE, asker, override)


@require_POST
@trusted_with(Action.CONTROL)
def to_paper(request: HttpRequest) -> HttpResponse:
    """Go back to PAPER; a LIVE session that runs is flattened and locked."""
    return _asked(request, Mode.PAPER, Asker(is_operator=True), None)


def _asked(
    request: HttpRequest, wanted: Mode, asker: Asker, override: Override | None
) -> HttpResponse:
    reason = typed(request, "reason", _LONGEST_REASON).strip()
    if not reason:
        messages.error(request, "Not done: say why, it goes into the audit log.")
        return redirect("mode")
    try:
        wish = mode.ModeWish(
            account=desk_account(),
            mode=wanted,
            by=name_of(request),
            reason=reason,
            asker=asker,
            override=override,
        )
        given = mode.ask(wish, _looks(), timezone.now())
    except (mode.LiveRefusedError, mode.AlreadyLiveError, NoAccountError) as error:
        messages.error(request, f"Not done: {error}.")
    else:
        messages.success(request, f"The desk is in {given}; sessions opened from now on are.")
    return redirect("mode")


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("the guard lets nobody pass who isn't signed in")
    return request.user


def _looks() -> Looks:
    from trading.bootstrap_gate import looks

    return looks()
