"""What a symbol is traded as, with the facts of its date."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from marketdata.calendar import Calendar
from marketdata.instruments import Kind, Segment
from trading.research.listings import (
    ListingError,
    Role,
    instrument_of,
    listings,
    session_of,
    universe_of,
)

CALENDAR = Calendar.load()
DAY = date(2021, 7, 5)


def instruments(columns, day=DAY, level=15_000.0):
    return [instrument_of(column, day, level, CALENDAR) for column in columns]


def test_an_index_is_traded_as_the_near_future_made_from_it():
    columns = listings(("RELIANCE", "NIFTY"), plain=False)
    items = instruments(columns)

    universe = universe_of(columns, items)

    assert [item.symbol for item in items] == ["NIFTY 50", "RELIANCE", "NIFTY21JULFUT"]
    assert [column.trade_as for column in universe.columns] == [2, 1, 2]
    assert [column.scanned for column in universe.columns] == [True, True, False]
    assert [column.volume_from for column in universe.columns] == [2, 1, 2]
    assert (items[2].lot_size, items[2].made_from) == (50, "index NIFTY 50")


def test_plain_symbols_are_single_units_priced_to_the_paisa():
    columns = listings(("NIFTY", "BANKNIFTY2170135000CE"), plain=True)
    items = instruments(columns)

    assert [(item.kind, item.lot_size, item.tick_size) for item in items] == [
        (Kind.EQUITY, 1, Decimal("0.01"))
    ] * 2
    assert all(column.scanned for column in universe_of(columns, items).columns)


def test_a_future_of_its_own_has_its_expiry_and_lot():
    (column,) = listings(("NIFTY26OCTFUT",), plain=False)

    (item,) = instruments([column], date(2026, 9, 30))

    assert (item.kind, item.expiry, item.lot_size) == (Kind.FUTURE, date(2026, 10, 27), 65)
    assert session_of(column, item, date(2026, 9, 30), CALENDAR).segment is Segment.FUTURES


@pytest.mark.parametrize(
    ("symbol", "name"), [("NIFTYNXT5026OCTFUT", "NIFTYNXT50"), ("360ONE26OCTFUT", "360ONE")]
)
def test_a_future_on_a_name_with_figures_in_it_is_no_share(symbol: str, name: str):
    (column,) = listings((symbol,), plain=False)

    (item,) = instruments([column], date(2026, 9, 30), 900.0)

    assert (column.role, item.kind, item.name) == (Role.CONTRACT, Kind.FUTURE, name)
    assert (item.expiry, item.segment) == (date(2026, 10, 27), Segment.FUTURES)
    assert item.lot_size > 1


def test_an_index_without_derivatives_is_only_watched():
    columns = listings(("INDIAVIX", "SBIN"), plain=False)

    universe = universe_of(columns, instruments(columns, level=400.0))

    assert columns[0].role is Role.INDEX
    assert [column.scanned for column in universe.columns] == [False, True]


@pytest.mark.parametrize("symbol", ["BANKNIFTY2170135000CE", "INDIAVIX"])
def test_what_cannot_be_traded_is_named(symbol):
    with pytest.raises(ListingError, match=symbol):
        listings((symbol,), plain=False)


def test_a_lot_that_no_table_knows_is_named_with_its_day():
    columns = listings(("XYZ26OCTFUT",), plain=False)

    with pytest.raises(ListingError, match="XYZ26OCTFUT on 2026-09-30"):
        instruments(columns, date(2026, 9, 30))
