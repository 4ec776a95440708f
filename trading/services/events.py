"""The event calendar: the packaged list, what people of the desk put over it, and what holds.

A change concerns sessions opened from then on: a run keeps the events it was started with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from marketdata.calendar import IST
from marketdata.events import EventKind, MarketEvent, Timing, load_events
from trading.models import MarketEvent as EventRow
from trading.models import Origin
from trading.services import audit
from trading.session_events import REACH

_ON = timedelta(days=2)


class EventRefused(ValueError):
    """A change of the calendar that cannot be made; says why."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import came to: events that are new, that say something else, and the others."""

    new: int
    changed: int
    same: int


def standing(first: datetime, last: datetime) -> tuple[MarketEvent, ...]:
    """Return the events that hold with `first <= starts_at < last`, earliest first.

    The packaged ones, with the rows of the desk over them.
    """
    found = {each.key: each for each in load_events() if first <= each.starts_at < last}
    rows = EventRow.objects.filter(
        origin=Origin.DESK.value, starts_at__gte=first, starts_at__lt=last
    )
    for row in rows:
        event = value_of(row)
        found.pop(event.key, None)
        if not row.called_off:
            found[event.key] = event
    return tuple(sorted(found.values(), key=lambda each: (each.starts_at, each.kind, each.name)))


def standing_around(day: date) -> tuple[MarketEvent, ...]:
    """Return the events that hold and may concern a session on `day`."""
    midnight = datetime.combine(day, time(), tzinfo=IST)
    return standing(midnight - REACH, midnight + _ON)


@transaction.atomic
def put(*, event: MarketEvent, by: str, reason: str) -> EventRow:
    """Make an event hold from the next session on, as it is told; also one called off before.

    Raises `EventRefused` without a reason.
    """
    row, _ = EventRow.objects.select_for_update().update_or_create(
        **_key(event), defaults={**_facts(event), "origin": Origin.DESK.value, "called_off": False}
    )
    _note("event.put", row, by, reason)
    return row


@transaction.atomic
def call_off(*, row: EventRow, by: str, reason: str) -> EventRow:
    """Let an event no longer hold from the next session on. Raises `EventRefused`."""
    held = _held(row)
    if held.called_off:
        raise EventRefused(f"{held}: is called off already")
    held.origin, held.called_off = Origin.DESK.value, True
    held.save(update_fields=["origin", "called_off"])
    _note("event.call-off", held, by, reason)
    return held


@transaction.atomic
def withdraw(*, row: EventRow, by: str, reason: str) -> EventRow | None:
    """Take back what the desk said of an event: what the file says holds again.

    Return the row as the file tells it, None where the file has no such event. Raises
    `EventRefused` for a row that says what the file says.
    """
    held = _held(row)
    if held.origin == Origin.FILE.value:
        raise EventRefused(f"{held}: says what the file says")
    _note("event.withdraw", held, by, reason)
    own = value_of(held).key
    listed = next((each for each in load_events() if each.key == own), None)
    if listed is None:
        held.delete()
        return None
    for name, value in _facts(listed).items():
        setattr(held, name, value)
    held.origin, held.called_off = Origin.FILE.value, False
    held.save()
    return held


@transaction.atomic
def take_in(*, events: Sequence[MarketEvent], by: str, source: str, reason: str) -> Taken:
    """Make the events of a list hold; those that hold as they are told stay as they are.

    `source`: the list's name, for the audit log. Events that the list lacks stay. Raises
    `EventRefused` without a reason.
    """
    if not reason.strip():
        raise EventRefused("reason: nothing, expected why")
    counts = {"new": 0, "changed": 0, "same": 0}
    rows = {value_of(row).key: row for row in EventRow.objects.select_for_update()}
    packaged = {event.key: event for event in load_events()}
    for event in events:
        row = rows.get(event.key)
        is_off = row is not None and row.called_off
        before = packaged.get(event.key) if row is None else value_of(row)
        if before == event and not is_off:
            counts["same"] += 1
            continue
        counts["new" if before is None else "changed"] += 1
        EventRow.objects.update_or_create(
            **_key(event),
            defaults={**_facts(event), "origin": Origin.DESK.value, "called_off": False},
        )
    if counts["new"] or counts["changed"]:
        details = {**counts, "reason": reason}
        audit.note("event.import", by=by, subject=source[:100], details=details)
    return Taken(**counts)


def value_of(row: EventRow) -> MarketEvent:
    """Return the event a row tells."""
    return MarketEvent(
        kind=EventKind(row.kind),
        starts_at=row.starts_at.astimezone(IST),
        severity=row.severity,
        source=row.source,
        underlying=row.underlying,
        timing=Timing(row.timing),
    )


def told(event: MarketEvent) -> dict[str, Any]:
    """Return an event as plain JSON values."""
    key = {**_key(event), "starts_at": event.starts_at.isoformat()}
    return {**key, **_facts(event)}


def event_of(document: Mapping[str, Any]) -> MarketEvent:
    """Return the event that `told` made a document of."""
    return MarketEvent(
        kind=EventKind(document["kind"]),
        starts_at=datetime.fromisoformat(document["starts_at"]).astimezone(IST),
        severity=document["severity"],
        source=document["source"],
        underlying=document["underlying"],
        timing=Timing(document["timing"]),
    )


def _held(row: EventRow) -> EventRow:
    return EventRow.objects.select_for_update().get(pk=row.pk)


def _key(event: MarketEvent) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "underlying": event.underlying,
        "starts_at": event.starts_at,
    }


def _facts(event: MarketEvent) -> dict[str, Any]:
    return {
        "timing": event.timing.value,
        "severity": event.severity,
        "source": event.source,
    }


def _note(action: str, row: EventRow, by: str, reason: str) -> None:
    if not reason.strip():
        raise EventRefused("reason: nothing, expected why")
    told_as = {"reason": reason, **told(value_of(row)), "severity": str(row.severity)}
    audit.note(action, by=by, subject=str(row)[:100], details=told_as)
