"""Charges against numbers that others published, and across the days on which rates changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.charge_rates import rates_for
from execution.charges import (
    NOTHING,
    Charges,
    charges_for_exercise,
    charges_for_order,
    round_trip,
)
from execution.orders import Product, Side
from marketdata.dated import FactMissing
from marketdata.instruments import Exchange, Instrument, Kind

D = Decimal
SHARE = Instrument(1, Exchange.NSE, "INFY", "INFY", Kind.EQUITY, 1, D("0.05"))
FUTURE = Instrument(
    2, Exchange.NFO, "NIFTY26NOVFUT", "NIFTY", Kind.FUTURE, 65, D("0.1"), freeze_quantity=1800
)
PUT = Instrument(
    3,
    Exchange.NFO,
    "NIFTY26NOV26000PE",
    "NIFTY",
    Kind.PUT,
    65,
    D("0.05"),
    strike=D(26000),
    freeze_quantity=1800,
)
SENSEX_CALL = replace(
    PUT, exchange=Exchange.BFO, symbol="SENSEX26NOV85000CE", name="SENSEX", kind=Kind.CALL
)
SENSEX_CALL = replace(SENSEX_CALL, lot_size=20, freeze_quantity=1000)
INDEX = Instrument(4, Exchange.NSE, "NIFTY 50", "NIFTY 50", Kind.INDEX, 1, D("0.05"))

JULY_2023 = date(2023, 7, 14)
OCTOBER_2024 = date(2024, 10, 1)
CALCULATOR_DAY = date(2026, 2, 27)
NOW = date(2026, 11, 23)


def rounded(amount: Decimal, like: str) -> Decimal:
    return amount.quantize(D(like), rounding=ROUND_HALF_UP)


def published(charges: Charges, *lines: str) -> bool:
    """Compare brokerage, tax, exchange, SEBI, stamp, GST to half of the last digit published."""
    return all(
        abs(amount - D(line)) <= D(1).scaleb(int(D(line).as_tuple().exponent)) / 2
        for (_, amount), line in zip(charges.lines, lines, strict=True)
    )


def test_kite_contract_note_sample_of_a_share_delivery() -> None:
    bill = charges_for_order(SHARE, Side.BUY, 1, D(560), Product.CNC, JULY_2023)

    assert bill.transaction_tax == D("0.56")
    assert bill.exchange_charge == D("0.01876")
    assert bill.sebi_fee == D("0.00056")
    assert bill.brokerage == 0
    assert bill.gst == D("0.003377")
    assert rounded(bill.total - bill.stamp_duty, "0.00001") == D("0.58270")


def test_kite_contract_note_sample_of_an_option_purchase() -> None:
    put = replace(PUT, lot_size=50)

    bill = charges_for_order(put, Side.BUY, 100, D(150), Product.NRML, JULY_2023)

    assert bill.transaction_tax == 0
    assert bill.exchange_charge == D("0.07575")
    assert bill.sebi_fee == D("0.00015")
    assert bill.brokerage == 20
    assert bill.gst == D("3.613527")
    assert bill.total - bill.stamp_duty == D("23.689427")


def test_kite_basket_sample_of_an_option_sale() -> None:
    value = D("2673.75")

    bill = charges_for_order(PUT, Side.SELL, 75, value, Product.NRML, JULY_2023)
    protection = value * rates_for(PUT, Product.NRML, JULY_2023).protection

    assert bill.transaction_tax == D("1.671094")
    assert rounded(bill.exchange_charge - protection, "0.000001") == D("1.336875")
    assert bill.sebi_fee == D("0.002674")
    assert bill.brokerage == 20
    assert bill.gst == D("3.841119")
    assert bill.stamp_duty == 0


def test_kite_margin_sample_of_2021_has_the_rates_of_2021() -> None:
    bill = charges_for_order(SHARE, Side.BUY, 1, D(1498), Product.CNC, date(2021, 7, 5))

    assert bill.transaction_tax == D("1.498")
    assert bill.exchange_charge == D("0.051681")
    assert bill.sebi_fee == D("0.001498")
    assert rounded(bill.stamp_duty, "0.01") == D("0.22")
    assert bill.gst + D("0.18") * D("0.01") == D("0.011372")


@pytest.mark.parametrize(
    ("instrument", "product", "lines", "total"),
    [
        (SHARE, Product.MIS, ("40.00", "125.00", "30.70", "1.00", "15.00", "12.91"), "224.61"),
        (SHARE, Product.CNC, ("0.00", "1000.00", "30.70", "1.00", "75.00", "5.71"), "1112.41"),
        (FUTURE, Product.NRML, ("40.00", "100.00", "18.30", "1.00", "10.00", "10.67"), "179.97"),
        (PUT, Product.NRML, ("40.00", "500.00", "355.30", "1.00", "15.00", "71.33"), "982.63"),
    ],
)
def test_zerodha_calculator_of_february_2026(
    instrument: Instrument, product: Product, lines: tuple[str, ...], total: str
) -> None:
    traded = replace(instrument, lot_size=1)

    bill = round_trip(traded, 500, D(1000), D(1000), product, CALCULATOR_DAY)

    assert published(bill, *lines)
    assert rounded(bill.total, "0.01") == D(total)


@pytest.mark.parametrize(
    ("instrument", "product", "total"),
    [
        (SHARE, Product.MIS, "224.61"),
        (SHARE, Product.CNC, "1112.41"),
        (FUTURE, Product.NRML, "329.97"),
        (PUT, Product.NRML, "1232.63"),
    ],
)
def test_the_calculator_case_with_the_tax_of_april_2026(
    instrument: Instrument, product: Product, total: str
) -> None:
    bill = round_trip(replace(instrument, lot_size=1), 500, D(1000), D(1000), product, NOW)

    assert rounded(bill.total, "0.01") == D(total)


def test_share_intraday_of_a_published_package() -> None:
    bill = round_trip(SHARE, 100, D(1500), D(1510), Product.MIS, NOW)

    assert published(bill, "40.00", "37.75", "9.24", "0.30", "4.50", "8.92")
    assert rounded(bill.total, "0.01") == D("100.71")


def test_option_round_trip_of_a_published_package_loses_81_paise() -> None:
    bill = round_trip(PUT, 65, D(120), D(121), Product.NRML, NOW)

    assert rounded(bill.total, "0.01") == D("65.82")
    assert rounded(65 - bill.total, "0.01") == D("-0.82")


@pytest.mark.parametrize(("on", "tax"), [(date(2026, 3, 31), 400), (date(2026, 4, 1), 1000)])
def test_futures_tax_changes_on_the_first_of_april_2026(on: date, tax: int) -> None:
    bill = charges_for_order(FUTURE, Side.SELL, 65, D(2000000), Product.NRML, on)

    assert bill.transaction_tax == tax


@pytest.mark.parametrize(
    ("instrument", "quantity", "prices", "lines", "total"),
    [
        (
            FUTURE,
            65,
            (26000, 26050),
            ("40", "846.625", "61.9135", "3.3832", "33.80", "18.9534"),
            "1004.6751",
        ),
        (
            SENSEX_CALL,
            20,
            (200, 210),
            ("40", "6.30", "2.6650", "0.0082", "0.12", "7.6812"),
            "56.7744",
        ),
        (
            PUT,
            65,
            (120, 121),
            ("40", "11.7975", "5.5658", "0.0157", "0.2340", "8.2047"),
            "65.8176",
        ),
    ],
)
def test_derived_round_trips_at_current_rates(
    instrument: Instrument,
    quantity: int,
    prices: tuple[int, int],
    lines: tuple[str, ...],
    total: str,
) -> None:
    bill = round_trip(instrument, quantity, D(prices[0]), D(prices[1]), Product.NRML, NOW)

    assert published(bill, *lines)
    assert rounded(bill.total, "0.0001") == D(total)


@pytest.mark.parametrize(
    ("instrument", "prices", "on", "lines", "total"),
    [
        (
            PUT,
            (200, 220),
            OCTOBER_2024,
            ("40", "14.30", "9.5632", "0.0273", "0.39", "8.9263"),
            "73.21",
        ),
        (PUT, (200, 220), NOW, ("40", "21.45", "9.6997", "0.0273", "0.39", "8.9509"), "80.52"),
        (
            FUTURE,
            (25000, 25060),
            OCTOBER_2024,
            ("40", "325.78", "56.2925", "3.2539", "32.50", "17.9183"),
            "475.74",
        ),
        (
            FUTURE,
            (25000, 25060),
            NOW,
            ("40", "814.45", "59.5464", "3.2539", "32.50", "18.504"),
            "968.25",
        ),
    ],
)
def test_golden_round_trips_of_65_units(
    instrument: Instrument, prices: tuple[int, int], on: date, lines: tuple[str, ...], total: str
) -> None:
    bill = round_trip(instrument, 65, D(prices[0]), D(prices[1]), Product.MIS, on)

    assert published(bill, *lines)
    assert rounded(bill.total, "0.01") == D(total)


@pytest.mark.parametrize(
    ("kind", "before", "after", "on"),
    [
        (Kind.FUTURE, "0.0001", "0.000125", date(2023, 4, 1)),
        (Kind.FUTURE, "0.000125", "0.0002", date(2024, 10, 1)),
        (Kind.FUTURE, "0.0002", "0.0005", date(2026, 4, 1)),
        (Kind.PUT, "0.0005", "0.000625", date(2023, 4, 1)),
        (Kind.PUT, "0.000625", "0.001", date(2024, 10, 1)),
        (Kind.PUT, "0.001", "0.0015", date(2026, 4, 1)),
    ],
)
def test_a_rate_holds_until_the_day_before_the_next(
    kind: Kind, before: str, after: str, on: date
) -> None:
    instrument = replace(PUT, kind=kind)

    eve = rates_for(instrument, Product.NRML, date.fromordinal(on.toordinal() - 1))
    day = rates_for(instrument, Product.NRML, on)

    assert (eve.tax_sell, day.tax_sell) == (D(before), D(after))


@pytest.mark.parametrize(("on", "share"), [(date(2021, 1, 1), "0.00002"), (NOW, "0.0000183")])
def test_the_futures_exchange_fee_of_the_day_is_taken(on: date, share: str) -> None:
    rates = rates_for(FUTURE, Product.NRML, on)

    assert rates.exchange + rates.protection == D(share)


def test_bse_futures_pay_no_exchange_charge() -> None:
    future = replace(FUTURE, exchange=Exchange.BFO, symbol="SENSEX26NOVFUT", name="SENSEX")

    bill = charges_for_order(future, Side.SELL, 65, D(1000000), Product.NRML, NOW)

    assert bill.exchange_charge == 0
    assert bill.transaction_tax == 500


def test_bse_options_other_than_sensex_and_bankex_have_their_own_fee() -> None:
    other = replace(SENSEX_CALL, symbol="SENSEX5026NOV27000CE", name="SENSEX50")

    sensex = charges_for_order(SENSEX_CALL, Side.BUY, 20, D(1000000), Product.NRML, NOW)
    fifty = charges_for_order(other, Side.BUY, 20, D(1000000), Product.NRML, NOW)

    assert (sensex.exchange_charge, fifty.exchange_charge) == (D(325), D(50))


def test_stamp_is_paid_by_the_buyer_and_tax_by_the_seller_also_when_short() -> None:
    opened = charges_for_order(FUTURE, Side.SELL, 65, D(1000000), Product.MIS, NOW)
    closed = charges_for_order(FUTURE, Side.BUY, 65, D(1000000), Product.MIS, NOW)

    assert (opened.stamp_duty, closed.stamp_duty) == (0, 20)
    assert (opened.transaction_tax, closed.transaction_tax) == (500, 0)


def test_small_orders_pay_brokerage_by_value() -> None:
    bill = charges_for_order(SHARE, Side.BUY, 10, D(1000), Product.MIS, NOW)

    assert bill.brokerage == D("0.30")


def test_a_holder_pays_tax_on_intrinsic_value_when_an_option_is_exercised() -> None:
    before = charges_for_exercise(PUT, Side.SELL, 3000 // 65 * 65, D(300000), date(2023, 8, 24))
    now = charges_for_exercise(PUT, Side.SELL, 65, D(300000), NOW)

    assert before.transaction_tax == D(375)
    assert before.brokerage == 40
    assert now.transaction_tax == D(450)
    assert (now.brokerage, now.gst) == (20, D("3.6"))


def test_a_writer_pays_no_tax_at_expiry_and_a_worthless_option_costs_nothing() -> None:
    assigned = charges_for_exercise(PUT, Side.BUY, 65, D(6500), NOW)
    worthless = charges_for_exercise(PUT, Side.SELL, 65, D(0), NOW)

    assert assigned.transaction_tax == 0
    assert worthless == NOTHING


def test_only_an_option_can_be_exercised() -> None:
    with pytest.raises(ValueError, match="is no option"):
        charges_for_exercise(FUTURE, Side.SELL, 65, D(6500), NOW)


def test_an_order_that_did_not_fill_costs_nothing() -> None:
    assert charges_for_order(PUT, Side.BUY, 0, D(0), Product.MIS, NOW) == NOTHING


def test_a_day_before_the_first_table_is_an_error_that_names_it() -> None:
    with pytest.raises(FactMissing, match=r"2016-08-16.*begins 2021-01-01"):
        charges_for_order(SHARE, Side.BUY, 1, D(100), Product.MIS, date(2016, 8, 16))


def test_an_index_has_no_charges() -> None:
    with pytest.raises(ValueError, match="NIFTY 50 is an index"):
        charges_for_order(INDEX, Side.BUY, 1, D(100), Product.MIS, NOW)


@pytest.mark.parametrize(("quantity", "value"), [(-1, D(1)), (1, D(-1)), (1, D("NaN"))])
def test_impossible_amounts_are_refused(quantity: int, value: Decimal) -> None:
    with pytest.raises(ValueError, match="expected 0 or more"):
        charges_for_order(SHARE, Side.BUY, quantity, value, Product.MIS, NOW)


def test_a_quantity_above_the_freeze_pays_brokerage_for_each_order() -> None:
    bill = round_trip(PUT, 1820, D(100), D(100), Product.MIS, NOW)

    assert bill.brokerage == 80


@given(
    value=st.decimals(min_value=0, max_value=10**8, places=2),
    more=st.decimals(min_value=0, max_value=10**8, places=2),
    side=st.sampled_from(Side),
    instrument=st.sampled_from([SHARE, FUTURE, PUT, SENSEX_CALL]),
    product=st.sampled_from(Product),
    on=st.dates(date(2023, 4, 1), date(2027, 12, 31)),
)
def test_lines_are_exact_to_six_places_and_grow_with_value(
    value: Decimal,
    more: Decimal,
    side: Side,
    instrument: Instrument,
    product: Product,
    on: date,
) -> None:
    part = charges_for_order(instrument, side, 1, value, product, on)
    whole = charges_for_order(instrument, side, 2, value + more, product, on)

    assert sum(amount for _, amount in part.lines) == part.total
    assert all(amount == amount.quantize(D("0.000001")) for _, amount in whole.lines)
    assert all(amount >= 0 for _, amount in (whole - part).lines)
    assert part + (whole - part) == whole


def test_nothing_exercised_costs_nothing_whatever_it_would_be_worth() -> None:
    assert charges_for_exercise(PUT, Side.SELL, 0, D(300), NOW) == NOTHING
