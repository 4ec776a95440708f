from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from execution.broker import NotNow, OutcomeUnknown, Refused, SessionExpired
from execution.kite.broker import KiteBroker
from execution.kite.errors import TooManyRequests
from execution.orders import OrderChange, OrderState, OrderUpdate
from marketdata.pacing import Call
from tests.contracts.kite.desk import (
    BROKER_ID,
    NOW,
    TOKEN,
    D,
    FreePacer,
    desk,
    limit,
    order_row,
    position_row,
    stop,
    trade_row,
)
from tests.contracts.kite.scripted_kite import (
    Reply,
    ScriptedKite,
    error,
    raw,
    scripted_kite,
    success,
)

PLACE = "POST /orders/regular"
CANCEL = f"DELETE /orders/regular/{BROKER_ID}"
MODIFY = f"PUT /orders/regular/{BROKER_ID}"
PLACED = success({"order_id": BROKER_ID})
HTML = b"<html><body>Bad gateway</body></html>"
REDIRECT = raw(307, b"", None, "location: /orders/again")

UNPROVEN = {
    "no answer": Reply(b"", held=True),
    "closed": Reply(None),
    "cut short": Reply(PLACED.said[:-5]),
    "a longer length than told": raw(200, b'{"status":', "application/json"),
    "not HTTP": Reply(b"\x00\xff garbage\r\n\r\n"),
    "html of a proxy": raw(502, HTML, "text/html"),
    "html with 200": raw(200, HTML, "text/html"),
    "html of a wall": raw(403, HTML, "text/html"),
    "no content type": raw(200, b'{"status":"success","data":{"order_id":"1"}}', None),
    "redirect": REDIRECT,
    "garbled JSON": raw(200, b'{"status":"success","data":{"order_id":'),
    "JSON that is no envelope": raw(200, b'["success"]'),
    "deep JSON": raw(200, b"[" * 200_000),
    "not a number": raw(200, b'{"status":"success","data":{"order_id":NaN}}'),
    "bytes that are no text": raw(200, b'{"status":"success","data":{"order_id":"\xff"}}'),
    "success without data": raw(200, b'{"status":"success"}'),
    "success with 500": success({"order_id": BROKER_ID}, 500),
    "no order id": success({}),
    "order id as number": success({"order_id": 261123000000001}),
    "order id with a path": success({"order_id": "1/../2"}),
    "error without a type": raw(400, b'{"status":"error","message":"no","data":null}'),
    "error without a message": raw(400, b'{"status":"error","error_type":"InputException"}'),
    "error with 200": error(200, "InputException", "no"),
    "a CSV file": raw(200, b"a,b", "text/csv"),
    "network": error(503, "NetworkException", "OMS is away"),
    "network with 400": error(400, "NetworkException", "OMS is away"),
    "data": error(502, "DataException", "unreadable"),
    "general": error(500, "GeneralException", "something"),
    "general with 400": error(400, "GeneralException", "something"),
    "unknown type": error(400, "SomethingNewException", "something"),
    "name that is no exception": error(400, "__name__", "something"),
    "order": error(500, "OrderException", "could not place"),
    "order with 400": error(400, "OrderException", "could not place"),
    "input with 500": error(500, "InputException", "no"),
    "timeout told": error(408, "InputException", "no"),
    "too many": error(429, "NetworkException", "Too many requests"),
    "too many in html": raw(429, HTML, "text/html"),
}

REFUSED = {
    "input": error(400, "InputException", "Invalid `price`."),
    "margin": error(400, "MarginException", "Insufficient funds. Required margin is 9."),
    "holding": error(400, "HoldingException", "Insufficient holdings."),
    "permission": error(403, "PermissionException", "IP is not allowed."),
    "user": error(403, "UserException", "Account is blocked."),
}

EXPIRED = {
    "token": error(403, "TokenException", "Incorrect `api_key` or `access_token`."),
    "token with 400": error(400, "TokenException", "Token is invalid or has expired."),
    "input about it": error(400, "InputException", "Missing `api_key` or `access_token`."),
}


@pytest.fixture
def kite() -> Iterator[ScriptedKite]:
    with scripted_kite() as server:
        server.will("GET /orders", success([]))
        server.will("GET /trades", success([]))
        server.will("GET /portfolio/positions", success({"net": [], "day": []}))
        yield server


@pytest.fixture
async def broker(kite: ScriptedKite) -> AsyncIterator[KiteBroker]:
    opened, _ = desk(kite.root, read_seconds=1.5)
    yield opened
    opened.close()


@pytest.mark.parametrize("reply", UNPROVEN.values(), ids=UNPROVEN.keys())
async def test_an_order_whose_answer_proves_nothing_is_unknown_and_never_sent_again(
    kite: ScriptedKite, broker: KiteBroker, reply: Reply
) -> None:
    kite.will(PLACE, reply)

    with pytest.raises(OutcomeUnknown):
        await broker.place(limit())
    with pytest.raises(OutcomeUnknown, match="sent before"):
        await broker.place(limit())

    assert len(kite.calls("POST")) == 1


@pytest.mark.parametrize("reply", REFUSED.values(), ids=REFUSED.keys())
async def test_an_order_that_kite_says_no_to_is_refused_and_may_be_sent_again(
    kite: ScriptedKite, broker: KiteBroker, reply: Reply
) -> None:
    kite.will(PLACE, reply, PLACED)

    with pytest.raises(Refused):
        await broker.place(limit())

    assert (await broker.place(limit())).broker_id == BROKER_ID


@pytest.mark.parametrize("reply", EXPIRED.values(), ids=EXPIRED.keys())
async def test_after_the_session_has_died_nothing_is_sent_until_a_new_login(
    kite: ScriptedKite, broker: KiteBroker, reply: Reply
) -> None:
    kite.will(PLACE, reply, PLACED)

    with pytest.raises(SessionExpired):
        await broker.place(limit())
    for call in (broker.place(limit()), broker.book()):
        with pytest.raises(SessionExpired):
            await call
    assert len(kite.asked) == 1
    broker.renew("fresh")

    assert (await broker.place(limit())).broker_id == BROKER_ID
    assert kite.asked[-1].headers["Authorization"] == "token key:fresh"


@pytest.mark.parametrize("reply", UNPROVEN.values(), ids=UNPROVEN.keys())
async def test_a_change_proves_nothing_by_the_same_answers(
    kite: ScriptedKite, broker: KiteBroker, reply: Reply
) -> None:
    kite.will(PLACE, PLACED)
    await broker.place(limit())
    kite.will(CANCEL, reply)
    is_refusal = reply is UNPROVEN["order with 400"]

    with pytest.raises(Refused if is_refusal else OutcomeUnknown):
        await broker.cancel("a1")

    assert len(kite.calls("DELETE")) == 1


async def test_an_answer_about_another_order_proves_nothing(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(PLACE, PLACED)
    await broker.place(limit())
    kite.will(MODIFY, success({"order_id": "999"}))

    with pytest.raises(OutcomeUnknown):
        await broker.modify("a1", OrderChange(price=D(99)))


async def test_a_refused_connection_is_not_taken_for_a_refusal(kite: ScriptedKite) -> None:
    broker, _ = desk("http://127.0.0.1:1")

    with pytest.raises(OutcomeUnknown):
        await broker.place(limit())
    broker.close()


async def test_an_order_accepted_without_an_answer_is_found_by_its_tag(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(PLACE, UNPROVEN["no answer"])
    with pytest.raises(OutcomeUnknown):
        await broker.place(limit())
    kite.will("GET /orders", success([order_row()]))

    [update] = (await broker.book()).orders
    again = await broker.place(limit())

    assert (update.client_id, update.broker_id) == ("a1", BROKER_ID)
    assert again.broker_id == BROKER_ID
    assert len(kite.calls("POST")) == 1


async def test_a_missing_order_is_proven_absent_only_once_it_can_no_longer_come(
    kite: ScriptedKite,
) -> None:
    broker, clock = desk(kite.root)
    kite.will(PLACE, UNPROVEN["html of a proxy"], PLACED)
    with pytest.raises(OutcomeUnknown):
        await broker.place(limit())

    at_once = await broker.book()
    clock.set(NOW + timedelta(seconds=2))
    later = await broker.book()

    assert (at_once.unsettled, later.unsettled) == ({"a1"}, frozenset())
    assert (await broker.place(limit())).broker_id == BROKER_ID
    broker.close()


async def test_too_many_requests_hold_the_normal_lane(kite: ScriptedKite) -> None:
    pacer = FreePacer()
    broker, _ = desk(kite.root, pacer=pacer)
    kite.will(PLACE, UNPROVEN["too many"])

    with pytest.raises(TooManyRequests):
        await broker.place(limit())

    assert pacer.held == [Call.PLACE]
    broker.close()


@pytest.mark.parametrize("reply", [UNPROVEN["too many"], UNPROVEN["html of a proxy"]])
async def test_reads_are_tried_again(kite: ScriptedKite, broker: KiteBroker, reply: Reply) -> None:
    kite.will("GET /orders", reply, reply, success([order_row()]))

    book = await broker.book()

    assert len(book.orders) == 1
    assert book.complete


@pytest.mark.parametrize("path", ["/orders", "/trades", "/portfolio/positions"])
@pytest.mark.parametrize("name", ["html of a proxy", "no order id", "input with 500"])
async def test_without_all_three_lists_there_is_no_book(
    kite: ScriptedKite, broker: KiteBroker, path: str, name: str
) -> None:
    kite.will(f"GET {path}", UNPROVEN[name])

    with pytest.raises(OutcomeUnknown):
        await broker.book()

    assert sum(asked.path == path for asked in kite.asked) == 5


async def test_a_row_that_cannot_be_read_makes_the_book_incomplete(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will("GET /orders", success([order_row(), order_row(order_id="2", status=None)]))

    book = await broker.book()

    assert (len(book.orders), book.complete) == (1, False)


async def test_an_unreadable_position_is_not_taken_for_none(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    net = [position_row("many")]
    kite.will("GET /portfolio/positions", success({"net": net, "day": []}))

    with pytest.raises(OutcomeUnknown, match="positions: quantity"):
        await broker.book()


async def test_an_answer_that_comes_after_all_is_remembered(kite: ScriptedKite) -> None:
    broker, _ = desk(kite.root, deadline=1.0)
    kite.will(PLACE, Reply(PLACED.said, held=True))
    with pytest.raises(OutcomeUnknown):
        await broker.place(limit())

    kite.end()
    async with asyncio.timeout(60):
        while (late := await once_more(broker)) is None:
            await asyncio.sleep(0.01)

    assert late.broker_id == BROKER_ID
    assert len(kite.calls("POST")) == 1
    broker.close()


async def once_more(broker: KiteBroker) -> OrderUpdate | None:
    """Ask for an order that was asked for before; None as long as its answer is still out."""
    try:
        return await broker.place(limit())
    except OutcomeUnknown:
        return None


async def test_exits_do_not_queue_behind_entries_that_hang(kite: ScriptedKite) -> None:
    broker, _ = desk(kite.root, deadline=2.0, read_seconds=30)
    kite.will(PLACE, UNPROVEN["no answer"])
    kite.will(f"{PLACE} s1", PLACED)
    entries = [broker.place(limit(f"a{number}")) for number in range(5)]

    *outcomes, placed = await asyncio.gather(*entries, broker.place(stop()), return_exceptions=True)

    kinds = [type(outcome) for outcome in outcomes]
    assert sorted(kinds, key=str) == [NotNow, *[OutcomeUnknown] * 4]
    assert getattr(placed, "broker_id", placed) == BROKER_ID
    assert len(kite.calls("POST")) == 5
    broker.close()


async def test_no_secret_is_in_any_log_text_or_exception(
    kite: ScriptedKite, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    replies = [
        *UNPROVEN.values(),
        *REFUSED.values(),
        *EXPIRED.values(),
        error(400, "InputException", f"token {TOKEN} is odd"),
        raw(500, f"<p>{TOKEN}</p>".encode(), "text/html"),
        raw(302, b"", None, f"location: http://127.0.0.1:1/{TOKEN}"),
    ]
    for number, reply in enumerate(replies):
        broker, _ = desk(kite.root, read_seconds=1.5)
        kite.will(PLACE, reply)
        try:
            await broker.place(limit(f"a{number}"))
        except (Refused, OutcomeUnknown, SessionExpired) as failure:
            seen += traceback.format_exception(failure)
            seen += [repr(link) for link in chain(failure)]
        seen.append(repr(broker))
        broker.close()

    told = capfd.readouterr()
    assert len(seen) > 2 * len(replies)
    assert TOKEN not in "".join([*seen, caplog.text, told.out, told.err])


def chain(failure: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and all that it holds on to."""
    while failure is not None:
        yield failure
        failure = failure.__cause__ or failure.__context__


async def test_a_message_claims_and_the_trades_prove(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(PLACE, PLACED)
    await broker.place(limit())
    kite.will(f"GET /orders/{BROKER_ID}/trades", success([trade_row()]))
    message = order_row(status="COMPLETE", filled_quantity=65)

    first, again = await broker.hear(message), await broker.hear(message)

    assert first is not None
    assert again is not None
    assert first.state is OrderState.FILLED
    assert [(fill.client_id, fill.quantity) for fill in first.fills] == [("a1", 65)]
    assert again.fills == ()


async def test_trades_that_cannot_be_had_leave_the_claim(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(f"GET /orders/{BROKER_ID}/trades", UNPROVEN["html of a proxy"])

    heard = await broker.hear(order_row(status="UPDATE", filled_quantity=20))

    assert heard is not None
    assert (heard.state, heard.filled_quantity, heard.fills) == (OrderState.PARTIAL, 20, ())


async def test_a_message_that_cannot_be_read_is_none(broker: KiteBroker) -> None:
    assert await broker.hear({"order_id": BROKER_ID}) is None
