from __future__ import annotations

from collections.abc import Mapping

import pytest

from execution.orders import OrderState
from trading.engine.actions import Action, PlaceOrder
from trading.engine.core import Engine
from trading.engine.events import BrokerSaid, ChangeRefused, Event
from trading.simulation.batch import outcome_of, report_of
from trading.simulation.cover import CoverClock
from trading.simulation.day import Day
from trading.simulation.play import Told, play, shrunk, troubles_of
from trading.simulation.troubles import Kind, Trouble
from trading.simulation.virtual_time import in_virtual_time

CALLS = {Kind.LOSE_REQUEST, Kind.LOSE_ANSWER, Kind.ERROR_BEFORE, Kind.ERROR_AFTER}


class Resending(Engine):
    """Sends an order again when it does not know what became of it."""

    def handle(self, event: Event) -> tuple[Action, ...]:
        actions = super().handle(event)
        if isinstance(event, BrokerSaid) and event.update.state is OrderState.UNKNOWN:
            request = self.orders[event.update.client_id].request
            return (*actions, PlaceOrder(event.at, request))
        return actions


class Deaf(Engine):
    """Does not hear that a change was not done."""

    def handle(self, event: Event) -> tuple[Action, ...]:
        return () if isinstance(event, ChangeRefused) else super().handle(event)


def first_failing(engine_of: type[Engine], kinds: tuple[Kind, ...], most: int) -> Told:
    """Return the first day that fails with an engine that has a fault, made small."""
    for seed in range(1, most + 1):
        told = play(f"{seed}.1", troubles_of(f"{seed}.1", kinds), engine_of)
        if told.found:
            return shrunk(told, engine_of)
    raise AssertionError("no day fails")


def several(kind: Kind, times: int, at: float = 56.0) -> tuple[Trouble, ...]:
    return (Trouble(kind, at, 0.0, times, 7), Trouble(Kind.LEAP, 90.0, 0.0, 1, 3))


@pytest.mark.parametrize("name", ["1.1", "2.1"])
def test_a_day_without_faults_trades_and_holds(name: str):
    told = play(name, ())

    assert told.found == ()
    assert told.fills >= 5
    assert told.lives == 1


def test_the_same_day_is_played_the_same_again():
    troubles = troubles_of("5.1", tuple(Kind))

    assert play("5.1", troubles).fingerprint == play("5.1", troubles).fingerprint


def test_another_day_is_another_story():
    assert play("1.1", ()).fingerprint != play("2.1", ()).fingerprint


def test_an_engine_that_sends_again_is_found_and_its_story_names_the_order():
    told = play("3.1", several(Kind.LOSE_ANSWER, 2), Resending)

    small = shrunk(told, Resending)

    assert any("was sent twice" in what for what in told.found)
    assert [trouble.kind for trouble in small.troubles] == [Kind.LOSE_ANSWER]
    assert any("was sent twice" in line for line in small.story)


def test_an_engine_that_does_not_hear_of_failed_changes_is_found():
    small = first_failing(Deaf, (Kind.ERROR_BEFORE, Kind.LOSE_REQUEST), 12)

    assert {trouble.kind for trouble in small.troubles} <= CALLS


def test_a_failing_day_is_told_with_the_trouble_that_suffices():
    outcome = outcome_of("3.1", (Kind.LOSE_ANSWER, Kind.LOSE_REQUEST), Resending)

    lines = report_of(outcome)

    assert outcome.smallest is not None
    assert "day 3.1 fails" in lines[0]
    assert any(str(trouble) in line for trouble in outcome.smallest.troubles for line in lines)


@pytest.mark.parametrize("kind", [Kind.CRASH, Kind.POWER_CUT, Kind.RIVAL])
def test_a_desk_that_dies_lives_again_and_ends_flat(kind: Kind):
    told = play("4.1", (Trouble(kind, 61.0, 2.0, 1, 4), Trouble(kind, 120.0, 2.0, 1, 1)))

    assert told.found == ()
    assert told.lives >= 2


class BrokenClock(CoverClock):
    """A part of the market's own work that fails."""

    def look(self, gone: float, bare: Mapping[str, int], cause: str) -> list[tuple[str, float]]:
        raise ValueError("broken")


def test_a_market_that_fails_ends_its_day(tmp_path):
    day = Day("1.1", (), tmp_path)
    day.watch.cover = BrokenClock()

    with pytest.raises(ValueError, match="broken"):
        in_virtual_time(day.live())


class WithoutClose(Day):
    """Tells its desk nothing of any market, nor that it is over."""

    async def _market(self) -> None:
        pass


def test_a_desk_that_never_ends_is_found_out(tmp_path):
    day = WithoutClose("1.1", (), tmp_path)

    in_virtual_time(day.live())

    assert "the day does not end" in day.watch.found
