from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from execution.kite.shared_read import SharedRead
from marketdata.calendar import IST

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=IST)


class Reads:
    """Answers with the number of the read; a failure where one is told."""

    def __init__(self) -> None:
        self.count = 0
        self.failure: Exception | None = None

    async def read(self) -> int:
        self.count += 1
        number = self.count
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return number


async def test_all_who_ask_at_once_share_one_read() -> None:
    reads, shared = Reads(), SharedRead[int](timedelta(seconds=1))

    answers = await asyncio.gather(*(shared.get(NOW, reads.read) for _ in range(5)))

    assert answers == [1] * 5


@pytest.mark.parametrize(("seconds", "answer"), [(0.5, 1), (1.0, 1), (1.001, 2)])
async def test_an_answer_is_good_for_a_second(seconds: float, answer: int) -> None:
    reads, shared = Reads(), SharedRead[int](timedelta(seconds=1))
    await shared.get(NOW, reads.read)

    assert await shared.get(NOW + timedelta(seconds=seconds), reads.read) == answer


async def test_a_failure_is_told_to_all_who_wait_and_not_kept() -> None:
    reads, shared = Reads(), SharedRead[int](timedelta(seconds=1))
    reads.failure = ValueError("away")

    told = await asyncio.gather(
        *(shared.get(NOW, reads.read) for _ in range(2)), return_exceptions=True
    )
    reads.failure = None

    assert [str(each) for each in told] == ["away", "away"]
    assert await shared.get(NOW, reads.read) == 2


async def test_one_who_is_cancelled_leaves_the_read_to_the_others() -> None:
    reads, shared = Reads(), SharedRead[int](timedelta(seconds=1))
    first = asyncio.ensure_future(shared.get(NOW, reads.read))
    second = asyncio.ensure_future(shared.get(NOW, reads.read))
    await asyncio.sleep(0)

    first.cancel()

    assert await second == 1
