from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from execution.broker import Refused
from execution.kite.mapping import Names, fill_of, net_quantities, place_fields
from execution.kite.rows import RowError
from execution.orders import Side
from marketdata.instruments import Exchange, Kind
from tests.contracts.kite.desk import BROKER_ID, CALL, NOW, D, limit, position_row, trade_row

IST = ZoneInfo("Asia/Kolkata")
NOBODY = Names({}, {CALL.key: CALL}.get)
OURS = Names({BROKER_ID: "a1"}, {CALL.key: CALL}.get)


def test_a_trade_in_our_words() -> None:
    fill = fill_of(trade_row(average_price=100.05), OURS, NOW)

    assert (fill.client_id, fill.broker_id, fill.side) == ("a1", BROKER_ID, Side.BUY)
    assert (fill.quantity, fill.price, fill.instrument) == (65, D("100.05"), CALL)
    assert fill.at == datetime(2026, 11, 23, 10, 0, 5, tzinfo=IST)


def test_trade_ids_name_exchange_and_day_as_numbers_begin_again() -> None:
    monday = fill_of(trade_row(), OURS, NOW)
    tuesday = fill_of(
        trade_row(fill_timestamp="2026-11-24 10:00:05"), OURS, NOW + timedelta(days=1)
    )
    elsewhere = fill_of(trade_row(exchange="NSE", tradingsymbol="INFY"), OURS, NOW)

    assert len({monday.trade_id, tuesday.trade_id, elsewhere.trade_id}) == 3
    assert monday.trade_id == "NFO-261123-20001-BUY"


def test_a_trade_between_two_orders_of_ours_is_booked_for_both() -> None:
    bought = fill_of(trade_row(), OURS, NOW)
    sold = fill_of(trade_row(order_id="2", transaction_type="SELL"), OURS, NOW)

    assert bought.trade_id != sold.trade_id


def test_a_trade_in_a_contract_we_do_not_know_is_told_and_cannot_be_traded() -> None:
    fill = fill_of(trade_row(exchange="NSE", tradingsymbol="INFY"), NOBODY, NOW)

    assert (fill.client_id, fill.instrument.key) == ("", "NSE:INFY")
    with pytest.raises(Refused):
        place_fields(replace(limit(), instrument=fill.instrument), variety="regular", algo_id="")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("exchange", "MCX"),
        ("exchange", None),
        ("transaction_type", "HOLD"),
        ("quantity", 0),
        ("average_price", 0),
        ("average_price", "NaN"),
        ("average_price", -1),
        ("average_price", True),
        ("average_price", "abc"),
        ("average_price", 1e300),
        ("trade_id", None),
        ("trade_id", "a b"),
        ("fill_timestamp", "soon"),
        ("fill_timestamp", "1026-11-23 10:00:05"),
        ("order_id", None),
    ],
)
def test_a_trade_that_cannot_be_names_its_field(field: str, value: object) -> None:
    with pytest.raises(RowError):
        fill_of(trade_row(**{field: value}), OURS, NOW)


def test_a_trade_without_any_time_is_not_one() -> None:
    with pytest.raises(RowError, match="fill_timestamp"):
        fill_of(trade_row(fill_timestamp=None, exchange_timestamp=None), OURS, NOW)


def test_positions_are_added_over_products_and_flat_ones_left_out() -> None:
    rows = [
        position_row(65),
        position_row(-195, product="NRML"),
        position_row(5, exchange="MCX", tradingsymbol="GOLDGUINEA"),
        position_row(0, exchange="NSE", tradingsymbol="INFY"),
    ]

    assert net_quantities(rows) == (("MCX:GOLDGUINEA", 5), ("NFO:NIFTY26NOV26000CE", -130))


def test_a_position_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(RowError):
        net_quantities([position_row(None)])


def test_a_contract_that_only_the_book_knows_is_told_by_what_its_row_says() -> None:
    row = trade_row(exchange="NSE", tradingsymbol="INFY", instrument_token=408065)

    stranger = fill_of(row, NOBODY, NOW).instrument

    assert (stranger.token, stranger.exchange, stranger.symbol, stranger.name) == (
        *(408065, Exchange.NSE, "INFY", "INFY"),
    )
    assert (stranger.kind, stranger.lot_size, stranger.tick_size) == (Kind.EQUITY, 1, D("0.01"))
    assert stranger.made_from == "the broker's book"


def test_a_trade_without_its_own_time_happened_when_the_exchange_says() -> None:
    row = trade_row(fill_timestamp=None, exchange_timestamp="2026-11-23 10:00:03")

    assert fill_of(row, OURS, NOW).at == datetime(2026, 11, 23, 10, 0, 3, tzinfo=IST)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"exchange": "MCX"}, "exchange: expected NSE, "),
        ({"transaction_type": "HOLD"}, "transaction_type: expected BUY or SELL"),
        ({"quantity": 0}, "quantity: expected above 0, at an average_price above 0"),
        ({"trade_id": "a b"}, "trade_id: expected letters and digits"),
        ({"order_id": "../1"}, "order_id: expected letters and digits"),
        ({"fill_timestamp": "1026-11-23 10:00:05"}, "fill_timestamp: expected a time of these day"),
    ],
)
def test_a_trade_that_cannot_be_says_what_was_expected(
    changes: dict[str, object], told: str
) -> None:
    with pytest.raises(RowError, match=f"^{told}"):
        fill_of(trade_row(**changes), OURS, NOW)


def test_a_name_in_the_book_with_letters_that_no_name_has_is_told_without_them() -> None:
    row = position_row(5, exchange="NSE", tradingsymbol="IN\x1b[31mFY")

    [(key, units)] = net_quantities([row])

    assert key.isprintable()
    assert units == 5
