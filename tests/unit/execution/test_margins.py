from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from execution.margins import margin_for
from execution.orders import Side
from marketdata.dated import FactMissing
from marketdata.instruments import Exchange, Instrument, Kind

D = Decimal
ON = date(2026, 11, 20)
EXPIRY = date(2026, 11, 23)
FUTURE = Instrument(1, Exchange.NFO, "NIFTY26NOVFUT", "NIFTY", Kind.FUTURE, 65, D("0.1"), EXPIRY)
CALL = replace(FUTURE, kind=Kind.CALL, symbol="NIFTY26NOV26000CE", strike=D(26000))
STOCK_FUTURE = replace(FUTURE, symbol="TCS26NOVFUT", name="TCS")
SHARE = Instrument(2, Exchange.NSE, "TCS", "TCS", Kind.EQUITY, 1, D("0.1"))
INDEX = Instrument(3, Exchange.NSE, "NIFTY 50", "NIFTY 50", Kind.INDEX, 1, D("0.05"))


def test_an_index_future_blocks_scan_and_exposure_on_either_side() -> None:
    bought = margin_for(FUTURE, Side.BUY, 65, D(26000), ON)
    sold = margin_for(FUTURE, Side.SELL, 65, D(26000), ON)

    assert bought == sold == D("190970.00")


def test_a_stock_future_blocks_more_than_an_index_future() -> None:
    assert margin_for(STOCK_FUTURE, Side.BUY, 100, D(1000), ON) == D("17700.00")


def test_a_bought_option_blocks_its_premium_only() -> None:
    assert margin_for(CALL, Side.BUY, 65, D("120.05"), ON) == D("7803.25")


def test_a_sold_option_blocks_more_on_its_expiry_day() -> None:
    before = margin_for(CALL, Side.SELL, 65, D(120), ON)
    expiring = margin_for(CALL, Side.SELL, 65, D(120), EXPIRY)

    assert before == D("190970.00")
    assert expiring - before == D("33800.00")


def test_the_extra_of_the_expiry_day_begins_in_november_2024() -> None:
    early = replace(CALL, expiry=date(2024, 11, 14))

    on_expiry = margin_for(early, Side.SELL, 65, D(120), date(2024, 11, 14))

    assert on_expiry == margin_for(early, Side.SELL, 65, D(120), date(2024, 11, 13))


def test_shares_within_the_day_block_a_fifth() -> None:
    assert margin_for(SHARE, Side.SELL, 10, D(3000), ON) == D("6000.00")


def test_nothing_blocks_nothing() -> None:
    assert margin_for(FUTURE, Side.BUY, 0, D(26000), ON) == 0


@pytest.mark.parametrize(
    ("instrument", "quantity", "price", "field"),
    [
        (INDEX, 1, D(1), "instrument"),
        (FUTURE, 65, D(0), "price"),
        (FUTURE, 65, D("NaN"), "price"),
        (FUTURE, -65, D(1), "quantity"),
        (replace(CALL, strike=None), 65, D(1), "strike"),
    ],
)
def test_bad_input_names_the_field(
    instrument: Instrument, quantity: int, price: Decimal, field: str
) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        margin_for(instrument, Side.SELL, quantity, price, ON)


def test_a_day_before_the_tables_is_an_error() -> None:
    with pytest.raises(FactMissing, match="2016-08-16"):
        margin_for(SHARE, Side.BUY, 1, D(100), date(2016, 8, 16))
