"""One call to Kite: its turn, the fence, its line, and what its failure leaves behind."""

from __future__ import annotations

import pytest
from kiteconnect.exceptions import NetworkException, OrderException, TokenException
from structlog.testing import capture_logs

from execution.broker import NotNow, OutcomeUnknown, Refused, SessionExpired
from execution.kite.asking import Insistence
from execution.kite.calls import Around, KiteCalls
from execution.kite.errors import TooManyRequests
from execution.kite.lanes import Line, NoAnswer, NotSent
from marketdata.clock import EventClock
from marketdata.pacing import NEVER, Call, Lane, OverBudget
from tests.contracts.kite.desk import NOW, FreePacer, no_pause
from tests.unit.execution.kite.at_once import Desk

DEAD = TokenException("Token is invalid or has expired.", code=403)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def calls(desk: Desk) -> KiteCalls:
    around = Around(
        lanes=desk,  # type: ignore[arg-type] # the same calls without threads
        pacer=desk,
        clock=desk.clock,
        instrument=lambda _: None,
        pause=no_pause,
        fence=lambda: desk.happened.append(("fence",)),
    )
    return KiteCalls(around, Insistence(tries=3))


@pytest.mark.parametrize(("lane", "line"), [(Lane.URGENT, Line.EXITS), (Lane.NORMAL, Line.ENTRIES)])
@pytest.mark.parametrize("call", [Call.PLACE, Call.MODIFY, Call.CANCEL])
async def test_an_order_call_waits_its_turn_then_asks_the_fence_then_takes_its_line(
    desk: Desk, calls: KiteCalls, call: Call, lane: Lane, line: Line
) -> None:
    assert await calls.send((call, lane, "B1"), lambda _: "told") == "told"

    assert desk.happened == [("turn", call, lane, "B1"), ("fence",), ("line", line)]


async def test_reads_ask_no_fence_and_have_a_line_of_their_own(
    desk: Desk, calls: KiteCalls
) -> None:
    assert await calls.ask(lambda _: "told") == "told"
    assert await calls.seek(lambda _: "found") == "found"
    assert await calls.ask(lambda _: "calm", Lane.NORMAL) == "calm"

    assert desk.happened == [
        ("turn", Call.OTHER, Lane.URGENT, ""),
        ("line", Line.READS),
        ("turn", Call.OTHER, Lane.URGENT, ""),
        ("line", Line.READS),
        ("turn", Call.OTHER, Lane.NORMAL, ""),
        ("line", Line.READS),
    ]


async def test_a_fence_that_raises_keeps_the_call_from_being_made(desk: Desk) -> None:
    def fence() -> None:
        raise LookupError("the lease is another's")

    around = Around(desk, desk, desk.clock, lambda _: None, no_pause, fence)  # type: ignore[arg-type]

    with pytest.raises(LookupError):
        await KiteCalls(around, Insistence()).send((Call.PLACE, Lane.URGENT, ""), lambda _: "")
    assert [each[0] for each in desk.happened] == ["turn"]


async def test_without_a_fence_every_process_may_send(desk: Desk) -> None:
    around = Around(desk, FreePacer(), EventClock(NOW), lambda _: None, no_pause)  # type: ignore[arg-type]

    told = await KiteCalls(around, Insistence()).send((Call.PLACE, Lane.URGENT, ""), lambda _: "1")

    assert told == "1"


async def test_an_order_call_that_gets_no_turn_was_not_sent_and_may_be_asked_again(
    desk: Desk, calls: KiteCalls
) -> None:
    over = OverBudget("orders-minute", 12.0)

    def no_turn() -> None:
        raise over

    desk.on_turn = no_turn

    with pytest.raises(NotNow) as refused:
        await calls.send((Call.PLACE, Lane.NORMAL, ""), lambda _: "told")

    assert str(refused.value) == f"Not sent: {over}."
    assert refused.value.__cause__ is over
    assert len(desk.happened) == 1


async def test_a_change_that_gets_no_turn_any_more_today_is_refused_for_good(
    desk: Desk, calls: KiteCalls
) -> None:
    over = OverBudget("modifications", NEVER)

    def no_turn() -> None:
        raise over

    desk.on_turn = no_turn

    with pytest.raises(Refused) as refused:
        await calls.send((Call.MODIFY, Lane.URGENT, "1"), lambda _: "told")

    assert not isinstance(refused.value, NotNow)
    assert str(refused.value) == f"Not sent: {over}."
    assert len(desk.happened) == 1


async def test_what_comes_late_is_handed_on_for_order_calls_alone(
    desk: Desk, calls: KiteCalls
) -> None:
    def late(_: object) -> None: ...

    await calls.send((Call.PLACE, Lane.NORMAL, ""), lambda _: "told", late)
    await calls.read(lambda _: "told")

    assert desk.late == [late, None]


@pytest.mark.parametrize(
    ("failure", "kind", "words"),
    [
        (NotSent("no thread for exits in 1 s"), NotNow, "Not sent: no thread for exits in 1 s."),
        (NoAnswer("no answer in 1 s"), OutcomeUnknown, "no answer in 1 s"),
        (DEAD, SessionExpired, f"TokenException 403: {DEAD}"),
    ],
)
async def test_a_failure_proves_what_it_proves_holds_on_to_nothing_and_is_told(
    desk: Desk, calls: KiteCalls, failure: Exception, kind: type[Exception], words: str
) -> None:
    desk.failure = failure

    with capture_logs() as logs, pytest.raises(kind) as raised:
        await calls.send((Call.CANCEL, Lane.URGENT, ""), lambda _: "told")

    assert (type(raised.value), str(raised.value)) == (kind, words)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    assert desk.held == []
    assert logs == [
        {
            "event": "kite call failed",
            "log_level": "warning",
            "call": Call.CANCEL,
            "kind": kind.__name__,
            "told": words,
        }
    ]


@pytest.mark.parametrize("call", [Call.PLACE, Call.MODIFY, Call.CANCEL])
async def test_too_many_requests_hold_calls_of_that_kind(
    desk: Desk, calls: KiteCalls, call: Call
) -> None:
    desk.failure = NetworkException("Too many requests", code=429)

    with pytest.raises(TooManyRequests):
        await calls.send((call, Lane.NORMAL, ""), lambda _: "told")

    assert desk.held == [call]


async def test_too_many_reads_hold_reads(desk: Desk, calls: KiteCalls) -> None:
    desk.failure = NetworkException("Too many requests", code=429)

    with pytest.raises(TooManyRequests):
        await calls.ask(lambda _: "told")

    assert desk.held == [Call.OTHER]


async def test_a_read_is_made_as_often_as_it_is_told_to(desk: Desk, calls: KiteCalls) -> None:
    desk.failure = NetworkException("away", code=503)

    with pytest.raises(OutcomeUnknown):
        await calls.read(lambda _: "told")

    assert desk.happened.count(("line", Line.READS)) == 3


async def test_a_dead_session_is_found_by_a_read_too_and_ends_every_call(
    desk: Desk, calls: KiteCalls
) -> None:
    assert not calls.is_expired
    desk.failure = DEAD
    with pytest.raises(SessionExpired):
        await calls.read(lambda _: "told")
    desk.failure = None
    turns = len(desk.happened)

    assert calls.is_expired
    for call in (
        calls.send((Call.CANCEL, Lane.URGENT, ""), lambda _: "told"),
        calls.ask(lambda _: "told"),
        calls.read(lambda _: "told"),
        calls.turn_to_read(Lane.URGENT),
    ):
        with pytest.raises(SessionExpired, match="before a new login"):
            await call
    assert len(desk.happened) == turns


async def test_a_new_login_reaches_every_line_and_lets_calls_out_again(
    desk: Desk, calls: KiteCalls
) -> None:
    desk.failure = DEAD
    with pytest.raises(SessionExpired):
        await calls.ask(lambda _: "told")
    desk.failure = None

    calls.renew("fresh")

    assert desk.tokens == ["fresh"]
    assert calls.is_expired is False
    assert await calls.ask(lambda _: "told") == "told"


async def test_other_failures_than_kites_are_faults_of_ours_and_come_out_as_they_are(
    desk: Desk, calls: KiteCalls
) -> None:
    desk.failure = ZeroDivisionError("a bug")

    with capture_logs() as logs, pytest.raises(ZeroDivisionError):
        await calls.send((Call.PLACE, Lane.NORMAL, ""), lambda _: "told")

    assert logs == []


async def test_an_order_exception_refuses_a_change_and_proves_nothing_of_a_placement(
    desk: Desk, calls: KiteCalls
) -> None:
    desk.failure = OrderException("could not be done", code=400)

    with pytest.raises(OutcomeUnknown):
        await calls.send((Call.PLACE, Lane.NORMAL, ""), lambda _: "told")
    for call in (Call.MODIFY, Call.CANCEL):
        with pytest.raises(Refused):
            await calls.send((call, Lane.NORMAL, ""), lambda _: "told")
    with pytest.raises(OutcomeUnknown):
        await calls.ask(lambda _: "told")
