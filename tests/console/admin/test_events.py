"""The event calendar by hand: put, imported, called off, withdrawn; each with its reason."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from backoffice.admin.shown import address, list_address
from marketdata.calendar import IST
from marketdata.events import CSV_COLUMNS
from trading.models import AuditEntry, MarketEvent
from trading.services.seed import seed

pytestmark = pytest.mark.django_db
PUT = f"{list_address(MarketEvent)}put/"
TAKE_IN = f"{list_address(MarketEvent)}take-in/"
TYPED = {
    "kind": "RESULTS",
    "underlying": "infy",
    "day": "2026-12-04",
    "timing": "AFTER_CLOSE",
    "severity": "0.8",
    "source": "exchange filing",
    "reason": "filed today",
}


def deed(row: MarketEvent, name: str) -> str:
    return f"{address(row).removesuffix('change/')}{name}/"


def policy() -> MarketEvent:
    seed(by="tester")
    return MarketEvent.objects.get(starts_at=datetime(2026, 12, 4, 10, tzinfo=IST))


def test_results_of_a_company_are_put_with_a_reason(admin: Client):
    asked = admin.get(PUT)
    done = admin.post(PUT, TYPED)

    assert asked.status_code == 200
    row = MarketEvent.objects.get()
    assert (row.underlying, row.timing, row.origin) == ("INFY", "AFTER_CLOSE", "DESK")
    assert done["Location"] == address(row)
    entry = AuditEntry.objects.get(action="event.put")
    assert (entry.by, entry.details["reason"]) == ("the-admin", "filed today")
    shown = admin.get(list_address(MarketEvent)).content.decode()
    assert "exchange filing" in shown


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"underlying": ""}, "expected a symbol for RESULTS"),
        ({"kind": "CPI"}, "expected nothing for CPI"),
        ({"timing": "AT"}, "Expected a time."),
        ({"clock": "10:00"}, "Expected nothing beside the timing AFTER_CLOSE"),
        ({"severity": "1.2"}, "expected above 0 and at most 1"),
        ({"reason": " "}, "This field is required"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(changes, told, admin: Client):
    answer = admin.post(PUT, TYPED | changes)

    assert told in answer.content.decode()
    assert not MarketEvent.objects.exists()


def test_a_pasted_list_is_taken_in_whole_or_not_at_all(admin: Client):
    head = ",".join(CSV_COLUMNS)
    good = "RESULTS,TCS,2026-10-08,,AFTER_CLOSE,,0.8,filing"

    wrong = admin.post(TAKE_IN, {"listed": f"{head}\n{good}\n{good}x,", "reason": "season"})
    stored = MarketEvent.objects.count()
    admin.post(TAKE_IN, {"listed": f"{head}\r\n{good}\r\n", "reason": "season"})

    assert "list.csv line 3" in wrong.content.decode()
    assert stored == 0
    assert MarketEvent.objects.get().underlying == "TCS"
    assert AuditEntry.objects.get(action="event.import").details["reason"] == "season"


def test_an_event_is_called_off_and_withdrawn(admin: Client):
    row = policy()

    admin.post(deed(row, "call-off"), {"reason": "moved"})
    row.refresh_from_db()
    was_off = row.called_off
    admin.post(deed(row, "withdraw"), {"reason": "a rumour"})
    row.refresh_from_db()
    again = admin.post(deed(row, "withdraw"), {"reason": "again"}, follow=True)

    assert (was_off, row.called_off, row.origin) == (True, False, "FILE")
    assert "says what the file says" in again.content.decode()


def test_who_may_not_configure_may_look_but_not_touch(viewer: Client):
    row = policy()

    assert viewer.get(address(row)).status_code == 200
    for place in (PUT, TAKE_IN, deed(row, "call-off"), deed(row, "withdraw")):
        assert viewer.post(place, {**TYPED, "listed": "x"}).status_code == 403
    row.refresh_from_db()
    assert not row.called_off
