from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

from execution.charges import charges_for_order
from execution.contract_note import ExecutedOrder, contract_note, transaction_tax
from execution.orders import Product, Side
from marketdata.instruments import Exchange, Instrument, Kind

D = Decimal
ON = date(2026, 11, 23)
SHARE = Instrument(1, Exchange.NSE, "ABC", "ABC", Kind.EQUITY, 1, D("0.05"))
CALL = Instrument(
    2, Exchange.NFO, "NIFTY26NOV26000CE", "NIFTY", Kind.CALL, 65, D("0.05"), strike=D(26000)
)
OTHER_CALL = Instrument(
    3, Exchange.NFO, "NIFTY26NOV26100CE", "NIFTY", Kind.CALL, 65, D("0.05"), strike=D(26100)
)


def share(side: Side, quantity: int, price: int, product: Product = Product.MIS) -> ExecutedOrder:
    return ExecutedOrder(SHARE, side, quantity, D(quantity * price), product)


def test_shares_closed_within_the_day_are_taxed_on_the_average_of_the_day() -> None:
    day = (share(Side.BUY, 500, 100), share(Side.SELL, 500, 105))

    assert transaction_tax(day, ON) == 13


def test_shares_kept_are_taxed_as_delivery_on_the_same_average() -> None:
    day = (
        share(Side.BUY, 500, 100),
        share(Side.SELL, 500, 105),
        share(Side.BUY, 200, 110, Product.CNC),
    )

    assert transaction_tax(day, ON) == 13 + 21


def test_delivery_bought_and_sold_on_two_days_is_rounded_on_each() -> None:
    bought = (share(Side.BUY, 500, 100, Product.CNC),)
    sold = (share(Side.SELL, 500, 105, Product.CNC),)

    assert transaction_tax(bought, ON) == 50
    assert transaction_tax(sold, ON) == 53


@pytest.mark.parametrize(("premium", "tax"), [("333.33", 0), ("333.34", 1), ("1683", 3)])
def test_option_tax_is_rounded_to_the_rupee_half_up(premium: str, tax: int) -> None:
    order = ExecutedOrder(CALL, Side.SELL, 65, D(premium), Product.NRML)

    assert transaction_tax((order,), ON) == tax


def test_tax_is_rounded_per_contract_not_per_order() -> None:
    half = ExecutedOrder(CALL, Side.SELL, 65, D(300), Product.NRML)
    other = ExecutedOrder(OTHER_CALL, Side.SELL, 65, D(300), Product.NRML)

    assert transaction_tax((half, half), ON) == 1
    assert transaction_tax((half, other), ON) == 0


def test_the_other_lines_are_rounded_to_the_paisa_and_stamp_by_the_switch() -> None:
    order = ExecutedOrder(CALL, Side.BUY, 65, D(17000), Product.NRML)
    exact = charges_for_order(CALL, Side.BUY, 65, D(17000), Product.NRML, ON)

    note = contract_note((order,), ON, whole_stamp=False)
    whole = contract_note((order,), ON, whole_stamp=True)

    assert (exact.exchange_charge, note.exchange_charge) == (D("6.040100"), D("6.04"))
    assert (note.stamp_duty, whole.stamp_duty) == (D("0.51"), 1)
    assert abs(note.total - exact.total) < D("0.02")


def test_a_day_without_orders_costs_nothing() -> None:
    assert contract_note((), ON, whole_stamp=True).total == 0


def test_a_day_of_several_orders_is_their_sum_rounded_once() -> None:
    orders = tuple(
        ExecutedOrder(CALL, side, 65, D(value), Product.NRML)
        for side, value in ((Side.BUY, 17_000), (Side.SELL, 17_777), (Side.SELL, 9_111))
    )
    exact = [
        charges_for_order(each.instrument, each.side, 65, each.value, each.product, ON)
        for each in orders
    ]

    note = contract_note(orders, ON, whole_stamp=False)

    assert note.brokerage == 60
    assert note.transaction_tax == transaction_tax(orders, ON) == 40
    for line in ("exchange_charge", "sebi_fee", "stamp_duty", "gst"):
        in_all = sum(getattr(each, line) for each in exact)
        assert getattr(note, line) == in_all.quantize(D("0.01"), ROUND_HALF_UP)


def test_a_delivery_pays_the_brokerage_and_stamp_of_delivery() -> None:
    delivered = (share(Side.BUY, 500, 100, Product.CNC),)
    within_the_day = (share(Side.BUY, 500, 100, Product.MIS),)

    notes = [contract_note(day, ON, whole_stamp=False) for day in (delivered, within_the_day)]

    assert [note.brokerage for note in notes] == [0, 15]
    assert [note.stamp_duty for note in notes] == [D("7.50"), D("1.50")]


def test_a_contract_taxes_its_sales_whatever_was_bought() -> None:
    bought = ExecutedOrder(CALL, Side.BUY, 65, D(100_000), Product.NRML)
    sold = ExecutedOrder(CALL, Side.SELL, 65, D(100_000), Product.NRML)

    assert transaction_tax((bought,), ON) == 0
    assert transaction_tax((bought, sold), ON) == transaction_tax((sold,), ON) == 150


def test_a_single_share_is_taxed_and_a_share_that_was_not_traded_is_not() -> None:
    assert transaction_tax((share(Side.BUY, 1, 1_000, Product.CNC),), ON) == 1
    assert transaction_tax((share(Side.BUY, 0, 1_000, Product.CNC),), ON) == 0
