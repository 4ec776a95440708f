"""The event calendar in the admin: what is listed, what the desk says instead, and why.

A change is made by `trading/services/events.py`, and holds for sessions opened from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from backoffice.admin.asking import Question, ReasonForm, ask, row_or_404
from backoffice.admin.event_forms import EventForm, EventListForm
from backoffice.admin.reference import CalendarAdmin
from backoffice.admin.shown import address, column, figure, list_address, mark, when
from backoffice.admin.unfolded import action
from marketdata.events import DERIVED
from trading.models import MarketEvent, Origin
from trading.services import events

_NEXT = "Runs that have begun keep the events they began with."


def _standing(row: MarketEvent) -> object:
    if row.called_off:
        return mark("called off", "warn")
    if row.source.startswith(DERIVED):
        return mark("derived", "warn")
    return mark("desk", "good") if row.origin == Origin.DESK.value else mark("file")


@admin.register(MarketEvent)
class MarketEventAdmin(CalendarAdmin):
    """A moment the market waits for."""

    about = (
        "The list of marketdata/data/events.toml, with what the desk says over it. Events put, "
        "called off or imported here hold for sessions opened from then on, and go before the "
        "list until they are withdrawn. Derived: the date follows from a publication rule and was "
        "not read in a release calendar; compare it, and put what differs."
    )
    list_display = (
        "kind",
        "underlying",
        when("starts_at", "Starts"),
        "timing",
        column("Says", "origin", _standing),
        figure("severity"),
        "source",
    )
    list_filter = ("kind", "origin", "called_off", "timing")
    search_fields = ("kind", "underlying", "source")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at",)
    actions_list = ("put", "take_in", "copy_again")
    actions_detail = ("call_off", "withdraw")

    @action(
        description="Put an event",
        permissions=["configure"],
        url_path="put",
        icon="event_upcoming",
    )
    def put(self, request: HttpRequest) -> HttpResponse:
        """Ask for an event, and let it hold."""
        question = Question(
            title="Put an event",
            effect=f"One of the same kind, company and moment is corrected. {_NEXT}",
            button="Put it",
            back=list_address(self.model),
            form=EventForm,
        )

        def on_yes(form: forms.Form) -> HttpResponse:
            told = form.cleaned_data
            row = events.put(event=told["event"], by=_by(request), reason=told["reason"])
            messages.success(request, f"{told['event'].name} holds for the next session on.")
            return redirect(address(row))

        return ask(self, request, question, on_yes)

    @action(
        description="Import a list",
        permissions=["configure"],
        url_path="take-in",
        icon="upload_file",
    )
    def take_in(self, request: HttpRequest) -> HttpResponse:
        """Ask for a list of events, and let them hold, all or none."""
        question = Question(
            title="Import a list of events",
            effect=f"All of its lines hold, or none if one is wrong. {_NEXT}",
            button="Import",
            back=list_address(self.model),
            form=EventListForm,
        )

        def on_yes(form: forms.Form) -> HttpResponse:
            told = form.cleaned_data
            taken = events.take_in(
                events=told["listed"],
                by=_by(request),
                source="pasted list",
                reason=told["reason"],
            )
            text = f"{taken.new} new, {taken.changed} changed, {taken.same} as they were."
            messages.success(request, text)
            return redirect(list_address(self.model))

        return ask(self, request, question, on_yes)

    @action(
        description="Call off", permissions=["configure"], url_path="call-off", icon="event_busy"
    )
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, and let the event hold no longer."""
        return self._asked(request, object_id, ("Call off", events.call_off))

    @action(
        description="Withdraw what the desk says",
        permissions=["configure"],
        url_path="withdraw",
        icon="undo",
    )
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, and let the file's word hold again."""
        return self._asked(request, object_id, ("Withdraw", events.withdraw))

    def _asked(
        self, request: HttpRequest, object_id: str, deed: tuple[str, Callable[..., Any]]
    ) -> HttpResponse:
        title, do = deed
        row = row_or_404(MarketEvent.objects.all(), object_id)
        name = events.value_of(row).name
        question = Question(f"{title}: {name}", _NEXT, title, address(row), form=ReasonForm)

        def on_yes(form: forms.Form) -> HttpResponse:
            try:
                do(row=row, by=_by(request), reason=form.cleaned_data["reason"])
            except events.EventRefused as error:
                messages.error(request, f"Not done: {error}.")
            else:
                messages.success(request, f"{name}: done, from the next session on.")
            return redirect(list_address(self.model))

        return ask(self, request, question, on_yes)


def _by(request: HttpRequest) -> str:
    return str(request.user.get_username())
