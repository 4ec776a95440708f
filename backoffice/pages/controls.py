"""The plain forms behind the live page's controls; they work with the socket down.

A form writes the operator's wish down and answers 202; the engine carries it out.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from backoffice.pages.guards import name_of, trusted_with, typed, wants_json
from backoffice.permissions import Action
from trading.engine.events import CommandKind
from trading.models import Command
from trading.services.commands import NoRunError
from trading.services.control import ask
from trading.services.control_change import UnknownPositionError

_LONGEST_REASON = 500
_SUBJECTS = ("position", "scope", "strategy")


def _control(kind: CommandKind) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view that asks the engine for one kind of command."""

    @require_POST
    @trusted_with(Action.CONTROL)
    def view(request: HttpRequest) -> HttpResponse:
        try:
            wish = ask(
                kind=kind,
                by=name_of(request),
                reason=typed(request, "reason", _LONGEST_REASON),
                subject=_subject_of(request),
            )
        except ValueError as error:
            return JsonResponse({"error": str(error)}, status=400)
        except UnknownPositionError as error:
            return JsonResponse({"error": str(error)}, status=404)
        except NoRunError as error:
            return JsonResponse({"error": str(error)}, status=409)
        return _accepted(request, wish)

    return view


pause = _control(CommandKind.PAUSE)
resume = _control(CommandKind.RESUME)
flatten = _control(CommandKind.FLATTEN)
unlock = _control(CommandKind.UNLOCK)
close = _control(CommandKind.CLOSE_POSITION)
release = _control(CommandKind.RELEASE_STRATEGY)


@require_GET
@trusted_with(Action.READ)
def command(_request: HttpRequest, number: int) -> HttpResponse:
    """Tell what has become of a command."""
    found = Command.objects.filter(pk=number).first()
    if found is None:
        raise Http404(f"command {number}: unknown")
    return JsonResponse(_told(found))


def _subject_of(request: HttpRequest) -> str:
    """Return what a wish is about, under whichever of its names it is told; empty for the desk."""
    return next((told for name in _SUBJECTS if (told := request.POST.get(name, ""))), "")


def _accepted(request: HttpRequest, wish: Command) -> HttpResponse:
    if wants_json(request):
        return JsonResponse(_told(wish), status=202)
    return redirect("live")


def _told(wish: Command) -> dict[str, object]:
    return {
        "id": wish.pk,
        "kind": wish.kind,
        "state": wish.state,
        "outcome": wish.outcome,
        "subject": wish.subject,
        "issued_by": wish.issued_by,
        "issued_at": wish.issued_at.isoformat(),
    }
