"""What is asked again, what is not, and what a failed read is told as."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import pytest
from kiteconnect import exceptions as kite

from marketdata.kite.answers import UnreadableAnswer
from marketdata.kite.client import Client, RestLogin, Unreachable
from marketdata.kite.reads import Patience, Reads
from marketdata.pacing import Call, Lane, OverBudget
from marketdata.sources import LoginWanted, SourceFailed


class Turns:
    """A pacer that remembers, and that is over budget as often as it is told."""

    def __init__(self) -> None:
        self.taken: list[tuple[Call, Lane]] = []
        self.held: list[Call] = []
        self.refusals = 0

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        if self.refusals:
            self.refusals -= 1
            raise OverBudget("quotes", 3.0)
        self.taken.append((call, lane))

    def hold(self, call: Call) -> None:
        self.held.append(call)


class Desk:
    """Readers whose answers are made up, and the pauses they took."""

    def __init__(self, *answers: object, tries: int = 3) -> None:
        self.turns, self.pauses = Turns(), list[float]()
        self.answers = deque(answers)
        client = Client(RestLogin("key", "verysecret"))
        self.reads = Reads(client, self.turns, self._pause, Patience(tries, 1.0))

    async def ask(self) -> object:
        return await self.reads.ask(Call.QUOTE, self._answer())

    def _answer(self) -> Callable[[Client], object]:
        def read(_client: Client) -> object:
            answer = self.answers.popleft()
            if isinstance(answer, Exception):
                raise answer
            return answer

        return read

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)


async def test_a_read_takes_its_turn_among_normal_calls() -> None:
    desk = Desk("told")

    assert await desk.ask() == "told"
    assert desk.turns.taken == [(Call.QUOTE, Lane.NORMAL)]
    assert not desk.pauses


@pytest.mark.parametrize(
    "failure",
    [
        Unreachable("ReadTimeout"),
        UnreadableAnswer(502, "neither JSON nor a CSV file"),
        kite.NetworkException("busy", code=503),
        kite.DataException("odd", code=502),
        kite.GeneralException("who knows", code=500),
    ],
)
async def test_what_may_pass_is_asked_again_after_growing_pauses(failure: Exception) -> None:
    desk = Desk(failure, failure, "told")

    assert await desk.ask() == "told"
    assert desk.pauses == [1.0, 2.0]


async def test_after_the_last_try_the_failure_is_told() -> None:
    desk = Desk(*[Unreachable("ReadTimeout")] * 3)

    with pytest.raises(SourceFailed, match="ReadTimeout"):
        await desk.ask()


async def test_too_many_requests_hold_the_calls_of_their_kind() -> None:
    desk = Desk(kite.NetworkException("Too many requests", code=429), "told")

    assert await desk.ask() == "told"
    assert desk.turns.held == [Call.QUOTE]


async def test_a_spent_budget_counts_as_a_try() -> None:
    desk = Desk("told")
    desk.turns.refusals = 1
    assert await desk.ask() == "told"

    desk.turns.refusals = 3
    with pytest.raises(SourceFailed, match="rate budget quotes"):
        await desk.ask()


@pytest.mark.parametrize(
    "failure",
    [
        kite.TokenException("Incorrect `api_key` or `access_token`.", code=403),
        kite.InputException("Missing access_token", code=400),
    ],
)
async def test_a_dead_session_is_not_asked_again(failure: Exception) -> None:
    desk = Desk(failure, "told")

    with pytest.raises(LoginWanted):
        await desk.ask()
    assert len(desk.answers) == 1


@pytest.mark.parametrize(
    "failure",
    [
        kite.InputException("Invalid `interval`.", code=400),
        kite.PermissionException("No market data in this plan.", code=403),
    ],
)
async def test_a_plain_no_is_not_asked_again(failure: Exception) -> None:
    desk = Desk(failure, "told")

    with pytest.raises(SourceFailed) as told:
        await desk.ask()
    assert not isinstance(told.value, LoginWanted)
    assert str(failure) in str(told.value)
    assert len(desk.answers) == 1


async def test_a_failure_holds_on_to_nothing_of_the_call() -> None:
    desk = Desk(*[kite.GeneralException("odd", code=500)] * 3)

    with pytest.raises(SourceFailed) as told:
        await desk.ask()
    assert told.value.__cause__ is None
    assert "verysecret" not in f"{told.value!r} {told.value.__context__!r}"


def test_at_least_one_try_is_needed() -> None:
    with pytest.raises(ValueError, match="tries: 0"):
        Patience(tries=0)
