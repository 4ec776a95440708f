"""A made dump reads like a real one, and is as big as one where it should be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from marketdata.calendar import Calendar
from marketdata.dump_checks import day_dump, rules_on
from marketdata.instrument_dump import DumpRules, read_dump
from marketdata.instruments import Exchange, Kind
from marketdata.made_dump import REAL_SIZE, DumpSize, made_dump
from marketdata.synthetic_universe import standard_market

DAY = date(2026, 10, 6)
CALENDAR = Calendar.load()
ALONE = DumpRules(DAY, 0, frozenset())


def test_a_small_dump_is_read_without_loss_and_believed() -> None:
    made = made_dump(DAY, CALENDAR, DumpSize(shares=40, with_derivatives=2))

    parsed = {name: read_dump(name, raw, ALONE) for name, raw in made.items()}
    whole = day_dump(parsed, rules_on(DAY, practice=True), {})

    assert not whole.dropped
    assert not whole.doubts
    kinds = [item.kind for item in whole.instruments]
    assert kinds.count(Kind.EQUITY) == 80
    assert kinds.count(Kind.FUTURE) == 3 * (7 + 2)
    assert kinds.count(Kind.CALL) == kinds.count(Kind.PUT) == 3 * (7 * 141 + 2 * 51)


def test_the_shares_of_the_made_market_stand_under_their_own_tokens() -> None:
    made = made_dump(DAY, CALENDAR, DumpSize(shares=30, with_derivatives=0))

    listed = read_dump("NSE", made[Exchange.NSE], ALONE).instruments
    known = [
        replace(item.instrument, made_from="")
        for item in standard_market(DAY, CALENDAR)
        if item.instrument.kind is not Kind.FUTURE
    ]
    tokens = {item.key: item.token for item in listed}

    assert {item.key: item.token for item in known}.items() <= tokens.items()


def test_the_same_day_gives_the_same_bytes() -> None:
    size = DumpSize(shares=25, with_derivatives=1)

    assert made_dump(DAY, CALENDAR, size) == made_dump(DAY, CALENDAR, size)


def test_the_real_size_is_about_117_000_rows() -> None:
    made = made_dump(DAY, CALENDAR, REAL_SIZE)

    assert 115_000 < sum(raw.count(b"\n") - 1 for raw in made.values()) < 120_000
