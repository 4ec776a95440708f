"""The total of a way in and out is that of its bill's lines, to the last place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.charge_totals import round_trip_at, round_trip_total
from execution.charges import round_trip
from execution.orders import Product
from marketdata.instruments import Exchange, Instrument, Kind

ON = date(2026, 11, 23)
UNTAXED = date(2023, 7, 14)
"""A day on which NSE's fee for protection was above 0 and free of GST."""
PRICES = st.decimals(0, 200_000, places=2) | st.decimals(0, 90_000, places=4)


def contract(exchange: Exchange, kind: Kind, freeze: int | None) -> Instrument:
    return Instrument(1, exchange, "X", "NIFTY", kind, 75, Decimal("0.05"), freeze_quantity=freeze)


@given(
    st.sampled_from([Kind.EQUITY, Kind.FUTURE, Kind.CALL, Kind.PUT]),
    st.sampled_from(list(Exchange)),
    st.sampled_from([Product.MIS, Product.NRML]),
    st.integers(0, 60),
    st.sampled_from([None, 1_800]),
    PRICES,
    PRICES,
    st.sampled_from([UNTAXED, date(2024, 12, 2), ON]),
)
def test_it_is_the_sum_of_the_lines(
    kind: Kind,
    exchange: Exchange,
    product: Product,
    lots: int,
    freeze: int | None,
    buy: Decimal,
    sell: Decimal,
    on: date,
) -> None:
    asked = (contract(exchange, kind, freeze), 75 * lots, buy, sell, product, on)

    total, expected = round_trip_total(*asked), round_trip(*asked).total

    assert (total, str(total)) == (expected, str(expected))


def test_a_single_share_costs_what_its_bill_says() -> None:
    share = replace(contract(Exchange.NSE, Kind.EQUITY, None), lot_size=1)
    prices = Decimal("1500.10"), Decimal("1511.35")

    expected = round_trip(share, 1, *prices, Product.MIS, ON).total

    assert expected > 0
    assert round_trip_total(share, 1, *prices, Product.MIS, ON) == expected
    assert round_trip_at(share, 1, (1500.10, 1511.35), Product.MIS, ON) == float(expected)


@pytest.mark.parametrize("kind", [Kind.EQUITY, Kind.FUTURE, Kind.CALL])
def test_a_fee_that_is_free_of_gst_is_so_in_the_total(kind: Kind) -> None:
    asked = contract(Exchange.NSE, kind, None), 75_000, Decimal(150), Decimal(160)

    total = round_trip_total(*asked, Product.MIS, UNTAXED)

    assert total == round_trip(*asked, Product.MIS, UNTAXED).total


def test_a_total_beyond_what_a_float_holds_is_exact() -> None:
    future = contract(Exchange.NFO, Kind.FUTURE, None)
    asked = (future, 75 * 10**10, Decimal("25123.4567"), Decimal("25123.4569"), Product.NRML, ON)

    assert round_trip_total(*asked) == round_trip(*asked).total


@pytest.mark.parametrize("price", [Decimal("-0.01"), Decimal("NaN")])
def test_a_price_that_is_none_is_refused(price: Decimal) -> None:
    share = contract(Exchange.NSE, Kind.EQUITY, None)

    with pytest.raises(ValueError, match=r"value: .*expected 0 or more rupees"):
        round_trip_total(share, 75, Decimal(100), price, Product.MIS, ON)


@given(
    st.sampled_from([Kind.EQUITY, Kind.FUTURE, Kind.CALL, Kind.PUT]),
    st.sampled_from(list(Exchange)),
    st.integers(0, 60),
    st.floats(0, 200_000),
    st.floats(0, 200_000),
)
def test_at_prices_of_columns_it_is_the_total_at_the_paisa(
    kind: Kind, exchange: Exchange, lots: int, buy: float, sell: float
) -> None:
    item, paisa = contract(exchange, kind, 1_800), [Decimal(f"{p:.2f}") for p in (buy, sell)]

    found = round_trip_at(item, 75 * lots, (buy, sell), Product.MIS, ON)

    assert found == float(round_trip_total(item, 75 * lots, *paisa, Product.MIS, ON))


@pytest.mark.parametrize("price", [-0.01, float("nan"), float("inf")])
def test_a_column_without_a_price_has_no_total(price: float) -> None:
    share = contract(Exchange.NSE, Kind.EQUITY, None)

    with pytest.raises(ValueError, match=r"value: .*expected 0 or more rupees"):
        round_trip_at(share, 75, (100.0, price), Product.MIS, ON)
