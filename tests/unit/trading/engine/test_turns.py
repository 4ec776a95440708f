from __future__ import annotations

from collections import deque

import pytest

from tests.unit.trading.engine.builders import at
from tests.unit.trading.engine.surroundings import Stage, TracingJournal, TracingVenue, frames
from trading.engine.actions import Action, AskMargin
from trading.engine.events import Event, TimerFired
from trading.engine.turns import MOST_EVENTS, EndlessError, in_turn


def event(key: str) -> Event:
    return TimerFired(at(9, 30), key)


def test_an_input_comes_first_then_what_follows_from_it_oldest_first():
    inbox: deque[Event] = deque()
    seen = []

    for each in in_turn(inbox, event("a")):
        seen.append(each)
        if each == event("a"):
            inbox.extend([event("b"), event("c")])
        elif each == event("b"):
            inbox.append(event("d"))

    assert seen == [event("a"), event("b"), event("c"), event("d")]


def test_as_many_events_as_allowed_come_to_their_end():
    inbox: deque[Event] = deque(event("more") for _ in range(MOST_EVENTS - 1))

    assert sum(1 for _ in in_turn(inbox, event("a"))) == MOST_EVENTS


def test_an_input_to_which_there_is_no_end_is_named():
    inbox: deque[Event] = deque()
    told = r"TimerFired at 2026-10-06T09:30:00\+05:30: more than 10000 .*again"

    with pytest.raises(EndlessError, match=told):
        inbox.extend(event("again") for _ in in_turn(inbox, event("a")))


async def test_a_run_that_asks_and_is_answered_for_ever_at_one_moment_stops():
    stage = Stage(frames(at(9, 29, 50), 20, {}))
    journal = TracingJournal(stage.trace)
    runner = stage.runner(journal, TracingVenue(stage.trace))

    def ask_again(told: Event) -> tuple[Action, ...]:
        return (AskMargin(told.at, "P000001", ()),)

    runner.answer = ask_again

    with pytest.raises(EndlessError, match="MarginTold"):
        await runner.run({"run": "T1"}, at(9, 32))
    asked = [kind for kind, _, _ in journal.inner.records if kind == AskMargin.__name__]
    assert len(asked) == MOST_EVENTS
