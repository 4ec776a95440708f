"""What the live page asks for when a person looks closer: why an opinion, and an option chain.

The text is that of `trading/explanation.py`, the chain that of the recorder; neither is made here.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from backoffice.live.desk_state import chain, watched_account
from backoffice.live.from_rows import newest_run
from backoffice.pages.guards import trusted_with
from backoffice.permissions import Action
from trading.explanation import explained
from trading.selectors_signal import UnknownSignalError, signal_called


@require_GET
@trusted_with(Action.READ)
def explanation(request: HttpRequest) -> HttpResponse:
    """Answer with why an opinion of the shown session stood where it stood and what became of it.

    `differences` names what the stored inputs don't come to, nothing where all do.
    """
    run = newest_run(watched_account())
    try:
        signal = signal_called(request.GET.get("signal", ""), run.code if run else "")
    except UnknownSignalError as error:
        return JsonResponse({"error": str(error)}, status=404)
    found = explained(signal)
    told = {"lines": found.lines, "differences": found.differences}
    return JsonResponse(told, headers={"Cache-Control": "no-store"})


@require_GET
@trusted_with(Action.READ)
def option_chain(request: HttpRequest) -> HttpResponse:
    """Answer with the newest state of a chain, an empty object where none is known."""
    underlying, expiry = request.GET.get("underlying", ""), request.GET.get("expiry", "")
    told = chain(watched_account(), underlying, expiry)
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(told, content_type="application/json", headers=headers)
