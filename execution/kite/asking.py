"""Asking for a read again before the first answer is given up: whichever comes first is taken.

Only reads are asked twice; what they mean, and every order call, is `broker.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from execution.broker import OutcomeUnknown, Refused
from marketdata.pacing import OverBudget

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Insistence:
    """How often a read is asked for, and after how many seconds without an answer once more.

    After a failing answer it is asked again once `pause_seconds` are over.
    """

    tries: int = 5
    again_seconds: float = 0.4
    pause_seconds: float = 0.1

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ValueError(f"tries: is {self.tries}, expected 1 or more")


async def first_answer(
    ask: Callable[[], Coroutine[Any, Any, T]],
    insistence: Insistence,
    pause: Callable[[float], Awaitable[None]],
) -> T:
    """Return the first good answer; those still waited for are given up then.

    Raises `OutcomeUnknown` once every try has failed, and at once whatever is no failure of a
    read (a session that has ended).
    """
    left = insistence.tries
    running: set[asyncio.Task[T]] = set()
    failure: Exception | None = None
    try:
        while left or running:
            if left:
                left -= 1
                running.add(asyncio.create_task(ask()))
            again = insistence.again_seconds if left else None
            done, running = await asyncio.wait(
                running, timeout=again, return_when=asyncio.FIRST_COMPLETED
            )
            answers = [task for task in done if task.exception() is None]
            if answers:
                return answers[0].result()
            for task in done:
                failure = _failure_of(task)
            if done and left:
                await pause(insistence.pause_seconds)
    finally:
        for task in running:
            task.cancel()
    raise OutcomeUnknown(str(failure)) from failure


def _failure_of(task: asyncio.Task[T]) -> Exception:
    """Return why a try failed. Raises what no other try would mend."""
    try:
        task.result()
    except (OutcomeUnknown, OverBudget, Refused) as failure:
        return failure
    raise RuntimeError("a try that did not fail")
