"""Single fields of Kite's rows: what each reader takes, and what it says of what it doesn't."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.kite.rows import (
    Row,
    RowError,
    amount,
    count,
    moment,
    optional_text,
    price,
    text,
    whole,
)
from marketdata.calendar import IST

Read = Callable[[Row, str], object]
TRILLION = 10**12
AT = datetime(2026, 11, 23, 9, 15, tzinfo=IST)


def refused(read: Read, value: object) -> str:
    """Return what a reader says of a field that it doesn't take."""
    with pytest.raises(RowError) as told:
        read({"field": value}, "field")
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__
    return str(told.value)


def test_a_text_is_taken_as_it_stands() -> None:
    assert text({"status": " OPEN "}, "status") == " OPEN "


@pytest.mark.parametrize("value", ["", None, 7, b"OPEN", ["OPEN"]])
def test_what_is_no_text_is_refused_by_the_name_of_its_field(value: object) -> None:
    assert refused(text, value) == "field: expected a text"


def test_a_text_that_is_missing_is_refused() -> None:
    with pytest.raises(RowError, match=r"^status: expected a text$"):
        text({"order_id": "1"}, "status")


@pytest.mark.parametrize(("row", "told"), [({"tag": "a1"}, "a1"), ({"tag": 5}, ""), ({}, "")])
def test_a_text_that_may_be_missing_is_empty_then(row: Row, told: str) -> None:
    assert optional_text(row, "tag") == told


@pytest.mark.parametrize("read", [count, whole])
@pytest.mark.parametrize(("value", "units"), [(65, 65), (65.0, 65), (0, 0), (TRILLION, TRILLION)])
def test_a_whole_number_may_have_a_point_but_no_part(read: Read, value: object, units: int) -> None:
    found = read({"quantity": value}, "quantity")

    assert (found, type(found)) == (units, int)


@pytest.mark.parametrize("read", [count, whole])
@pytest.mark.parametrize(
    "value",
    [65.5, "65", True, False, None, float("nan"), float("inf"), TRILLION + 1, -TRILLION - 1, 1e13],
)
def test_what_is_no_whole_number_is_refused(read: Read, value: object) -> None:
    assert refused(read, value) == "field: expected a whole number"


def test_units_may_be_short_but_never_counted_so() -> None:
    assert whole({"field": -65}, "field") == -65
    assert whole({"field": -TRILLION}, "field") == -TRILLION
    assert refused(count, -1) == "field: expected a whole number, 0 or above"


@pytest.mark.parametrize(
    ("value", "rupees"),
    [(100.05, "100.05"), (0.1, "0.1"), (100, "100"), ("100.50", "100.50"), (0, "0"), (0.0, "0.0")],
)
def test_a_price_is_what_kite_wrote_and_not_its_binary_neighbour(
    value: object, rupees: str
) -> None:
    found = price({"price": value}, "price")

    assert str(found) == rupees


@pytest.mark.parametrize("value", [-0.05, "-1", TRILLION, float(TRILLION), str(TRILLION)])
def test_a_price_below_nothing_or_beyond_reason_is_refused(value: object) -> None:
    assert refused(price, value) == "field: expected a price, 0 or above"


def test_the_largest_price_is_just_below_a_trillion() -> None:
    assert price({"price": TRILLION - 1}, "price") == TRILLION - 1


NO_NUMBERS: list[object] = [
    "many",
    "",
    "1,000",
    "NaN",
    "Infinity",
    None,
    True,
    False,
    [1],
    {},
    b"1",
    float("nan"),
    float("-inf"),
    10**15 + 1,
    -(10**15) - 1,
]


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_is_neither_a_price_nor_an_amount(value: object) -> None:
    assert refused(price, value) == "field: expected a price"
    assert refused(amount, value) == "field: expected an amount"


@pytest.mark.parametrize("value", [-12.25, 0, 10**15, -(10**15), "250000.50"])
def test_an_amount_has_either_sign(value: object) -> None:
    assert amount({"net": value}, "net") == Decimal(str(value))


def test_an_amount_that_is_missing_is_refused() -> None:
    with pytest.raises(RowError, match=r"^net: expected an amount$"):
        amount({}, "net")


@given(paise=st.integers(min_value=0, max_value=10**13))
def test_every_price_of_whole_paise_survives_being_written_as_a_float(paise: int) -> None:
    exact = Decimal(paise) / 100

    assert price({"price": float(exact)}, "price") == exact


def test_local_time_without_a_zone_is_indian_time() -> None:
    assert moment({"at": "2026-11-23 09:15:00"}, "at") == AT
    assert moment({"at": datetime(2026, 11, 23, 9, 15)}, "at") == AT
    assert moment({"at": "2026-11-23 09:15:00"}, "at").tzinfo is IST  # type: ignore[union-attr]


def test_a_moment_of_another_zone_is_told_in_ours() -> None:
    told = moment({"at": datetime(2026, 11, 23, 3, 45, tzinfo=UTC)}, "at")

    assert told == AT
    assert told is not None
    assert told.tzinfo is IST


def test_of_several_moments_the_first_that_is_told_counts() -> None:
    later = datetime(2026, 11, 23, 9, 16, tzinfo=IST)
    row = {"first": None, "empty": "", "second": "2026-11-23 09:15:00", "third": later}

    assert moment(row, "first", "missing", "empty", "second", "third") == AT
    assert moment(row, "third", "second") == later


def test_where_no_moment_is_told_there_is_none() -> None:
    assert moment({"first": None, "second": ""}, "first", "second", "third") is None
    assert moment({"first": AT}) is None


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-23T09:15:00",
        "2026/11-23 09:15:00",
        "2026-11/23 09:15:00",
        "2026-11-23 09.15:00",
        "2026-11-23 09:15.00",
        "2026-11-23 09:15",
        "2026-11-23 09:15:00.000",
        "2026-11-23 09:15:00+05:30",
        "2026-13-23 09:15:00",
        "2026-11-23 24:15:00",
        "yyyy-mm-dd hh:mm:ss",
        "20261123 09:15:00.0",
        "2026-W48-1 09:15:00",
        1_764_000_000,
        [2026, 11, 23],
    ],
)
def test_a_moment_of_another_form_is_refused(value: object) -> None:
    assert refused(moment, value) == "field: expected a time like 2026-11-23 09:15:00"
