"""Session, funds, market data, margins and triggers of kitesim through Zerodha's own client."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import aiohttp
import pytest
import requests
from kiteconnect import KiteConnect, exceptions

from execution.kitesim.settings import Limits
from tests.contracts.kite.sim import CALL, FUTURE, INDEX, OPEN, SHARE, WING, Venue, venue


def leg(item, side, quantity=65, price=100.0, **fields):
    return {
        "exchange": str(item.exchange),
        "tradingsymbol": item.symbol,
        "transaction_type": side,
        "variety": "regular",
        "product": "NRML",
        "order_type": "LIMIT",
        "quantity": quantity,
        "price": price,
    } | fields


async def test_a_login_answers_with_a_session_and_a_request_token_works_once():
    async with venue() as opened:
        token, secret = opened.sim.request_token(), opened.sim.keys.api_secret
        session = await opened.call(opened.kite.generate_session, token, secret)

        assert session["login_time"] == datetime(2026, 11, 23, 9, 15, 1)
        assert session["access_token"] == opened.kite.access_token
        with pytest.raises(exceptions.TokenException):
            await opened.call(opened.kite.generate_session, token, secret)


async def test_a_wrong_secret_is_refused():
    async with venue() as opened:
        with pytest.raises(exceptions.TokenException, match="checksum") as caught:
            await opened.call(opened.kite.generate_session, opened.sim.request_token(), "wrong")

        assert caught.value.code == 403


async def test_a_wrong_or_missing_token_is_refused():
    async with venue() as opened:
        stranger = KiteConnect(opened.sim.keys.api_key, access_token="x", root=opened.sim.root)
        nobody = KiteConnect(opened.sim.keys.api_key, root=opened.sim.root)

        with pytest.raises(exceptions.TokenException) as caught:
            await opened.call(stranger.orders)
        with pytest.raises(exceptions.InputException, match="Missing"):
            await opened.call(nobody.orders)

        assert caught.value.code == 403
        stranger.reqsession.close()
        nobody.reqsession.close()


async def test_after_a_logout_nothing_works():
    async with venue() as opened:
        assert await opened.call(opened.kite.invalidate_access_token) is True

        with pytest.raises(exceptions.TokenException):
            await opened.call(opened.kite.profile)
        with pytest.raises(exceptions.TokenException):
            await opened.call(opened.kite.invalidate_access_token)


async def test_nobody_has_a_refresh_token():
    async with venue() as opened:
        with pytest.raises(exceptions.TokenException, match="refresh_token"):
            await opened.call(opened.kite.renew_access_token, "x", opened.sim.keys.api_secret)


async def test_the_login_page_sends_back_with_a_request_token_and_what_the_app_asked_for():
    async with venue(redirect_url="http://desk.test/back?a=1") as opened:
        page = f"{opened.sim.root}/connect/login"
        asked = {"v": "3", "api_key": opened.sim.keys.api_key, "redirect_params": "state=s1"}
        answer = await opened.call(requests.get, page, params=asked, allow_redirects=False)

        assert answer.status_code == 302
        back = answer.headers["Location"]
        assert back.startswith("http://desk.test/back?a=1&state=s1&action=login")
        token = back.rsplit("request_token=", 1)[1]
        await opened.call(opened.kite.generate_session, token, opened.sim.keys.api_secret)


async def test_profile_and_funds():
    async with venue() as opened:
        profile = await opened.call(opened.kite.profile)
        before = await opened.call(opened.kite.margins, "equity")
        await opened.place(FUTURE, price=26000)
        after = (await opened.call(opened.kite.margins))["equity"]

        assert profile["user_id"] == opened.sim.keys.user_id
        assert before["net"] == before["available"]["cash"]
        assert after["net"] < before["net"]
        assert after["available"]["live_balance"] == after["net"]
        with pytest.raises(exceptions.InputException):
            await opened.call(opened.kite.margins, "crypto")


async def test_quotes_know_the_instruments_that_exist_and_leave_the_others_out():
    async with venue([{CALL: 101.0}]) as opened:
        await opened.step()
        quotes = await opened.call(opened.kite.quote, [CALL.key, INDEX.key, "NSE:GONE"])
        ohlc = await opened.call(opened.kite.ohlc, CALL.key)
        ltp = await opened.call(opened.kite.ltp, CALL.key)

        assert set(quotes) == {CALL.key, INDEX.key}
        assert quotes[CALL.key]["last_price"] == 101.0
        assert quotes[CALL.key]["timestamp"] == datetime(2026, 11, 23, 9, 15, 2)
        assert ohlc[CALL.key]["ohlc"]["high"] == 101.0
        assert ltp == {CALL.key: {"instrument_token": CALL.token, "last_price": 101.0}}


@pytest.mark.parametrize(("call", "most"), [("quote", 500), ("ohlc", 1000), ("ltp", 1000)])
async def test_too_many_instruments_in_one_call_are_refused(call, most):
    async with venue() as opened:
        keys = [f"NSE:S{number}" for number in range(most + 1)]
        with pytest.raises(exceptions.InputException, match=f"Maximum {most}"):
            await opened.call(getattr(opened.kite, call), keys)
        assert await opened.call(getattr(opened.kite, call), keys[1:]) == {}


async def test_candles_of_the_day():
    async with venue([{CALL: 101.0}, {CALL: 99.0}]) as opened:
        await opened.step(2)
        end = OPEN + timedelta(minutes=5)
        times = (OPEN.strftime("%Y-%m-%d %H:%M:%S"), end.strftime("%Y-%m-%d %H:%M:%S"))
        [candle] = await opened.call(
            opened.kite.historical_data, CALL.token, *times, "minute", oi=True
        )

        told = {name: candle[name] for name in ("open", "high", "low", "close")}
        assert candle["date"] == OPEN
        assert told == {"open": 100.0, "high": 101.0, "low": 99.0, "close": 99.0}
        assert set(candle) == {"date", *told, "volume", "oi"}


@pytest.mark.parametrize(
    ("token", "days", "interval"),
    [
        (CALL.token, 61, "minute"),
        (CALL.token, 1, "2minute"),
        (1, 1, "day"),
        (CALL.token, -1, "day"),
    ],
)
async def test_candles_that_may_not_be_asked_for_are_refused(token, days, interval):
    async with venue() as opened:
        start, end = datetime(2026, 9, 1), datetime(2026, 9, 1) + timedelta(days=days)

        with pytest.raises(exceptions.InputException):
            await opened.call(opened.kite.historical_data, token, start, end, interval)


async def test_the_instruments_file_needs_no_login_and_is_compressed():
    async with venue() as opened:
        told = await opened.call(opened.kite.instruments)
        options = await opened.call(opened.kite.instruments, "NFO")
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{opened.sim.root}/instruments") as answer,
        ):
            encoding = answer.headers["Content-Encoding"]

        assert [row["tradingsymbol"] for row in told] == [
            item.symbol for item in (CALL, WING, FUTURE, SHARE, INDEX)
        ]
        assert [row["expiry"] for row in options] == [date(2026, 12, 29)] * 3
        assert (answer.status, encoding) == (200, "gzip")


async def test_trigger_ranges_are_the_circuit_limits():
    async with venue() as opened:
        told = await opened.call(opened.kite.trigger_range, "BUY", SHARE.key)

        assert told[SHARE.key] == {"instrument_token": SHARE.token, "lower": 1350, "upper": 1650}


async def test_a_hedge_lowers_the_margin_and_the_credit_is_netted():
    async with venue() as opened:
        orders = [leg(CALL, "SELL"), leg(WING, "BUY", price=40.0)]
        alone = await opened.call(opened.kite.order_margins, orders)
        basket = await opened.call(opened.kite.basket_order_margins, orders)
        compact = await opened.call(opened.kite.basket_order_margins, orders, mode="compact")

        assert basket["initial"]["total"] == pytest.approx(sum(line["total"] for line in alone))
        assert basket["final"]["span"] == 200 * 65
        assert basket["final"]["option_premium"] == (40 - 100) * 65
        assert basket["final"]["total"] < basket["initial"]["total"]
        assert compact == basket | {"orders": []}


async def test_what_is_held_hedges_a_basket_unless_it_is_left_out():
    async with venue() as opened:
        await opened.place(WING, market_protection=-1, product="NRML")
        await opened.step()

        [held, bare] = [
            await opened.call(opened.kite.basket_order_margins, [leg(CALL, "SELL")], considered)
            for considered in (True, False)
        ]

        assert held["final"]["span"] == 200 * 65
        assert bare["final"]["span"] > held["final"]["span"]


async def test_charges_add_up_and_gst_is_eighteen_percent_of_its_base():
    async with venue() as opened:
        sold = leg(CALL, "SELL", order_id="1", average_price=100.0)
        [note] = await opened.call(opened.kite.get_virtual_contract_note, [sold])
        charges = note["charges"]

        named = ("transaction_tax", "exchange_turnover_charge", "sebi_turnover_charge")
        lines = [charges[name] for name in (*named, "brokerage", "stamp_duty")]
        assert charges["total"] == pytest.approx(sum(lines) + charges["gst"]["total"])
        assert charges["brokerage"] == 20
        assert charges["transaction_tax_type"] == "stt"


async def test_a_trigger_is_set_changed_fired_and_its_order_kept():
    async with venue([{SHARE: 1490.0}]) as opened:
        order = leg(SHARE, "BUY", 2, 1500.0, product="CNC")
        gtt = (SHARE.symbol, "NSE", [1400.0], 1500.0, [order])
        number = (await opened.call(opened.kite.place_gtt, "single", *gtt))["trigger_id"]
        again = (SHARE.symbol, "NSE", [1495.0], 1500.0, [order])
        changed = await opened.call(opened.kite.modify_gtt, number, "single", *again)
        waiting = await opened.call(opened.kite.get_gtt, number)
        await opened.step()
        fired = await opened.call(opened.kite.get_gtt, number)
        [placed] = await opened.call(opened.kite.orders)

        assert changed["trigger_id"] == number
        assert (waiting["status"], fired["status"]) == ("active", "triggered")
        result = fired["orders"][0]["result"]["order_result"]
        assert result == {
            "status": "success",
            "order_id": placed["order_id"],
            "rejection_reason": "",
        }


async def test_a_trigger_of_two_legs_fires_one_and_a_deleted_one_none():
    async with venue([{SHARE: 1600.0}]) as opened:
        orders = [leg(SHARE, "SELL", 2, price, product="CNC") for price in (1400.0, 1590.0)]
        gtt = (SHARE.symbol, "NSE", [1400.0, 1590.0], 1500.0, orders)
        first, second = [
            (await opened.call(opened.kite.place_gtt, "two-leg", *gtt))["trigger_id"]
            for _ in range(2)
        ]
        await opened.call(opened.kite.delete_gtt, second)
        await opened.step()
        told = {told["id"]: told for told in await opened.call(opened.kite.get_gtts)}

        assert told[second]["status"] == "deleted"
        assert [order["result"] is None for order in told[first]["orders"]] == [True, False]
        with pytest.raises(exceptions.InputException, match="deleted"):
            await opened.call(opened.kite.delete_gtt, second)


async def test_intraday_triggers_and_unknown_ones_are_refused():
    async with venue() as opened:
        order = leg(SHARE, "BUY", 2, 1500.0, product="MIS")

        with pytest.raises(exceptions.InputException, match="product"):
            await opened.call(
                opened.kite.place_gtt, "single", "INFY", "NSE", [1400.0], 1500.0, [order]
            )
        with pytest.raises(exceptions.GeneralException, match="not found"):
            await opened.call(opened.kite.get_gtt, 1)


async def test_a_route_that_is_not_there_is_an_error_in_the_envelope():
    async with venue() as opened:
        with pytest.raises(exceptions.GeneralException, match="Route not found") as caught:
            await opened.call(opened.kite.mf_orders)

        assert caught.value.code == 404


class Clock:
    """Seconds that stand still until they are moved."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_the_second_quote_in_a_second_is_too_many(clock):
    async with venue(seconds=clock) as opened:
        await opened.call(opened.kite.ltp, CALL.key)
        with pytest.raises(exceptions.NetworkException, match="Too many requests") as caught:
            await opened.call(opened.kite.ohlc, CALL.key)
        clock.at = 1.0
        await opened.call(opened.kite.quote, CALL.key)

        assert caught.value.code == 429


async def test_orders_have_limits_a_second_a_minute_and_a_day(clock):
    limits = replace(Limits.newest(), orders_a_second=3, orders_a_minute=4, orders_a_day=5)
    async with venue(seconds=clock, limits=limits) as opened:
        told = []
        for second in (0, 0, 0, 0, 2, 2, 70, 70):
            clock.at = float(second)
            told.append(await _is_taken(opened))

        assert told == [True, True, True, False, True, False, True, False]


async def _is_taken(opened: Venue) -> bool:
    try:
        await opened.place(price=90)
    except exceptions.NetworkException as error:
        return error.code != 429
    return True
