"""How numbers, times and reasons are written and read, and what a refusal says to people."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from execution.broker import Refused
from execution.kite.mapping import (
    Names,
    change_fields,
    changed_by,
    fill_of,
    order_update,
    place_fields,
)
from execution.kite.rows import RowError
from execution.orders import OrderChange, OrderRequest, OrderState, OrderType
from tests.contracts.kite.desk import BROKER_ID, CALL, NOW, D, limit, order_row, stop, trade_row

IST = ZoneInfo("Asia/Kolkata")
OURS = Names({BROKER_ID: "a1"}, {CALL.key: CALL}.get)


def placed(request: OrderRequest) -> dict[str, str]:
    return place_fields(request, variety="regular", algo_id="")


@pytest.mark.parametrize(
    ("price", "written"), [("1E+2", "100"), ("1.5E+3", "1500"), ("100.50", "100.50")]
)
def test_a_price_goes_out_in_plain_digits_however_it_came_to_be(price: str, written: str) -> None:
    assert placed(limit(price=price))["price"] == written


def test_of_an_unknown_order_every_change_is_named_in_kite_s_words() -> None:
    to_stop = OrderChange(130, D(90), D(95), OrderType.SL, None)
    to_market = OrderChange(None, None, None, OrderType.MARKET, D(2))

    assert change_fields(to_stop, None) == {
        "order_type": "SL",
        "quantity": "130",
        "price": "90",
        "trigger_price": "95",
    }
    assert change_fields(to_market, None) == {"order_type": "MARKET", "market_protection": "2"}


MADE = replace(CALL, made_from="a made day")
UNPROTECTED = "Market orders without market protection are not allowed via API."
NAKED = replace(limit(), order_type=OrderType.MARKET, price=None, market_protection=None)


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (replace(limit(), instrument=MADE), "NIFTY26NOV26000CE is made from a made day."),
        (
            replace(stop(), pair="p1"),
            "A resting stop and a resting target can't be paired at Kite.",
        ),
        (NAKED, UNPROTECTED),
    ],
    ids=["made", "pair", "market"],
)
def test_what_kite_cannot_be_asked_says_why(request_: OrderRequest, told: str) -> None:
    with pytest.raises(Refused) as caught:
        placed(request_)

    assert str(caught.value) == told


@pytest.mark.parametrize("resting", [None, limit()])
def test_a_change_to_market_without_protection_says_why(resting: OrderRequest | None) -> None:
    with pytest.raises(Refused) as caught:
        change_fields(OrderChange(order_type=OrderType.MARKET), resting)

    assert str(caught.value) == UNPROTECTED


def test_a_change_that_makes_no_sense_says_why() -> None:
    with pytest.raises(Refused, match=r"^quantity: "):
        changed_by(limit(), OrderChange(quantity=0))


def test_a_row_is_as_old_as_the_first_of_its_times_that_is_told() -> None:
    times = {
        "exchange_update_timestamp": "2026-11-23 10:00:03",
        "exchange_timestamp": "2026-11-23 10:00:02",
        "order_timestamp": "2026-11-23 10:00:01",
    }

    seconds = []
    for name in times:
        seconds.append(order_update(order_row(**times), OURS, NOW).at.second)
        times = {**times, name: None}

    assert seconds == [3, 2, 1]


@pytest.mark.parametrize(
    ("away", "is_read"),
    [
        (timedelta(days=-7), True),
        (timedelta(days=-7, seconds=-1), False),
        (timedelta(days=1), True),
        (timedelta(days=1, seconds=1), False),
    ],
)
def test_a_time_of_a_week_ago_to_tomorrow_is_believed(away: timedelta, is_read: bool) -> None:
    heard = datetime(2026, 11, 23, 10, 0, 5, tzinfo=IST)
    told = f"{heard + away:%Y-%m-%d %H:%M:%S}"
    row = order_row(exchange_update_timestamp=told)

    if is_read:
        assert order_update(row, OURS, heard).at == heard + away
    else:
        with pytest.raises(RowError, match=r"^exchange_update_timestamp: expected a time"):
            order_update(row, OURS, heard)


@pytest.mark.parametrize(
    ("status", "reason"),
    [("REJECTED", "No funds."), ("CANCELLED", "No funds."), ("OPEN", ""), ("COMPLETE", "")],
)
def test_only_an_order_that_came_to_nothing_has_a_reason(status: str, reason: str) -> None:
    row = order_row(status=status, status_message="No\nfunds.")

    assert order_update(row, OURS, NOW).reason == reason


def test_without_a_message_of_kite_s_the_exchange_s_own_is_the_reason() -> None:
    row = order_row(status="REJECTED", status_message=None, status_message_raw="17070 : price")

    assert order_update(row, OURS, NOW).reason == "17070 : price"


def test_a_stop_of_which_one_unit_has_filled_was_triggered() -> None:
    row = order_row(order_type="SL", trigger_price=95, status="UPDATE", filled_quantity=1)

    update = order_update(row, OURS, NOW)

    assert (update.triggered, update.state) == (True, OrderState.PARTIAL)
    assert update.broker_id == BROKER_ID


def test_an_order_that_ended_with_a_single_unit_tells_how_many() -> None:
    names = replace(OURS, asked={"a1": limit()})
    row = order_row(status="COMPLETE", quantity=1, filled_quantity=1)

    request = order_update(row, names, NOW).request

    assert request is not None
    assert request.quantity == 1


def test_terms_that_a_row_shows_are_told_with_the_kind_of_order_it_shows() -> None:
    names = replace(OURS, requests={"a1": stop("a1")})

    update = order_update(order_row(order_type="LIMIT", price=99), names, NOW)

    assert update.request is not None
    assert (update.request.order_type, update.request.price) == (OrderType.LIMIT, D(99))
    assert update.request.trigger_price is None


def test_whose_trade_it_is_comes_from_its_order_s_id() -> None:
    fill = fill_of(trade_row(order_id="999"), OURS, NOW)

    assert (fill.client_id, fill.broker_id) == ("", "999")
