from __future__ import annotations

import asyncio

import pytest

from execution.broker import OutcomeUnknown, SessionExpired
from execution.kite.asking import Insistence, first_answer

SOON = Insistence(tries=3, again_seconds=0.001, pause_seconds=0.0)


class Scripted:
    """Answers in turn; an event is waited for and then answered with `late`."""

    def __init__(self, *answers: str | Exception | asyncio.Event) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self) -> str:
        answer = self.answers[self.asked]
        self.asked += 1
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            return "late"
        if isinstance(answer, Exception):
            raise answer
        return answer


async def no_pause(seconds: float) -> None:
    del seconds


async def test_a_good_answer_is_asked_for_once() -> None:
    ask = Scripted("good")

    assert await first_answer(ask, Insistence(), no_pause) == "good"
    assert ask.asked == 1


async def test_a_failing_answer_is_asked_for_again() -> None:
    ask = Scripted(OutcomeUnknown("502"), OutcomeUnknown("429"), "good")

    assert await first_answer(ask, SOON, no_pause) == "good"


async def test_an_answer_that_does_not_come_is_overtaken_by_a_second_one() -> None:
    ask = Scripted(asyncio.Event(), "good")

    assert await first_answer(ask, SOON, no_pause) == "good"
    assert ask.asked == 2


async def test_when_every_try_fails_nothing_is_proven() -> None:
    ask = Scripted(*(OutcomeUnknown(f"{number}") for number in range(3)))

    with pytest.raises(OutcomeUnknown, match="2"):
        await first_answer(ask, SOON, no_pause)

    assert ask.asked == 3


async def test_a_session_that_has_ended_is_told_at_once() -> None:
    ask = Scripted(SessionExpired("login"), "good")

    with pytest.raises(SessionExpired):
        await first_answer(ask, SOON, no_pause)

    assert ask.asked == 1


def test_no_try_is_too_few() -> None:
    with pytest.raises(ValueError, match="tries"):
        Insistence(tries=0)


async def test_a_single_try_is_enough_to_ask_and_is_waited_for_to_its_end() -> None:
    slow, once = asyncio.Event(), Insistence(tries=1, again_seconds=0.001)
    ask = Scripted(slow)
    asyncio.get_running_loop().call_later(0.02, slow.set)

    assert await first_answer(ask, once, no_pause) == "late"
    assert ask.asked == 1


async def test_before_each_further_try_after_a_failure_it_pauses_as_long_as_it_is_told() -> None:
    pauses: list[float] = []
    ask = Scripted(OutcomeUnknown("1"), OutcomeUnknown("2"), OutcomeUnknown("3"))

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    with pytest.raises(OutcomeUnknown):
        await first_answer(ask, Insistence(tries=3, pause_seconds=0.25), pause)

    assert pauses == [0.25, 0.25]


async def test_of_tries_under_way_the_first_good_answer_is_taken_and_the_others_given_up() -> None:
    never, pauses = asyncio.Event(), list[float]()
    ask = Scripted(never, never, "good")

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async with asyncio.timeout(60):
        assert await first_answer(ask, SOON, pause) == "good"
    assert (ask.asked, pauses) == (3, [])
