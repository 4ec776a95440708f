"""Scripted faults of kitesim as Zerodha's own client meets them, and the control endpoints."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, time

import aiohttp
import pytest
import requests
from kiteconnect import exceptions

from execution.kitesim.fault_script import as_document
from execution.kitesim.faults import FaultKind, FaultRule
from tests.contracts.kite.sim import CALL, SHARE, Venue, venue

K = FaultKind
PLACING = "POST /orders/*"


async def book(opened: Venue) -> list[str]:
    return [order["status"] for order in await opened.call(opened.kite.orders)]


async def test_an_order_is_accepted_and_its_answer_never_comes():
    rule = FaultRule(K.ACCEPT_THEN_TIMEOUT, subject=f"{PLACING} {CALL.key}", times=1)
    async with venue([], rule, timeout=2.0) as opened:
        with pytest.raises(requests.exceptions.ReadTimeout):
            await opened.place(price=90, tag="lost")

        [order] = await opened.call(opened.kite.orders)
        assert (order["tag"], order["status"]) == ("lost", "OPEN")


async def test_the_server_hangs_up_when_the_client_is_more_patient():
    rule = FaultRule(K.ACCEPT_THEN_TIMEOUT, subject=PLACING, times=1, seconds=0.1)
    async with venue([], rule) as opened:
        with pytest.raises(requests.exceptions.ConnectionError):
            await opened.place(price=90)

        assert await book(opened) == ["OPEN"]


ERRORS = [
    (500, exceptions.GeneralException),
    (502, exceptions.DataException),
    (503, exceptions.NetworkException),
    (504, exceptions.NetworkException),
]


@pytest.mark.parametrize(("code", "error"), ERRORS)
@pytest.mark.parametrize(
    ("kind", "expected"), [(K.ACCEPT_THEN_ERROR, ["OPEN"]), (K.ERROR_BEFORE, [])]
)
async def test_an_error_says_nothing_of_what_was_done(kind, expected, code, error):
    rule = FaultRule(kind, subject=PLACING, times=1, code=code)
    async with venue([], rule) as opened:
        with pytest.raises(error) as caught:
            await opened.place(price=90)

        assert caught.value.code == code
        assert await book(opened) == expected


@pytest.mark.parametrize("kind", [K.HTML_ANSWER, K.CUT_ANSWER])
async def test_an_answer_nobody_can_read_hides_an_accepted_order(kind):
    async with venue([], FaultRule(kind, subject=PLACING, times=1, code=502)) as opened:
        with pytest.raises(exceptions.DataException):
            await opened.place(price=90)

        assert await book(opened) == ["OPEN"]


async def test_an_answer_can_be_slow():
    rule = FaultRule(K.SLOW_ANSWER, subject="GET /orders", times=1, seconds=0.05)
    async with venue([], rule) as opened:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await opened.call(opened.kite.orders)

        assert loop.time() - began >= 0.05


async def test_a_call_can_be_one_too_many():
    async with venue([], FaultRule(K.TOO_MANY, subject=PLACING, times=1)) as opened:
        with pytest.raises(exceptions.NetworkException) as caught:
            await opened.place(price=90)

        assert caught.value.code == 429
        assert await book(opened) == []


async def test_one_request_makes_two_orders():
    async with venue([], FaultRule(K.ACCEPT_TWICE, times=1)) as opened:
        await opened.place(price=90, tag="twice")

        assert await book(opened) == ["OPEN", "OPEN"]


async def test_a_cancelled_order_fills():
    async with venue([], FaultRule(K.FILL_AFTER_CANCEL)) as opened:
        order_id = await opened.place(price=90)
        await opened.call(opened.kite.cancel_order, "regular", order_id)
        cancelled = await book(opened)
        await opened.step()

        assert (cancelled, await book(opened)) == (["CANCELLED"], ["COMPLETE"])


async def test_the_token_dies_in_mid_session():
    rule = FaultRule(K.TOKEN_DEATH, since=time(9, 15, 3), times=1)
    async with venue([], rule) as opened:
        await opened.call(opened.kite.profile)
        await opened.step(3)

        with pytest.raises(exceptions.TokenException):
            await opened.call(opened.kite.profile)
        await opened.call(
            opened.kite.generate_session, opened.sim.request_token(), opened.sim.keys.api_secret
        )
        assert await book(opened) == []


async def test_quotes_stand_still_and_move_on():
    rule = FaultRule(K.STALE_QUOTES, until=time(9, 15, 4), subject="NFO:*")
    moves = [{CALL: 100.0 + step, SHARE: 1500.0 + step} for step in range(1, 6)]
    async with venue(moves, rule) as opened:
        told = []
        for _ in range(4):
            quotes = await opened.call(opened.kite.ltp, [CALL.key, SHARE.key])
            told.append((quotes[CALL.key]["last_price"], quotes[SHARE.key]["last_price"]))
            await opened.step()

        assert told == [(100.0, 1500.0), (100.0, 1501.0), (100.0, 1502.0), (103.0, 1503.0)]


async def test_the_broker_s_clock_is_off():
    async with venue([], FaultRule(K.CLOCK_SKEW, seconds=120)) as opened:
        await opened.place(price=90)
        [order] = await opened.call(opened.kite.orders)

        assert order["order_timestamp"] == datetime(2026, 11, 23, 9, 17, 1)


@pytest.mark.parametrize("kind", [K.CSV_EMPTY, K.CSV_SHORT, K.CSV_GARBLED])
async def test_the_instruments_file_goes_wrong_for_one_exchange(kind):
    async with venue([], FaultRule(kind, subject="NFO")) as opened:
        whole = await fetched(opened, "/instruments/NSE")
        broken = await fetched(opened, "/instruments/NFO")
        good = opened.sim.backend.market.instruments_csv("NFO")

        assert whole == opened.sim.backend.market.instruments_csv("NSE")
        assert broken != good
        assert (broken == b"") == (kind is K.CSV_EMPTY)


async def fetched(opened: Venue, path: str) -> bytes:
    async with aiohttp.ClientSession() as client, client.get(opened.sim.root + path) as answer:
        return await answer.read()


async def control(opened: Venue, method: str, path: str, **more: object) -> dict:
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, f"{opened.sim.root}/sim/{path}", **more) as answer,
    ):
        return await answer.json() | {"code": answer.status}


async def test_a_step_is_done_when_it_is_answered():
    async with venue([{CALL: 99.0}]) as opened:
        await opened.place(price=100)
        told = await control(opened, "POST", "step", params={"frames": "2"})

        assert told["data"] | {"now": ""} == {
            "now": "",
            "frames": 3,
            "has_ended": False,
            "orders": 1,
            "working": 0,
            "trades": 1,
            "connections": 0,
            "subscribed": 0,
            "has_session": True,
        }


async def test_the_last_step_ends_the_day_and_its_orders():
    async with venue() as opened:
        await opened.place(price=90)
        told = await control(opened, "POST", "step", params={"frames": "1000"})

        assert told["data"]["has_ended"] is True
        assert told["data"]["working"] == 0
        assert await book(opened) == ["CANCELLED"]


async def test_a_script_is_replaced_and_counts_what_struck():
    rule = FaultRule(K.TOO_MANY, subject="GET /orders", times=1)
    async with venue() as opened:
        answer = await control(opened, "POST", "faults", json={"faults": [as_document(rule)]})
        with pytest.raises(exceptions.NetworkException):
            await opened.call(opened.kite.orders)
        told = await control(opened, "GET", "faults")

        assert answer["data"] == {"rules": 1}
        assert told["data"] == [as_document(rule) | {"struck": 1}]


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("faults", {"data": "{"}),
        ("faults", {"data": json.dumps({"faults": [{"kind": "?"}]})}),
        ("step", {"params": {"frames": "0"}}),
        ("outage", {"params": {"seconds": "-1"}}),
        ("outage", {}),
    ],
)
async def test_a_control_call_that_makes_no_sense_is_refused(path, more):
    async with venue() as opened:
        assert (await control(opened, "POST", path, **more))["code"] == 400


async def test_a_person_logs_in_by_control():
    async with venue() as opened:
        token = (await control(opened, "POST", "login"))["data"]["request_token"]
        secret = opened.sim.keys.api_secret

        assert await opened.call(opened.kite.generate_session, token, secret)


async def test_an_outage_by_control_ends_by_itself():
    async with venue() as opened:
        answer = await control(opened, "POST", "outage", params={"seconds": "2"})
        seen = set()
        for _ in range(1_200):
            seen.add(await _is_up(opened))
            if len(seen) == 2 and await _is_up(opened):
                break
            await asyncio.sleep(0.05)

        assert answer["code"] == 200
        assert seen == {True, False}
        assert await book(opened) == []


async def _is_up(opened: Venue) -> bool:
    try:
        return (await control(opened, "GET", "state"))["code"] == 200
    except aiohttp.ClientError:
        return False
