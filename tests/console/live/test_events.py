"""The page of the event calendar: today's windows with effects, what comes, what is unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from backoffice.api.events import EventsOutput
from backoffice.permissions import Role
from marketdata.calendar import IST
from marketdata.events import EventKind, MarketEvent, Timing
from marketdata.instruments import Exchange, Instrument, Kind
from trading.services import events
from trading.services.event_outlook import outlook
from trading.services.instruments import sync

pytestmark = pytest.mark.django_db

DAY = date(2026, 12, 4)
RESULTS = MarketEvent(
    EventKind.RESULTS, datetime(2026, 12, 4, tzinfo=IST), 0.8, "filing", "INFY", Timing.INTRADAY
)
CALL = Instrument(
    token=1,
    exchange=Exchange.NFO,
    symbol="NIFTY26DECCE",
    name="NIFTY",
    kind=Kind.CALL,
    lot_size=65,
    tick_size=Decimal("0.05"),
    expiry=date(2026, 12, 29),
    strike=Decimal(24_000),
)


def test_a_policy_day_shows_its_windows_and_their_effects():
    events.put(event=RESULTS, by="asha", reason="filed")

    found = outlook(DAY)

    assert found.session == ""
    told = [(str(window.effects), window.underlying) for window in found.windows]
    assert told == [
        ("no entries, ranked down", "INFY"),
        ("ranked down, stop x1.5", "INFY"),
        ("no entries, ranked down", ""),
        ("ranked down, stop x1.5", ""),
    ]
    assert [event.kind for event in found.events][:2] == [
        EventKind.RESULTS,
        EventKind.RBI_POLICY,
    ]
    assert found.missing == ()


def test_what_no_list_tells_of_a_day_is_named():
    assert outlook(date(2025, 10, 31)).missing == (EventKind.FOMC, EventKind.GDP)


def test_a_day_without_a_session_says_why():
    assert outlook(date(2026, 12, 5)).session == "2026-12-05: no session, Saturday"
    assert "2027" in outlook(date(2027, 2, 1)).session


def test_expiries_are_those_of_the_newest_list():
    share = replace(CALL, token=2, symbol="TCSCE", name="TCS", expiry=DAY)
    later = replace(CALL, token=3, symbol="NIFTY27JANCE", expiry=date(2027, 1, 5))
    sync(instruments=(CALL, share, later), on=DAY, source="test")

    found = outlook(DAY)

    ((name, flags),) = found.indices
    assert (name, flags.nearest, flags.monthly) == ("NIFTY", date(2026, 12, 29), True)
    assert found.shares == ("TCS",)


def test_every_role_sees_the_page_and_who_may_configure_the_way_to_edit(sign_in):
    viewer, admin = sign_in(Role.VIEWER), sign_in(Role.ADMIN)

    seen, edited = (client.get("/events/").content.decode() for client in (viewer, admin))

    assert "Next three weeks" in seen
    assert "Expiries" in seen
    assert "Edit the calendar" not in seen
    assert "Edit the calendar" in edited


def test_nobody_sees_it_signed_out(client):
    assert client.get("/events/").status_code == 302


def test_a_date_that_was_computed_is_marked_on_the_page_and_over_the_api(sign_in):
    computed = MarketEvent(EventKind.GDP, _soon(), 0.5, "derived: a rule")
    published = MarketEvent(EventKind.CPI, _soon(), 0.5, "release calendar")
    for event in (computed, published):
        events.put(event=event, by="asha", reason="tried")
    viewer = sign_in(Role.VIEWER)

    page = viewer.get("/events/").content.decode()
    told = viewer.get("/api/v1/events").json()

    rows = [line for line in page.splitlines() if "<td>release calendar" in line]
    rows += [line for line in page.splitlines() if "<td>derived: a rule" in line]
    assert [">derived<" in row for row in rows] == [False, True]
    assert 'id="derived"' in page
    marks = {each["source"]: each["is_derived"] for each in told["events"]}
    assert (marks["derived: a rule"], marks["release calendar"]) == (True, False)


def test_a_window_of_a_computed_date_is_marked_where_the_day_is_shown(rf):
    for source in ("derived: a rule", "release calendar"):
        whose = "DERIVEDCO" if source.startswith("derived") else "TOLDCO"
        event = replace(RESULTS, source=source, underlying=whose)
        events.put(event=event, by="asha", reason="tried")

    found = outlook(DAY)
    page = render_to_string("live/events.html", {"outlook": found}, rf.get("/events/"))
    told = EventsOutput(found).data["windows"]

    rows = [line for line in page.splitlines() if "<td>DERIVEDCO" in line or "<td>TOLDCO" in line]
    today = [line for line in rows if "no entries" in line]
    assert {">derived<" in line for line in today if "DERIVEDCO" in line} == {True}
    assert {">derived<" in line for line in today if "TOLDCO" in line} == {False}
    marks = {each["underlying"]: each["is_derived"] for each in told}
    assert marks == {"DERIVEDCO": True, "TOLDCO": False, "": False}


def _soon() -> datetime:
    at = timezone.now().astimezone(IST) + timedelta(days=2)
    return at.replace(hour=16, minute=0, second=0, microsecond=0)
