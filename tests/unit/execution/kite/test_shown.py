from __future__ import annotations

import asyncio

import pytest

from execution.broker import Refused
from execution.kite.shown import Shown


async def answers(answer: str | Exception, gate: asyncio.Event) -> str:
    await gate.wait()
    if isinstance(answer, Exception):
        raise answer
    return answer


def opened() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


async def test_an_answer_is_returned() -> None:
    assert await Shown().first("S1", answers("B1", opened())) == "B1"


async def test_a_refusal_is_raised() -> None:
    with pytest.raises(Refused):
        await Shown().first("S1", answers(Refused("no"), opened()))


async def test_what_is_shown_needs_no_answer_any_more() -> None:
    shown, gate = Shown(), asyncio.Event()
    call = asyncio.create_task(shown.first("S1", answers("B1", gate)))
    await asyncio.sleep(0)

    shown.show("S1")

    assert await call is None


async def test_a_failure_after_it_was_shown_is_of_no_interest() -> None:
    shown, gate = Shown(), asyncio.Event()
    call = asyncio.create_task(shown.first("S1", answers(Refused("late"), gate)))
    await asyncio.sleep(0)
    shown.show("S1")
    await call

    gate.set()
    for _ in range(5):
        await asyncio.sleep(0)

    assert await shown.first("S1", answers("B2", opened())) == "B2"


async def test_what_is_shown_of_another_order_answers_nothing() -> None:
    shown, gate = Shown(), asyncio.Event()
    call = asyncio.create_task(shown.first("S1", answers("B1", gate)))
    await asyncio.sleep(0)

    shown.show("S2")
    gate.set()

    assert await call == "B1"


async def test_a_call_ends_with_whoever_waits_for_it() -> None:
    shown, gate = Shown(), asyncio.Event()
    call = asyncio.create_task(shown.first("S1", answers("B1", gate)))
    await asyncio.sleep(0)

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
