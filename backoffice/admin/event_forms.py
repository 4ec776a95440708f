"""The forms in which events are told by hand: one event, or a list of them.

Storing them is the business of `trading/services/events.py`.
"""

from __future__ import annotations

import tempfile
from datetime import datetime, time
from pathlib import Path
from typing import Any

from django import forms

from backoffice.admin.asking import ReasonForm
from marketdata.calendar import IST
from marketdata.events import CSV_COLUMNS, EventKind, MarketEvent, Timing, read_events
from marketdata.tables import DataFileError
from trading.models.base import choices_of

_WIDE = {"class": "desk-input", "autocomplete": "off"}


class EventForm(ReasonForm):
    """One event in India's time; what is cleaned holds it under `event`."""

    kind = forms.ChoiceField(choices=choices_of(EventKind))
    underlying = forms.CharField(
        max_length=50,
        required=False,
        label="Company (results only)",
        widget=forms.TextInput(attrs=_WIDE),
    )
    day = forms.DateField(widget=forms.DateInput(attrs={**_WIDE, "type": "date"}))
    timing = forms.ChoiceField(choices=choices_of(Timing), initial=Timing.AT.value)
    clock = forms.TimeField(
        required=False,
        label="Time in India (timing At only)",
        widget=forms.TimeInput(attrs={**_WIDE, "type": "time"}),
    )
    severity = forms.FloatField(
        label="Severity (0 harmless, 1 the day is theirs)",
        initial=0.8,
        widget=forms.TextInput(attrs=_WIDE),
    )
    source = forms.CharField(
        max_length=300, label="Where the date was published", widget=forms.TextInput(attrs=_WIDE)
    )
    field_order = ("kind", "underlying", "day", "timing", "clock", "severity", "source", "reason")

    def clean(self) -> dict[str, Any]:
        """Return the fields with the event they tell. Raises `ValidationError` naming a field."""
        told: dict[str, Any] = super().clean() or {}
        if self.errors:
            return told
        timing, clock = Timing(told["timing"]), told["clock"]
        if (clock is None) != (timing is not Timing.AT):
            wanted = "a time" if timing is Timing.AT else f"nothing beside the timing {timing}"
            raise forms.ValidationError({"clock": f"Expected {wanted}."})
        try:
            event = MarketEvent(
                kind=EventKind(told["kind"]),
                starts_at=datetime.combine(told["day"], clock or time(), tzinfo=IST),
                severity=told["severity"],
                source=told["source"],
                underlying=told["underlying"].strip().upper(),
                timing=timing,
            )
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return {**told, "event": event}


class EventListForm(ReasonForm):
    """A pasted list, CSV with its header line; what is cleaned is its events."""

    listed = forms.CharField(
        label=f"CSV: {','.join(CSV_COLUMNS)}",
        strip=False,
        widget=forms.Textarea(
            attrs={"class": "desk-input desk-code", "rows": 16, "spellcheck": "false"}
        ),
    )
    field_order = ("listed", "reason")

    def clean_listed(self) -> tuple[MarketEvent, ...]:
        """Return the events. Raises `ValidationError` naming line and field."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "list.csv"
            text: str = self.cleaned_data["listed"]
            path.write_text(text.strip() + "\n", encoding="utf-8")
            try:
                return read_events(path)
            except DataFileError as error:
                raise forms.ValidationError(str(error).replace(f"{folder}/", "")) from error
