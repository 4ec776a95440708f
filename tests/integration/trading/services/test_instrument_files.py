from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from marketdata.calendar import Calendar
from marketdata.dump_checks import DayRules, rules_on
from marketdata.instrument_dump import DumpError
from marketdata.instruments import Exchange, Kind
from marketdata.made_dump import DumpSize, made_dump
from trading.models import Instrument
from trading.services.instrument_files import ListState, list_state, listed, take_over

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 6)
TOMORROW = DAY + timedelta(days=1)
FILES = made_dump(DAY, Calendar.load(), DumpSize(shares=21, with_derivatives=1))
COUNT = sum(raw.count(b"\n") - 1 for raw in FILES.values())


def rules(day: date = DAY) -> DayRules:
    return replace(rules_on(day, practice=True), most_lost=0.02)


def test_the_files_of_all_exchanges_become_the_day_s_list():
    taken = take_over(FILES, rules(), "kite")

    assert (taken.report.total, taken.report.added) == (COUNT, COUNT)
    assert list_state(DAY) == ListState(DAY, COUNT, is_stale=False)
    assert str(list_state(DAY)) == f"{COUNT} listed for 2026-10-06"


def test_a_repeat_changes_nothing():
    take_over(FILES, rules(), "kite")

    report = take_over(FILES, rules(), "kite").report

    assert (report.added, report.changed, report.left_out) == (0, 0, 0)


def test_one_bad_file_leaves_the_whole_list_as_it_was_and_it_grows_stale():
    take_over(FILES, rules(), "kite")
    torn = FILES | {Exchange.NFO: FILES[Exchange.NFO][:-20_000]}

    with pytest.raises(DumpError, match=r"NFO: \d+ usable instruments"):
        take_over(torn, rules(TOMORROW), "kite")

    assert not Instrument.objects.filter(day=TOMORROW).exists()
    assert list_state(TOMORROW) == ListState(DAY, COUNT, is_stale=True)
    assert str(list_state(TOMORROW)).endswith(", stale")


def test_a_list_that_has_shrunk_is_measured_against_the_last_good_one_of_its_source():
    take_over(FILES, rules(), "kite")
    few = made_dump(TOMORROW, Calendar.load(), DumpSize(shares=5, with_derivatives=1))

    with pytest.raises(DumpError, match="NSE: 11 usable instruments, expected 26"):
        take_over(few, rules(TOMORROW), "kite")
    assert take_over(few, rules(TOMORROW), "another").report.added


def test_contracts_that_have_expired_since_are_not_missed():
    take_over(FILES, rules(), "kite")
    after = date(2026, 10, 30)
    left = {name: _without(raw, b"26OCT") for name, raw in FILES.items()}

    taken = take_over(left, rules(after), "kite")

    assert taken.report.total < COUNT * 0.7


def _without(raw: bytes, part: bytes) -> bytes:
    return b"".join(line for line in raw.splitlines(keepends=True) if part not in line)


def test_without_any_list_there_is_none():
    assert str(list_state(DAY)) == "there is no list"


def test_what_could_be_watched_comes_in_the_order_of_the_files():
    take_over(FILES, rules(), "kite")

    found = listed(DAY, ("NIFTY",))

    symbols = [item.symbol for item in found if item.kind in (Kind.INDEX, Kind.EQUITY)]
    assert symbols[:3] == ["NIFTY 50", "NIFTY BANK", "NIFTY FIN SERVICE"]
    assert symbols.index("RELIANCE") < symbols.index("HDFCBANK") < symbols.index("NTPC")
    assert {item.name for item in found if item.kind is Kind.CALL} == {"NIFTY"}
    assert not [item for item in found if item.kind is Kind.EQUITY and item.exchange != "NSE"]
    assert [item.symbol for item in found if item.kind is Kind.FUTURE][:2] == [
        "NIFTY26OCTFUT",
        "NIFTY26NOVFUT",
    ]
