"""Asking before acting: a page that says what will happen, wants a reason, and then does it.

Plain POST, so that it works when scripts do not. What is done is the business of services.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from backoffice.admin.panels import Panel
from backoffice.admin.shown import address
from trading.engine.events import CommandKind
from trading.models import Command, Run
from trading.services import control
from trading.services.commands import NoRunError
from trading.services.control_change import UnknownPositionError

_WIDE = "desk-input"
Row = TypeVar("Row", bound=Model)


def row_of(rows: QuerySet[Row], object_id: str) -> Row | None:
    """Return the row an address tells of; None where there is none, or it tells no row at all."""
    try:
        return rows.filter(pk=object_id).first()
    except (ValueError, ValidationError):
        return None


def row_or_404(rows: QuerySet[Row], object_id: str) -> Row:
    """Return the row an address tells of. Raises `Http404`."""
    found = row_of(rows, object_id)
    if found is None:
        raise Http404(f"{rows.model._meta.verbose_name} {object_id}: unknown")
    return found


class ReasonForm(forms.Form):
    """Why it is asked; the audit log keeps it."""

    reason = forms.CharField(
        max_length=500,
        label="Reason",
        widget=forms.TextInput(attrs={"class": _WIDE, "autofocus": True, "autocomplete": "off"}),
    )


class SureForm(forms.Form):
    """Nothing to fill in; the button is the answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the page says: `effect` is what happens on a yes, `button` is the yes."""

    title: str
    effect: str
    button: str
    back: str
    is_grave: bool = False
    panels: Sequence[Panel] = ()
    form: type[forms.Form] = ReasonForm


def ask(
    admin: Any,
    request: HttpRequest,
    question: Question,
    on_yes: Callable[[forms.Form], HttpResponse],
) -> HttpResponse:
    """Show the question, and answer a filled-in one with what `on_yes` returns."""
    form = question.form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return on_yes(form)
    context = {
        **admin.admin_site.each_context(request),
        "title": question.title,
        "question": question,
        "form": form,
        "opts": admin.model._meta,
    }
    return TemplateResponse(request, "desk_admin/ask.html", context)


@dataclass(frozen=True, slots=True)
class Wish:
    """A command an operator can give from a page, and how it is asked about."""

    kind: CommandKind
    title: str
    effect: str
    is_grave: bool = False
    subject: str = ""


def command(admin: Any, request: HttpRequest, run: Run, wish: Wish, back: str) -> HttpResponse:
    """Ask for a reason and write the command down; the engine carries it out."""
    question = Question(wish.title, wish.effect, wish.title, back, wish.is_grave)

    def on_yes(form: forms.Form) -> HttpResponse:
        try:
            issued = _asked(request, run, wish, form.cleaned_data["reason"])
        except (NoRunError, UnknownPositionError) as error:
            messages.error(request, f"Not asked: {error}.")
            return redirect(back)
        messages.success(request, f"{wish.title}: asked. This page tells what became of it.")
        return redirect(address(issued))

    return ask(admin, request, question, on_yes)


def _asked(request: HttpRequest, run: Run, wish: Wish, reason: str) -> Command:
    """Write the wish down for this run, and for no other that may have begun since."""
    running = control.running_session()
    if running is None or running.pk != run.pk:
        raise NoRunError(f"{run.code} is not the running session")
    by = request.user.get_username()
    return control.ask(kind=wish.kind, by=by, reason=reason, subject=wish.subject)
