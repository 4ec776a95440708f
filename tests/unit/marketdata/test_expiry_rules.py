"""Expiry days by the dated rules: known days, a recorded dump, and what is not known."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from pathlib import Path

import pytest

from marketdata.calendar import Calendar, CalendarUnknown
from marketdata.calendar_data import ExpiryRule
from marketdata.dated import Dated, Entry
from marketdata.expiry_rules import NoExpiry, first_expiry
from marketdata.instruments import Exchange


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return Calendar.load()


@pytest.mark.parametrize(
    ("name", "exchange", "since", "monthly", "expected"),
    [
        ("NIFTY", Exchange.NFO, date(2026, 11, 18), False, date(2026, 11, 23)),
        ("NIFTY", Exchange.NFO, date(2026, 11, 22), True, date(2026, 11, 23)),
        ("NIFTY", Exchange.NFO, date(2026, 11, 24), False, date(2026, 12, 1)),
        ("NIFTY", Exchange.NFO, date(2026, 12, 1), True, date(2026, 12, 29)),
        ("BANKNIFTY", Exchange.NFO, date(2026, 12, 1), False, date(2026, 12, 29)),
        ("SENSEX", Exchange.BFO, date(2026, 11, 22), False, date(2026, 11, 26)),
        ("SENSEX", Exchange.BFO, date(2026, 12, 25), True, date(2026, 12, 31)),
        ("RELIANCE", Exchange.NFO, date(2026, 11, 1), True, date(2026, 11, 23)),
        ("BANKNIFTY", Exchange.NFO, date(2024, 1, 8), False, date(2024, 1, 10)),
        ("BANKNIFTY", Exchange.NFO, date(2024, 1, 22), False, date(2024, 1, 25)),
        ("NIFTY", Exchange.NFO, date(2021, 11, 1), False, date(2021, 11, 3)),
        ("NIFTY", Exchange.NFO, date(2025, 10, 19), False, date(2025, 10, 20)),
        ("NIFTY", Exchange.NFO, date(2025, 8, 29), False, date(2025, 9, 2)),
        ("NIFTY", Exchange.NFO, date(2025, 8, 28), False, date(2025, 8, 28)),
        ("SENSEX", Exchange.BFO, date(2025, 8, 27), False, date(2025, 9, 4)),
    ],
)
def test_the_dated_rules_give_the_known_days(
    calendar: Calendar,
    name: str,
    exchange: Exchange,
    since: date,
    monthly: bool,
    expected: date,
) -> None:
    assert calendar.expiry(name, exchange, since, monthly) == expected


def test_an_expiry_in_an_unlisted_year_is_unknown(calendar: Calendar) -> None:
    with pytest.raises(CalendarUnknown, match="2027"):
        calendar.expiry("NIFTY", Exchange.NFO, date(2026, 12, 30), monthly=True)


def test_an_expiry_before_the_rules_is_unknown(calendar: Calendar) -> None:
    with pytest.raises(CalendarUnknown, match="expiry rule of MIDCPNIFTY"):
        calendar.expiry("MIDCPNIFTY", Exchange.NFO, date(2022, 5, 1), monthly=True)


def test_an_exchange_without_contracts_has_no_rule(calendar: Calendar) -> None:
    with pytest.raises(CalendarUnknown, match="NSE:NIFTY"):
        calendar.expiry("NIFTY", Exchange.NSE, date(2026, 5, 1), monthly=True)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["NIFTY", "BANKNIFTY", "SENSEX", "BANKEX", "RELIANCE"])
def test_the_rules_agree_with_a_recorded_dump(
    calendar: Calendar, shared_data: Path, name: str
) -> None:
    path = shared_data / "instruments" / "kite_nfo_bfo_2026-08-18.csv.gz"
    with gzip.open(path, "rt") as rows:
        listed = {
            (row["exchange"], date.fromisoformat(row["expiry"]))
            for row in csv.DictReader(rows)
            if row["name"] == name and row["expiry"] < "2027"
        }
    for exchange, expiry in listed:
        ours = calendar.expiry(name, Exchange(exchange), expiry, monthly=False)
        assert ours == expiry


def test_a_rule_that_never_falls_on_an_open_day_is_no_expiry() -> None:
    rules = Dated("X", (Entry(date(2026, 1, 1), None, ExpiryRule(None, 1), "s"),))
    early = date(2026, 1, 5)

    with pytest.raises(NoExpiry, match="X: no expiry within 100 days of 2026-01-05"):
        first_expiry(rules, early, True, lambda day: day < early)
