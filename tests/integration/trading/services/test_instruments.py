from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import DAY
from tests.integration.trading.journal_day import FUTURE, INDEX
from trading import selectors
from trading.models import AuditEntry, Instrument
from trading.services.instruments import InstrumentListError, SyncReport, sync

pytestmark = pytest.mark.django_db


def test_a_list_becomes_the_day_s_rows():
    report = sync(instruments=[FUTURE, INDEX], on=DAY, source="dump")

    assert report == SyncReport(total=2, added=2, changed=0, left_out=0)
    row = Instrument.objects.get(symbol="NIFTY21APRFUT")
    assert (row.key, row.token, row.lot_size) == (FUTURE.key, FUTURE.token, 75)
    assert (row.tick_size, row.expiry) == (FUTURE.tick_size, FUTURE.expiry)


def test_a_repeat_changes_nothing_and_is_not_audited():
    sync(instruments=[FUTURE, INDEX], on=DAY, source="dump")

    again = sync(instruments=[FUTURE, INDEX], on=DAY, source="dump")

    assert again == SyncReport(total=2, added=0, changed=0, left_out=0)
    assert AuditEntry.objects.count() == 1


def test_a_changed_fact_keeps_the_row():
    sync(instruments=[FUTURE], on=DAY, source="dump")
    row = Instrument.objects.get()

    report = sync(instruments=[replace(FUTURE, freeze_quantity=1800)], on=DAY, source="dump")

    assert report.changed == 1
    changed = Instrument.objects.get()
    assert (changed.pk, changed.freeze_quantity) == (row.pk, 1800)


def test_what_a_source_leaves_out_stays_as_a_row_but_not_listed():
    sync(instruments=[FUTURE, INDEX], on=DAY, source="dump")

    report = sync(instruments=[INDEX], on=DAY, source="dump")

    assert report.left_out == 1
    assert [row.symbol for row in selectors.instruments_on(DAY)] == ["NIFTY 50"]
    assert sync(instruments=[FUTURE, INDEX], on=DAY, source="dump").changed == 1


def test_another_source_s_list_leaves_out_nothing():
    sync(instruments=[FUTURE, INDEX], on=DAY, source="dump")

    sync(instruments=[INDEX], on=DAY, source="tape")

    assert selectors.instruments_on(DAY).count() == 2


def test_each_day_has_rows_of_its_own():
    sync(instruments=[FUTURE], on=DAY, source="dump")

    sync(instruments=[replace(FUTURE, lot_size=50)], on=DAY + timedelta(days=1), source="dump")

    lots = Instrument.objects.order_by("day").values_list("lot_size", flat=True)
    assert list(lots) == [75, 50]


@pytest.mark.parametrize(
    ("instruments", "complaint"),
    [
        ([], "the list is empty"),
        ([FUTURE, INDEX, FUTURE], "NFO:NIFTY21APRFUT: listed 2 times"),
        ([replace(FUTURE, expiry=None)], "NFO:NIFTY21APRFUT: expiry is missing"),
    ],
)
def test_a_bad_list_is_refused_and_the_last_good_one_holds(instruments, complaint: str):
    sync(instruments=[FUTURE, INDEX], on=DAY, source="dump")

    with pytest.raises(InstrumentListError, match=complaint):
        sync(instruments=instruments, on=DAY, source="dump")

    assert selectors.instruments_on(DAY).count() == 2
