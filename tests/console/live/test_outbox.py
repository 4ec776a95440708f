from __future__ import annotations

import asyncio

import pytest

from backoffice.live.outbox import CAPACITY, Outbox, SlowReaderError


async def test_messages_are_sent_in_the_order_they_were_put_in():
    sent: list[str] = []
    done = asyncio.Event()

    async def send(text: str) -> None:
        sent.append(text)
        if len(sent) == 3:
            done.set()

    outbox = Outbox(send)
    outbox.start()
    for text in ("one", "two", "three"):
        outbox.put(text)
    await done.wait()
    outbox.cancel()

    assert sent == ["one", "two", "three"]


async def test_a_reader_who_reads_nothing_is_told_slow_and_never_waited_for():
    async def never(_: str) -> None:
        await asyncio.Event().wait()

    outbox = Outbox(never)
    for number in range(CAPACITY):
        outbox.put(str(number))

    with pytest.raises(SlowReaderError):
        outbox.put("one too many")


async def test_a_reader_who_has_gone_away_ends_the_sending_without_a_fault():
    async def gone(_: str) -> None:
        raise ConnectionResetError

    outbox = Outbox(gone)
    outbox.start()
    outbox.put("to nobody")
    task = outbox._task
    assert task is not None

    await task

    assert task.exception() is None
