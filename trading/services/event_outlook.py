"""What lies ahead: a day's event windows and what they do, the next events, and expiries.

Only told here; what a session trades by is fixed when its run is started.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from marketdata.calendar import IST, Calendar, CalendarUnknown, NoSession
from marketdata.events import EventKind, MarketEvent, unlisted
from marketdata.expiry_flags import ExpiryFlags, expiry_flags
from marketdata.facts import index_by_name
from marketdata.instruments import Exchange, Kind, Segment
from risk.event_rules import EventWindow
from trading import selectors
from trading.config import KIND, Config, read
from trading.models import Instrument
from trading.services.events import standing, standing_around
from trading.session_events import windows_of

_AHEAD = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A day's events and those after it, as they stand now.

    `session` says why there are no windows where the day has no session. `windows` follow from
    the configuration that holds. `missing`: kinds of which nothing is known that day. `indices`:
    the nearest expiry of each index, `shares` those that expire on the day.
    """

    day: date
    session: str
    windows: tuple[EventWindow, ...]
    events: tuple[MarketEvent, ...]
    missing: tuple[EventKind, ...]
    indices: tuple[tuple[str, ExpiryFlags], ...]
    shares: tuple[str, ...]

    @property
    def derived(self) -> tuple[MarketEvent, ...]:
        """Return the events whose dates were computed, not published."""
        return tuple(event for event in self.events if event.is_derived)


@dataclass(frozen=True, slots=True)
class _Listed:
    """One expiry of one underlying."""

    name: str
    exchange: Exchange
    kind: Kind
    expiry: date | None


def outlook(day: date) -> Outlook:
    """Return what is known for a day, three weeks ahead."""
    midnight = datetime.combine(day, time(), tzinfo=IST)
    session, windows = _windows(day)
    flags = expiry_flags(_contracts(day), day)
    own = {name: flag for name, flag in flags.items() if index_by_name(name) is not None}
    return Outlook(
        day=day,
        session=session,
        windows=windows,
        events=standing(midnight, midnight + _AHEAD),
        missing=unlisted(day),
        indices=tuple(own.items()),
        shares=tuple(name for name, flag in flags.items() if flag.today and name not in own),
    )


def _windows(day: date) -> tuple[str, tuple[EventWindow, ...]]:
    try:
        session = Calendar.load().session(day, Segment.FUTURES)
    except (NoSession, CalendarUnknown) as error:
        return str(error), ()
    events = standing_around(day)
    return "", windows_of(_config(), session.opens_at, session.closes_at, events)


def _config() -> Config:
    version = selectors.active_config(KIND)
    return Config() if version is None else read(json.loads(version.document))


def _contracts(day: date) -> list[_Listed]:
    """Return every expiry on the newest list that is not after the day."""
    lists = Instrument.objects.filter(day__lte=day, is_listed=True)
    newest = lists.order_by("-day").values_list("day", flat=True).first()
    if newest is None:
        return []
    rows = lists.filter(day=newest, expiry__gte=day).order_by()
    told = rows.values_list("name", "exchange", "kind", "expiry").distinct()
    return [_Listed(name, Exchange(on), Kind(kind), expiry) for name, on, kind, expiry in told]
