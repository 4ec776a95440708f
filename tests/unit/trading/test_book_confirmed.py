from __future__ import annotations

from datetime import timedelta

from execution.broker import OutcomeUnknown
from tests.unit.trading.test_live_venue import EMPTY, Bench, problems
from trading.engine.events import BOOK


async def test_a_book_that_goes_on_agreeing_is_told_every_twenty_seconds():
    bench = Bench()
    told = []
    for seconds in (0, 19, 1, 19, 2):
        bench.now += timedelta(seconds=seconds)
        told.append(problems(await bench.looks(EMPTY)))

    good = [(BOOK, True)]
    assert told == [[(BOOK, False), *good], [], good, [], good]


async def test_a_book_that_cannot_be_read_is_not_told_to_agree():
    bench = Bench()
    await bench.looks(EMPTY)
    bench.now += timedelta(seconds=30)

    assert problems(await bench.looks(OutcomeUnknown("503"))) == [(BOOK, False)]
