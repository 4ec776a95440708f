"""The event calendar: the packaged list, the desk's rows over it, and what a run takes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from marketdata.calendar import IST
from marketdata.events import EventKind, MarketEvent, Timing, load_events
from trading.models import AuditEntry, Origin, RunMode
from trading.models import MarketEvent as EventRow
from trading.run_desks import events_of
from trading.services import events
from trading.services.runs import RunSpec, start
from trading.services.seed import seed

pytestmark = pytest.mark.django_db

DAY = date(2026, 12, 4)
POLICY = next(e for e in load_events() if e.starts_at == datetime(2026, 12, 4, 10, tzinfo=IST))
RESULTS = MarketEvent(
    EventKind.RESULTS,
    datetime(2026, 12, 4, tzinfo=IST),
    0.8,
    "exchange filing",
    "INFY",
    Timing.AFTER_CLOSE,
)


def row_of(event: MarketEvent) -> EventRow:
    return EventRow.objects.get(
        kind=event.kind, underlying=event.underlying, starts_at=event.starts_at
    )


def test_without_rows_the_packaged_list_holds():
    around = events.standing_around(DAY)

    assert POLICY in around
    assert all(abs(event.day - DAY) <= timedelta(days=14) for event in around)


def test_what_the_desk_puts_holds_beside_and_over_the_list():
    stricter = replace(POLICY, severity=1.0, source="told by the desk")

    events.put(event=RESULTS, by="asha", reason="filed today")
    events.put(event=stricter, by="asha", reason="rates are expected to move")

    around = events.standing_around(DAY)
    assert RESULTS in around
    assert stricter in around
    assert POLICY not in around
    entry = AuditEntry.objects.filter(action="event.put").order_by("number").first()
    assert (entry.by, entry.details["reason"]) == ("asha", "filed today")
    assert entry.details["underlying"] == "INFY"


def test_an_event_called_off_holds_no_longer_even_after_the_files_are_copied_again():
    seed(by="tester")

    events.call_off(row=row_of(POLICY), by="asha", reason="moved to the 7th")
    seed(by="tester")

    assert POLICY not in events.standing_around(DAY)
    assert row_of(POLICY).called_off
    with pytest.raises(events.EventRefused, match="already"):
        events.call_off(row=row_of(POLICY), by="asha", reason="again")


def test_what_is_withdrawn_is_as_the_file_says_again():
    seed(by="tester")
    events.call_off(row=row_of(POLICY), by="asha", reason="a rumour")

    row = events.withdraw(row=row_of(POLICY), by="asha", reason="it was one")

    assert row is not None
    assert (row.origin, row.called_off) == (Origin.FILE.value, False)
    assert POLICY in events.standing_around(DAY)
    with pytest.raises(events.EventRefused, match="what the file says"):
        events.withdraw(row=row, by="asha", reason="once more")


def test_an_event_only_the_desk_knew_is_gone_when_it_is_withdrawn():
    row = events.put(event=RESULTS, by="asha", reason="filed")

    assert events.withdraw(row=row, by="asha", reason="another company") is None

    assert RESULTS not in events.standing_around(DAY)
    assert not EventRow.objects.exists()


def test_nothing_changes_without_a_reason():
    with pytest.raises(events.EventRefused, match="reason"):
        events.put(event=RESULTS, by="asha", reason=" ")

    assert not EventRow.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_list_is_taken_in_once():
    told = (POLICY, RESULTS)

    first = events.take_in(events=told, by="asha", source="results.csv", reason="r")
    again = events.take_in(events=told, by="asha", source="results.csv", reason="r")

    assert (first.new, first.changed, first.same) == (1, 0, 1)
    assert (again.new, again.changed, again.same) == (0, 0, 2)
    assert AuditEntry.objects.filter(action="event.import").count() == 1


def test_a_list_says_again_what_was_called_off():
    row = events.put(event=RESULTS, by="asha", reason="filed")
    events.call_off(row=row, by="asha", reason="postponed")

    assert (
        events.take_in(events=(RESULTS,), by="asha", source="results.csv", reason="r").changed == 1
    )

    assert RESULTS in events.standing_around(DAY)


def test_the_files_copied_again_leave_the_desk_s_rows_alone():
    seed(by="tester")
    events.put(event=RESULTS, by="asha", reason="filed")
    entries = AuditEntry.objects.count()

    report = seed(by="tester")

    assert report.market_events == len(load_events())
    assert EventRow.objects.count() == len(load_events()) + 1
    assert AuditEntry.objects.count() == entries


def test_a_document_tells_an_event_whole():
    for event in (*load_events(), RESULTS):
        assert events.event_of(events.told(event)) == event


def test_a_run_keeps_the_events_it_was_started_with(run):
    spec = RunSpec(
        account=run.account,
        mode=RunMode.REPLAY,
        date=DAY,
        source="made",
        config_version=run.config_version,
    )
    begun = start(spec=spec, by="tester")

    events.put(event=RESULTS, by="asha", reason="filed")

    begun.refresh_from_db()
    told = events_of(begun)
    assert told == tuple(each for each in events.standing_around(DAY) if each != RESULTS)
    assert POLICY in told
    assert events_of(start(spec=spec, by="tester")) == events.standing_around(DAY)
    assert events_of(run) is None


@pytest.mark.parametrize(("kind", "underlying"), [("RESULTS", ""), ("CPI", "INFY")])
def test_the_database_knows_whose_an_event_must_be(kind, underlying):
    with pytest.raises(IntegrityError, match="market_event_whose"), transaction.atomic():
        EventRow.objects.create(
            kind=kind,
            underlying=underlying,
            starts_at=POLICY.starts_at,
            severity=0.5,
            source="s",
        )
