"""The page of the event calendar: what is near today, what comes, and what is not known.

Changing it is the admin's; what a session does by it was fixed when its run was started.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from backoffice.pages.guards import trusted_with
from backoffice.permissions import Action, may
from marketdata.calendar import IST
from trading.services.event_outlook import outlook


@require_GET
@never_cache
@trusted_with(Action.READ)
def page(request: HttpRequest) -> HttpResponse:
    """Show today's event windows with their effects, the next events, and expiries."""
    now = timezone.now()
    shown = {
        "outlook": outlook(now.astimezone(IST).date()),
        "now": now,
        "may_edit": may(request.user, Action.CONFIGURE) and request.user.is_staff,
    }
    return render(request, "live/events.html", shown)
