from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from marketdata.calendar import Calendar
from marketdata.events import load_events
from trading.models import Account, AuditEntry, Holiday, MarketEvent, SpecialSession
from trading.services.seed import seed, sync_calendar

pytestmark = pytest.mark.django_db


def test_a_fresh_desk_has_ten_lakh_of_paper_money():
    seed(by="tester")

    account = Account.objects.get()
    assert (account.code, account.broker) == ("paper", "paper")
    assert account.start_capital == Decimal(1_000_000)


def test_the_rows_say_what_the_calendar_s_files_say():
    report = seed(by="tester")

    data = Calendar.load().data
    assert dict(Holiday.objects.values_list("date", "name")) == dict(data.closed)
    assert report.special_sessions == len(data.specials) == SpecialSession.objects.count()
    assert report.market_events == len(load_events()) == MarketEvent.objects.count()
    muhurat = SpecialSession.objects.get(date=date(2021, 11, 4))
    assert muhurat.windows == [["18:15:00", "19:15:00"]]


def test_a_repeat_changes_nothing():
    seed(by="tester")
    before = list(Holiday.objects.values()), AuditEntry.objects.count()

    seed(by="tester")

    assert (list(Holiday.objects.values()), AuditEntry.objects.count()) == before


def test_a_holiday_that_moved_is_moved():
    seed(by="tester")
    data = Calendar.load().data
    closed = {**data.closed, date(2026, 12, 24): "Moved"}
    del closed[date(2026, 12, 25)]

    sync_calendar(data=replace(data, closed=closed), announcements=load_events(), by="tester")

    assert Holiday.objects.get(date=date(2026, 12, 24)).name == "Moved"
    assert not Holiday.objects.filter(date=date(2026, 12, 25)).exists()
    assert AuditEntry.objects.filter(action="calendar.sync").count() == 2


def test_the_command_tells_what_it_did():
    out = StringIO()

    call_command("seed", stdout=out)

    assert "account paper with ₹1000000.00" in out.getvalue()
