from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.broker import Refused
from execution.kite.mapping import (
    Names,
    change_fields,
    order_update,
    place_fields,
)
from execution.kite.rows import RowError
from execution.orders import Order, OrderChange, OrderRequest, OrderState, OrderType
from execution.orders_book import apply_update
from marketdata.instruments import Exchange
from tests.contracts.kite.desk import (
    BROKER_ID,
    CALL,
    NOW,
    D,
    limit,
    market,
    order_row,
    stop,
)

S = OrderState
IST = ZoneInfo("Asia/Kolkata")
NOBODY = Names({}, {CALL.key: CALL}.get)
OURS = Names({BROKER_ID: "a1"}, {CALL.key: CALL}.get)


def placed(request: OrderRequest) -> dict[str, str]:
    return place_fields(request, variety="regular", algo_id="")


def test_a_limit_order_in_kites_words() -> None:
    assert placed(limit(price="100.50")) == {
        "variety": "regular",
        "exchange": "NFO",
        "tradingsymbol": "NIFTY26NOV26000CE",
        "transaction_type": "BUY",
        "quantity": "65",
        "product": "MIS",
        "order_type": "LIMIT",
        "price": "100.50",
        "validity": "DAY",
        "tag": "a1",
    }


def test_a_market_order_carries_its_protection_and_no_price() -> None:
    fields = placed(market())

    assert fields["market_protection"] == "-1"
    assert "price" not in fields


def test_a_stop_carries_trigger_and_limit() -> None:
    fields = placed(stop())

    assert (fields["order_type"], fields["trigger_price"], fields["price"]) == ("SL", "95", "90")
    assert "market_protection" not in fields


def test_an_algo_id_goes_out_where_there_is_one() -> None:
    assert place_fields(limit(), variety="regular", algo_id="X1")["algo_id"] == "X1"


@pytest.mark.parametrize(
    "request_",
    [
        replace(market(), market_protection=None),
        replace(market(), market_protection=D(0)),
        replace(stop(), order_type=OrderType.SL_M, price=None, market_protection=None),
        replace(limit(), pair="p1"),
        replace(limit(), instrument=replace(CALL, made_from="parity")),
    ],
    ids=["no protection", "protection 0", "sl-m", "pair", "made"],
)
def test_what_kite_cannot_be_asked_is_refused_before_it_is_sent(request_: OrderRequest) -> None:
    with pytest.raises(Refused):
        placed(request_)


def test_a_change_names_the_whole_order_as_it_shall_rest() -> None:
    fields = change_fields(OrderChange(price=D("89.95"), trigger_price=D("94.95")), stop())

    assert fields == {
        "order_type": "SL",
        "quantity": "65",
        "validity": "DAY",
        "price": "89.95",
        "trigger_price": "94.95",
    }


def test_a_stop_that_becomes_a_market_exit_carries_protection() -> None:
    change = OrderChange(order_type=OrderType.MARKET, market_protection=D(2))

    fields = change_fields(change, stop())

    assert fields["market_protection"] == "2"
    assert {"price", "trigger_price"} & fields.keys() == set()


@pytest.mark.parametrize("resting", [stop(), None])
def test_a_change_to_market_without_protection_is_refused(resting: OrderRequest | None) -> None:
    with pytest.raises(Refused):
        change_fields(OrderChange(order_type=OrderType.MARKET), resting)


def test_a_change_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(Refused):
        change_fields(OrderChange(order_type=OrderType.SL), market())


def test_of_an_order_that_is_not_known_only_the_change_is_named() -> None:
    assert change_fields(OrderChange(price=D("89.95")), None) == {"price": "89.95"}


@pytest.mark.parametrize(
    ("status", "filled", "state"),
    [
        ("PUT ORDER REQ RECEIVED", 0, S.OPEN),
        ("OPEN PENDING", 0, S.OPEN),
        ("OPEN", 0, S.OPEN),
        ("OPEN", 20, S.PARTIAL),
        ("TRIGGER PENDING", 0, S.OPEN),
        ("CANCEL PENDING", 0, S.OPEN),
        ("UPDATE", 20, S.PARTIAL),
        ("SOMETHING NEW", 0, S.OPEN),
        ("COMPLETE", 65, S.FILLED),
        ("CANCELLED", 20, S.CANCELLED),
        ("CANCELLED AMO", 0, S.CANCELLED),
        ("REJECTED", 0, S.REJECTED),
        ("REJECTED", 20, S.REJECTED),
    ],
)
def test_only_last_words_are_final(status: str, filled: int, state: OrderState) -> None:
    update = order_update(order_row(status=status, filled_quantity=filled), NOBODY, NOW)

    assert (update.state, update.filled_quantity) == (state, filled)


def test_cancelled_and_pending_quantities_are_not_believed() -> None:
    row = order_row(status="CANCELLED", pending_quantity=1, cancelled_quantity=1)

    assert order_update(row, NOBODY, NOW).filled_quantity == 0


@pytest.mark.parametrize(
    ("kind", "status", "filled", "triggered"),
    [
        ("SL", "TRIGGER PENDING", 0, False),
        ("SL", "OPEN PENDING", 0, False),
        ("SL", "MODIFIED", 0, False),
        ("SL", "OPEN", 0, True),
        ("SL", "COMPLETE", 65, True),
        ("SL", "CANCELLED", 0, False),
        ("SL", "CANCELLED", 20, True),
        ("LIMIT", "OPEN", 0, False),
    ],
)
def test_a_stop_is_triggered_once_it_rests_open(
    kind: str, status: str, filled: int, triggered: bool
) -> None:
    row = order_row(order_type=kind, status=status, filled_quantity=filled)

    assert order_update(row, NOBODY, NOW).triggered is triggered


def test_an_update_is_as_old_as_the_exchanges_last_word() -> None:
    assert order_update(order_row(), NOBODY, NOW).at == datetime(2026, 11, 23, 10, 0, 5, tzinfo=IST)


def test_a_rejection_before_the_exchange_has_the_orders_own_time() -> None:
    row = order_row(
        status="REJECTED",
        exchange_timestamp=None,
        exchange_update_timestamp=None,
        status_message="Insufficient\x00 funds.\nRequired margin is 9.",
    )

    update = order_update(row, NOBODY, NOW)

    assert update.at == datetime(2026, 11, 23, 10, 0, 4, tzinfo=IST)
    assert update.reason == "Insufficient funds. Required margin is 9."


def test_without_any_time_the_moment_of_hearing_stands_in() -> None:
    row = {name: value for name, value in order_row().items() if not name.endswith("timestamp")}

    assert order_update(row, NOBODY, NOW).at == NOW


@pytest.mark.parametrize(
    ("names", "tag", "client_id"),
    [
        (NOBODY, "a1", "a1"),
        (OURS, "other", "a1"),
        (OURS, None, "a1"),
        (NOBODY, None, ""),
        (NOBODY, "made by hand", ""),
        (NOBODY, "x" * 21, ""),
        (NOBODY, "x" * 20, "x" * 20),
    ],
)
def test_an_order_is_named_by_its_answer_then_by_its_tag(
    names: Names, tag: str | None, client_id: str
) -> None:
    assert order_update(order_row(tag=tag), names, NOW).client_id == client_id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("order_id", ""),
        ("order_id", 261123000000001),
        ("order_id", "1/2"),
        ("status", None),
        ("quantity", None),
        ("quantity", "65"),
        ("quantity", True),
        ("quantity", -65),
        ("quantity", 10**13),
        ("quantity", 65.5),
        ("filled_quantity", 66),
        ("filled_quantity", -1),
        ("exchange_update_timestamp", "2026-11-23"),
        ("exchange_update_timestamp", 5),
        ("exchange_update_timestamp", "9026-11-23 10:00:05"),
        ("exchange_update_timestamp", "2026-11-15 10:00:05"),
    ],
)
def test_a_field_that_cannot_be_is_named(field: str, value: object) -> None:
    with pytest.raises(RowError, match=field):
        order_update(order_row(**{field: value}), NOBODY, NOW)


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert order_update(order_row(filled_quantity=20.0), NOBODY, NOW).filled_quantity == 20


def test_other_terms_than_believed_are_news_of_this_moment() -> None:
    names = replace(OURS, requests={"a1": limit(price="99.95")})

    update = order_update(order_row(), names, NOW)

    assert update.request == limit(price="100.05")
    assert update.at == NOW


@pytest.mark.parametrize(
    ("believed", "row"),
    [
        (limit(), order_row()),
        (limit(price="99.95"), order_row(status="MODIFY PENDING")),
        (market(), order_row()),
        (limit(price="99.95"), order_row(order_type="MARKET")),
    ],
    ids=["the same", "on its way", "a protected market order", "another kind"],
)
def test_terms_that_agree_or_cannot_be_told_are_no_news(
    believed: OrderRequest, row: dict[str, object]
) -> None:
    names = replace(OURS, requests={"a1": believed})

    assert order_update(row, names, NOW).request is None


def test_a_stop_that_was_not_moved_is_told_as_it_rests() -> None:
    believed = replace(stop("a1"), trigger_price=D("96.5"), price=D(92))
    row = order_row(
        order_type="SL",
        status="TRIGGER PENDING",
        transaction_type="SELL",
        price=90,
        trigger_price=95,
    )

    update = order_update(row, replace(OURS, requests={"a1": believed}), NOW)

    assert update.request == stop("a1")


WORKING = st.sampled_from(["OPEN PENDING", "OPEN", "TRIGGER PENDING", "UPDATE", "NEW WORD"])
LAST_WORD = st.sampled_from(["COMPLETE", "CANCELLED", "REJECTED"])


@given(
    st.permutations(range(4)),
    st.lists(st.tuples(WORKING, st.integers(0, 65)), min_size=3, max_size=3),
    LAST_WORD,
)
def test_an_orders_messages_in_any_order_end_in_its_last_word(
    order: list[int], told: list[tuple[str, int]], last_word: str
) -> None:
    fills = sorted(filled for _, filled in told)
    filled = 65 if last_word == "COMPLETE" else fills[-1]
    words = [(status, count) for (status, _), count in zip(told, fills, strict=True)]
    words.append((last_word, filled))
    known = Order(limit(), S.SENT)

    for index in order:
        status, count = words[index]
        row = order_row(status=status, filled_quantity=count)
        known, proven = apply_update(known, order_update(row, OURS, NOW), frozenset())
        assert proven == ()

    assert (known.filled_quantity, known.claimed_quantity) == (0, filled)
    assert known.state is (S.PARTIAL if last_word == "COMPLETE" else S(last_word))


def test_every_exchange_of_ours_can_be_named() -> None:
    for exchange in Exchange:
        item = replace(CALL, exchange=exchange)
        assert placed(replace(limit(), instrument=item))["exchange"] == exchange


def test_an_order_that_ended_with_fewer_units_than_known_tells_how_many() -> None:
    names = replace(OURS, asked={"a1": replace(limit(), quantity=130)})
    row = order_row(status="COMPLETE", filled_quantity=65)

    update = order_update(row, names, NOW)

    assert (update.state, update.filled_quantity) == (S.FILLED, 65)
    assert update.request == limit()


def test_an_order_that_ended_as_known_tells_no_terms() -> None:
    names = replace(OURS, asked={"a1": limit()})

    update = order_update(order_row(status="COMPLETE", filled_quantity=65), names, NOW)

    assert update.request is None


def test_of_a_change_that_is_not_proven_the_book_tells_what_rests_even_as_believed() -> None:
    names = replace(OURS, requests={"a1": limit()}, doubted=frozenset({"a1"}))

    assert order_update(order_row(), names, NOW).request == limit()
    assert order_update(order_row(status="MODIFY PENDING"), names, NOW).request is None


@pytest.mark.parametrize("status", ["OPEN", "UPDATE", "MODIFIED"])
def test_a_row_that_shows_what_a_change_asks_for_tells_it(status: str) -> None:
    bigger = replace(limit(), quantity=130)
    names = replace(OURS, wanted={BROKER_ID: bigger})

    told = order_update(order_row(status=status, quantity=130), names, NOW)

    assert told.request == bigger


@pytest.mark.parametrize(
    ("broker_id", "status", "quantity"),
    [(BROKER_ID, "OPEN", 65), (BROKER_ID, "MODIFY PENDING", 130), ("another", "OPEN", 130)],
)
def test_a_row_that_shows_something_else_tells_nothing_of_a_change(
    broker_id: str, status: str, quantity: int
) -> None:
    names = replace(OURS, wanted={broker_id: replace(limit(), quantity=130)})

    assert order_update(order_row(status=status, quantity=quantity), names, NOW).request is None


@pytest.mark.parametrize("field", ["quantity", "price"])
def test_a_resting_order_without_size_or_price_is_named(field: str) -> None:
    names = replace(OURS, requests={"a1": limit(price="99.95")})

    with pytest.raises(RowError, match=f"^{field}: expected"):
        order_update(order_row(**{field: 0}), names, NOW)


@pytest.mark.parametrize(
    ("status", "quantity", "is_told"),
    [
        ("OPEN PENDING", 65, True),
        ("VALIDATION PENDING", 65, True),
        ("OPEN PENDING", 130, False),
        ("MODIFY PENDING", 65, False),
    ],
)
def test_an_order_that_has_not_got_there_rests_as_it_was_sent(
    status: str, quantity: int, is_told: bool
) -> None:
    names = replace(OURS, requests={"a1": limit()}, doubted={"a1"})

    told = order_update(order_row(status=status, quantity=quantity), names, NOW)

    assert told.request == (limit() if is_told else None)
