"""What a fresh database needs: the paper account, and the calendar's dated facts as rows.

The facts themselves stand in the data files of the market room; a repeat changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models, transaction

from marketdata.calendar import Calendar
from marketdata.calendar_data import CalendarData, Special
from marketdata.events import MarketEvent as Announcement
from marketdata.events import load_events
from trading.models import Account, Holiday, MarketEvent, Origin, SpecialSession
from trading.services import audit
from trading.services.accounts import open_account

PAPER_ACCOUNT = "paper"
PAPER_CAPITAL = Decimal(10_00_000)


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What stands in the database after seeding."""

    account: Account
    holidays: int
    special_sessions: int
    market_events: int


@transaction.atomic
def seed(*, by: str) -> SeedReport:
    """Open the paper account with ₹10,00,000 and bring the calendar's rows up to its files."""
    account = open_account(
        code=PAPER_ACCOUNT, name="Paper account", start_capital=PAPER_CAPITAL, by=by
    )
    holidays, specials, events = sync_calendar(
        data=Calendar.load().data, announcements=load_events(), by=by
    )
    return SeedReport(account, holidays, specials, events)


@transaction.atomic
def sync_calendar(
    *, data: CalendarData, announcements: Sequence[Announcement], by: str
) -> tuple[int, int, int]:
    """Make the rows say what the files say; return how many holidays, sessions and events.

    Events for which rows of the desk hold stay as these say, and are not counted.
    """
    holidays = {
        (day,): {"name": name, "source": data.years[day.year]} for day, name in _closed(data)
    }
    specials = {(special.day,): _facts(special) for special in data.specials.values()}
    events = _listed(announcements)
    changed = [
        _replace(Holiday, ("date",), holidays),
        _replace(SpecialSession, ("date",), specials),
        _replace(
            MarketEvent,
            ("kind", "underlying", "starts_at"),
            events,
            MarketEvent.objects.filter(origin=Origin.FILE.value),
        ),
    ]
    if any(changed):
        audit.note(
            "calendar.sync",
            by=by,
            subject="calendar",
            details={"holidays": len(holidays), "specials": len(specials), "events": len(events)},
        )
    return len(holidays), len(specials), len(events)


def _listed(
    announcements: Sequence[Announcement],
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the packaged events by key, without those for which the desk's own rows hold."""
    own = MarketEvent.objects.filter(origin=Origin.DESK.value)
    taken = set(own.values_list("kind", "underlying", "starts_at"))
    found: dict[tuple[Any, ...], dict[str, Any]] = {
        (event.kind.value, event.underlying, event.starts_at): {
            "timing": event.timing.value,
            "severity": event.severity,
            "source": event.source,
        }
        for event in announcements
    }
    return {key: facts for key, facts in found.items() if key not in taken}


def _closed(data: CalendarData) -> list[tuple[date, str]]:
    return sorted(data.closed.items())


def _facts(special: Special) -> dict[str, Any]:
    windows = special.windows
    return {
        "name": special.name,
        "kind": special.kind,
        "regular": special.regular,
        "windows": None
        if windows is None
        else [[span.opens.isoformat(), span.closes.isoformat()] for span in windows],
        "source": special.source,
    }


def _replace(
    model: type[models.Model],
    key: tuple[str, ...],
    wanted: Mapping[tuple[Any, ...], Mapping[str, Any]],
    rows: models.QuerySet[Any] | None = None,
) -> bool:
    """Make the table hold exactly `wanted`, by key; say whether anything had to change.

    `rows`: the part of the table that is meant, None for all of it.
    """
    found = model._default_manager.all() if rows is None else rows
    held = {tuple(getattr(row, name) for name in key): row for row in found}
    for gone in held.keys() - wanted.keys():
        held[gone].delete()
    stale = [
        (identity, facts)
        for identity, facts in wanted.items()
        if identity not in held
        or any(getattr(held[identity], name) != value for name, value in facts.items())
    ]
    for identity, facts in stale:
        model._default_manager.update_or_create(
            **dict(zip(key, identity, strict=True)), defaults=dict(facts)
        )
    return bool(stale or held.keys() - wanted.keys())
