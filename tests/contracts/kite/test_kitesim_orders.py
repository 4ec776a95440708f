"""Orders, trades and positions of kitesim through Zerodha's own client, over a real socket."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from kiteconnect import exceptions

from tests.contracts.kite.sim import CALL, FUTURE, INDEX, OPEN, SHARE, Venue, venue

WAY = ["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "OPEN PENDING", "OPEN"]


async def test_an_order_goes_its_way_and_fills():
    async with venue([{CALL: 99.0}]) as opened:
        order_id = await opened.place(price=100.05, tag="ours1")
        before = await opened.call(opened.kite.order_history, order_id)
        await opened.step()
        [order] = await opened.call(opened.kite.orders)
        trades = await opened.call(opened.kite.order_trades, order_id)

        assert [snapshot["status"] for snapshot in before] == WAY
        assert order_id.isdigit()
        assert len(order_id) == 15
        assert (order["status"], order["filled_quantity"], order["tag"]) == (
            "COMPLETE",
            65,
            "ours1",
        )
        assert order["order_timestamp"] == datetime(2026, 11, 23, 9, 15, 1)
        assert trades == await opened.call(opened.kite.trades)
        assert trades[0]["average_price"] == order["average_price"] == 99.0
        assert trades[0]["order_id"] == order_id
        assert trades[0]["fill_timestamp"] == datetime(2026, 11, 23, 9, 15, 2)


async def test_a_resting_order_is_modified_and_cancelled():
    async with venue() as opened:
        order_id = await opened.place(price=90)

        again = await opened.call(
            opened.kite.modify_order, "regular", order_id, price=91, quantity=130
        )
        modified = await opened.last_state(order_id)
        cancelled_id = await opened.call(opened.kite.cancel_order, "regular", order_id)
        cancelled = await opened.last_state(order_id)

        assert again == cancelled_id == order_id
        assert (modified["status"], modified["price"], modified["quantity"]) == ("OPEN", 91, 130)
        assert modified["modified"] is True
        assert (cancelled["status"], cancelled["cancelled_quantity"]) == ("CANCELLED", 130)


async def test_a_stop_waits_and_its_order_book_row_says_so():
    async with venue([{CALL: 94.0}]) as opened:
        order_id = await opened.place(
            transaction_type="SELL", order_type="SL", price=90, trigger_price=95
        )
        waiting = await opened.last_state(order_id)
        await opened.step()
        done = await opened.last_state(order_id)

        assert waiting["status"] == "TRIGGER PENDING"
        assert done["status"] == "COMPLETE"


async def test_a_sliced_order_has_children_with_the_parent_in_their_tags():
    async with venue(cash=10**9) as opened:
        answer = await opened.call(
            opened.kite.place_autoslice_order,
            "regular",
            "NFO",
            CALL.symbol,
            "BUY",
            1755 + 65,
            "MIS",
            "LIMIT",
            price=90,
            tag="big",
        )
        orders = await opened.call(opened.kite.orders)

        assert [child["order_id"] for child in answer["children"]] == [
            order["order_id"] for order in orders
        ]
        assert [order["quantity"] for order in orders] == [1755, 65]
        parent = answer["order_id"]
        assert all(order["tags"] == ["big", "autoslice", f"autoslice:{parent}"] for order in orders)


REFUSED = [
    (CALL, {"order_type": "MARKET"}, "without market protection are not allowed"),
    (CALL, {"price": 100.03}, "Tick size"),
    (CALL, {"price": 100, "quantity": 66}, "multiple of the lot size"),
    (CALL, {"order_type": "SL-M", "trigger_price": 105, "market_protection": 2}, "SL-M orders"),
    (CALL, {"price": 100, "tag": "x" * 21}, "tag"),
    (CALL, {"price": 100, "product": "CNC"}, "not allowed"),
    (CALL, {"price": 100, "order_type": "SL", "trigger_price": 99}, "Trigger price"),
    (CALL, {"price": 0, "order_type": "LIMIT"}, "Price is required"),
    (CALL, {"price": 100, "quantity": 0}, "quantity"),
    (CALL, {"price": 100, "order_type": "BEST"}, "order_type"),
    (CALL, {"price": 100, "variety": "amo"}, "variety"),
    (CALL, {"order_type": "MARKET", "market_protection": 101}, "market protection"),
    (INDEX, {"price": 100}, "expired or does not exist"),
]


@pytest.mark.parametrize(("item", "fields", "words"), REFUSED)
async def test_a_refusal_is_an_input_error_and_makes_no_order(item, fields, words):
    async with venue() as opened:
        with pytest.raises(exceptions.InputException, match=words) as caught:
            await opened.place(item, **fields)

        assert caught.value.code == 400
        assert await opened.call(opened.kite.orders) == []


REJECTED = [
    (CALL, {"price": 100, "quantity": 1820}, "freeze quantity 1800"),
    (CALL, {"price": 150}, "limit price protection"),
    (SHARE, {"price": 1700}, "upper circuit limit"),
    (FUTURE, {"price": 26000, "quantity": 1755}, "Insufficient funds"),
    (SHARE, {"price": 1500, "product": "CNC", "transaction_type": "SELL"}, "stock holding"),
]


@pytest.mark.parametrize(("item", "fields", "words"), REJECTED)
async def test_a_rejection_is_an_order_in_the_book(item, fields, words):
    async with venue() as opened:
        order_id = await opened.place(item, **fields)
        [order] = await opened.call(opened.kite.orders)

        assert order["order_id"] == order_id
        assert order["status"] == "REJECTED"
        assert words in order["status_message"]
        assert order["exchange_order_id"] is None


async def test_what_is_rejected_late_can_be_refused_at_once():
    async with venue(rejected_later=frozenset()) as opened:
        with pytest.raises(exceptions.GeneralException, match="Insufficient funds") as caught:
            await opened.place(FUTURE, price=26000, quantity=1755)

        assert caught.value.code == 400


async def test_the_26th_modification_is_refused():
    async with venue() as opened:
        order_id = await opened.place(price=90)
        for number in range(25):
            await opened.call(opened.kite.modify_order, "regular", order_id, price=80 + number % 2)

        with pytest.raises(exceptions.InputException, match="modifications exceeded"):
            await opened.call(opened.kite.modify_order, "regular", order_id, price=85)


async def test_a_change_to_market_needs_protection():
    async with venue() as opened:
        order_id = await opened.place(price=90)

        with pytest.raises(exceptions.InputException, match="without market protection"):
            await opened.call(opened.kite.modify_order, "regular", order_id, order_type="MARKET")
        await opened.call(
            opened.kite.modify_order, "regular", order_id, order_type="MARKET", market_protection=-1
        )
        await opened.step()

        assert (await opened.last_state(order_id))["status"] == "COMPLETE"


@pytest.mark.parametrize("call", ["modify_order", "cancel_order"])
async def test_an_order_that_is_done_or_unknown_cannot_be_changed(call):
    async with venue() as opened:
        order_id = await opened.place(price=101)
        await opened.step()

        for wanted, code in ((order_id, 400), ("123", 404)):
            with pytest.raises(exceptions.OrderException) as caught:
                await opened.call(getattr(opened.kite, call), "regular", wanted)
            assert caught.value.code == code


async def test_after_the_close_nothing_is_taken():
    async with venue(closes_at=OPEN + timedelta(seconds=1)) as opened:
        with pytest.raises(exceptions.InputException, match="Markets are closed"):
            await opened.place(price=100)


async def test_a_protected_market_order_can_rest_as_a_limit():
    async with venue(protects_market_orders=True) as opened:
        order_id = await opened.place(market_protection=2)
        order = await opened.last_state(order_id)

        assert (order["order_type"], order["price"], order["market_protection"]) == (
            "LIMIT",
            102,
            0,
        )
        assert order["tags"] == ["mktp", "mktp:2.00"]


async def test_positions_follow_from_trades_and_are_told_apart_by_product():
    async with venue([{CALL: 101.0}, {CALL: 104.0}]) as opened:
        await opened.place(market_protection=-1, quantity=130)
        await opened.step()
        await opened.place(
            market_protection=-1, transaction_type="SELL", product="NRML", quantity=65
        )
        await opened.step()
        told = await opened.call(opened.kite.positions)

        assert {row["product"]: row["quantity"] for row in told["net"]} == {"MIS": 130, "NRML": -65}
        assert told["net"] == told["day"]
        for row in told["net"]:
            value = row["sell_value"] - row["buy_value"]
            assert row["value"] == pytest.approx(value)
            marked = row["quantity"] * row["last_price"] * row["multiplier"]
            assert row["pnl"] == pytest.approx(value + marked)
            m2m = row["sell_m2m"] - row["buy_m2m"]
            assert row["m2m"] == pytest.approx(m2m + marked)


async def test_a_position_is_converted():
    async with venue() as opened:
        await opened.place(market_protection=-1)
        await opened.step()

        told = await opened.call(
            opened.kite.convert_position, "NFO", CALL.symbol, "BUY", "day", 65, "MIS", "NRML"
        )
        positions = await opened.call(opened.kite.positions)

        assert told is True
        assert {row["product"]: row["quantity"] for row in positions["net"]} == {"NRML": 65}
        with pytest.raises(exceptions.InputException, match="conversion"):
            await opened.call(
                opened.kite.convert_position, "NFO", CALL.symbol, "BUY", "day", 65, "MIS", "NRML"
            )
        with pytest.raises(exceptions.InputException, match="CNC product is not allowed"):
            await opened.call(
                opened.kite.convert_position, "NFO", CALL.symbol, "BUY", "day", 65, "NRML", "CNC"
            )


async def test_an_outage_leaves_the_books_as_they_were():
    async with venue() as opened:
        order_id = await opened.place(price=90)
        port = opened.sim.root

        await opened.sim.outage(0.01)

        assert opened.sim.root == port
        assert await _ids(opened) == [order_id]


async def _ids(opened: Venue) -> list[str]:
    return [order["order_id"] for order in await opened.call(opened.kite.orders)]
