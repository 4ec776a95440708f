"""What goes on beside a run on Kite's prices: both end together, whichever ends first."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from trading.kite_run import KiteRun


class Taped:
    """A desk with its tape, of which only the end counts."""

    desk = SimpleNamespace(runner=None)

    def __init__(self) -> None:
        self.has_ended = False

    async def end(self) -> None:
        self.has_ended = True


class Quiet:
    """A watch over logins that sees nothing."""

    def attend(self, desk: object) -> None:
        del desk


class Failing:
    """A watch over logins with a fault in it."""

    def attend(self, desk: object) -> None:
        raise ValueError("a fault")


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_run_that_is_over_ends_what_went_on_beside_it():
    taped = Taped()
    before = asyncio.all_tasks()

    async with KiteRun(taped, Quiet(), beside=(for_ever,)):
        await asyncio.sleep(0)

    assert asyncio.all_tasks() == before
    assert taped.has_ended


async def test_a_fault_beside_a_run_ends_it_and_is_raised_once_all_is_let_go():
    taped = Taped()

    with pytest.raises(ValueError, match="a fault"):
        async with KiteRun(taped, Failing()):
            await for_ever()

    assert taped.has_ended
