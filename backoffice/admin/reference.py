"""Accounts, instruments and the calendar in the admin.

The calendar's truth stands in the data files of the market room; its rows are copies of them.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from backoffice.admin.asking import Question, SureForm, ask
from backoffice.admin.panels import Figure
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import EMPTY, column, figure, list_address, rupees, when
from backoffice.admin.unfolded import action
from marketdata.calendar import Calendar
from marketdata.events import load_events
from trading.models import (
    Account,
    BanList,
    Holiday,
    Instrument,
    IvDay,
    SpecialSession,
)
from trading.services import seed

_FILES_WIN = (
    "A copy of {file}, which wins: the engine reads the file, and every seed makes these rows say "
    "what it says. So they can't be edited here; correct the file, with its source, and copy again."
)


@admin.register(Account)
class AccountAdmin(RecordAdmin):
    """One pot of money."""

    list_display = (
        "code",
        "name",
        "broker",
        rupees("start_capital", "Start capital ₹"),
        when("created_at", "Opened"),
    )
    search_fields = ("code", "name")
    ordering = ("code",)


class DayFilter(SimpleListFilter):
    """The newest day's list unless another is chosen; a search looks through all days."""

    title = "day"
    parameter_name = "day"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        self._is_searching = bool(request.GET.get("q"))
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the newest days that have a list."""
        days = Instrument.objects.order_by("-day").values_list("day", flat=True).distinct()[:20]
        return [(day.isoformat(), f"{day:%d %b %Y}") for day in days]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Instrument]
    ) -> QuerySet[Instrument]:
        """Keep the list of the chosen day."""
        chosen = self.value()
        if chosen is None and not self._is_searching and self.lookup_choices:
            chosen = self.lookup_choices[0][0]
        try:
            return queryset.filter(day=date.fromisoformat(str(chosen))) if chosen else queryset
        except ValueError:
            return queryset.none()


@admin.register(Instrument)
class InstrumentAdmin(RecordAdmin):
    """One line of one day's list."""

    list_display = (
        column("Key", "symbol", lambda row: row.key),
        "day",
        "kind",
        "name",
        "expiry",
        column("Strike", "strike", lambda row: figure("strike")(row)),
        "lot_size",
        figure("tick_size", "Tick"),
        "freeze_quantity",
        "is_listed",
        column("Made from", None, lambda row: row.made_from or EMPTY),
        "source",
    )
    list_filter = (DayFilter, "kind", "exchange", "is_listed", "name", "expiry")
    search_fields = ("symbol", "name", "=token")
    ordering = ("-day", "exchange", "symbol")


class CalendarAdmin(RecordAdmin):
    """Rows that are copied from a data file."""

    actions_list: tuple[str, ...] = ("copy_again",)

    @action(
        description="Copy the files again",
        permissions=["configure"],
        url_path="copy-again",
        icon="sync",
    )
    def copy_again(self, request: HttpRequest) -> HttpResponse:
        """Ask, and make the calendar's rows say what the files say."""
        back = list_address(self.model)
        question = Question(
            title="Copy the calendar's files again",
            effect="Holidays, special sessions and market events are made to say what the data "
            "files say. If anything changes, the audit log gets an entry.",
            button="Copy again",
            back=back,
            form=SureForm,
        )

        def on_yes(_form: object) -> HttpResponse:
            holidays, specials, events = seed.sync_calendar(
                data=Calendar.load().data,
                announcements=load_events(),
                by=request.user.get_username(),
            )
            messages.success(
                request,
                f"{holidays} holidays, {specials} special sessions and {events} events "
                "stand as in the files.",
            )
            return redirect(back)

        return ask(self, request, question, on_yes)


@admin.register(Holiday)
class HolidayAdmin(CalendarAdmin):
    """A day without a session."""

    about = _FILES_WIN.format(file="marketdata/data/holidays.toml")
    list_display = ("date", column("Weekday", None, lambda row: f"{row.date:%A}"), "name", "source")
    search_fields = ("name",)
    date_hierarchy = "date"
    ordering = ("-date",)

    def totals(self, rows: QuerySet[Holiday]) -> tuple[Figure, ...]:
        """Return the next holiday."""
        coming = Holiday.objects.filter(date__gte=timezone.localdate()).order_by("date").first()
        return (Figure("Next", str(coming) if coming else "none known"),)


@admin.register(SpecialSession)
class SpecialSessionAdmin(CalendarAdmin):
    """A session off the rule."""

    about = _FILES_WIN.format(file="marketdata/data/special_sessions.toml")
    list_display = (
        "date",
        "name",
        "kind",
        "regular",
        column("Windows", None, lambda row: _windows(row.windows)),
        "source",
    )
    list_filter = ("kind", "regular")
    search_fields = ("name",)
    date_hierarchy = "date"
    ordering = ("-date",)


def _windows(windows: list[list[str]] | None) -> str:
    if not windows:
        return EMPTY
    return ", ".join(f"{opens[:5]}–{closes[:5]}" for opens, closes in windows)


@admin.register(BanList)
class BanListAdmin(RecordAdmin):
    """One day's list of shares that may not be entered."""

    list_display = (
        "day",
        column("Shares", None, lambda row: len(row.symbols)),
        column("Symbols", None, lambda row: ", ".join(row.symbols) or EMPTY),
        "source",
        when("taken_at", "Taken"),
    )
    search_fields = ("symbols", "source")
    date_hierarchy = "day"
    ordering = ("-day",)


@admin.register(IvDay)
class IvDayAdmin(RecordAdmin):
    """Volatility at the money of one day, 30 days ahead."""

    list_display = (
        "day",
        "underlying",
        column("Volatility", "volatility", lambda row: f"{row.volatility:.2%}"),
        "source",
        when("taken_at", "Taken"),
    )
    list_filter = ("underlying", "source")
    date_hierarchy = "day"
    ordering = ("-day", "underlying")
