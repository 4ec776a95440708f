"""The page on which a person sets up the authenticator app whose codes LIVE asks for.

The secret is shown once, when it is made; checking codes is `backoffice/second_factors.py`.
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
from backoffice.pages.guards import trusted_with
from backoffice.permissions import Action


@require_GET
@never_cache
@trusted_with(Action.CONTROL)
def page(request: HttpRequest) -> HttpResponse:
    """Say whether the person has a second factor, and how to get one."""
    return _shown(request, None)


@require_POST
@never_cache
@trusted_with(Action.CONTROL)
def begin(request: HttpRequest) -> HttpResponse:
    """Make a secret and show it; it counts once a code of it was typed."""
    try:
        enrolment = second_factors.begin(_person(request), timezone.now())
    except second_factors.SecondFactorError as error:
        messages.error(request, f"Not done: {error}.")
        return redirect("second-factor")
    return _shown(request, enrolment)


@require_POST
@trusted_with(Action.CONTROL)
def confirm(request: HttpRequest) -> HttpResponse:
    """Take the first code."""
    code = request.POST.get("code", "").strip()
    try:
        second_factors.confirm(_person(request), code, timezone.now())
    except second_factors.SecondFactorError as error:
        messages.error(request, f"Not done: {error}. Begin again if you lost the secret.")
    else:
        messages.success(request, "Your second factor is set.")
    return redirect("second-factor")


def _shown(request: HttpRequest, enrolment: second_factors.Enrolment | None) -> HttpResponse:
    is_set = second_factors.is_set(_person(request))
    return render(request, "live/second_factor.html", {"is_set": is_set, "enrolment": enrolment})


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("the guard lets nobody pass who isn't signed in")
    return request.user
