"""What stands before a page: signed in, and trusted with the action. The rest is the page's."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse

from backoffice.permissions import Action, may

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


def wants_json(request: HttpRequest) -> bool:
    """Say whether a script asks rather than a person."""
    return request.headers.get("Accept", "").startswith("application/json")


def trusted_with(action: Action) -> Callable[[Page[P]], Page[P]]:
    """Let a request pass whose user may do `action`.

    A person who isn't signed in is sent to the sign-in page, a script is told 401; a signed-in
    user without the right gets 403.
    """

    def guard(page: Page[P]) -> Page[P]:
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return _sign_in_first(request)
            if not may(request.user, action):
                if wants_json(request):
                    return JsonResponse({"error": f"not allowed: {action}"}, status=403)
                raise PermissionDenied
            return page(request, *args, **kwargs)

        update_wrapper(guarded, page)
        return guarded

    return guard


def typed(request: HttpRequest, name: str, longest: int) -> str:
    """Return what a form says under a name, without what no database can hold; cut to fit."""
    return request.POST.get(name, "").replace("\x00", "")[:longest]


def name_of(request: HttpRequest) -> str:
    """Return the name under which a signed-in person's deeds are remembered."""
    return request.user.username if isinstance(request.user, User) else ""


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"error": "signed out"}, status=401)
    return redirect_to_login(request.get_full_path())
