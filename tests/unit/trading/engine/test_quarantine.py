from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from execution.orders import Role
from strategies.base import Frame
from strategies.signals import NEUTRAL_SIDE, Signals
from strategies.structure_rules import StructureRule
from tests.unit.trading.engine.builders import (
    FUTURE_COLUMN,
    INDEX_COLUMN,
    RELIANCE_COLUMN,
    TCS_COLUMN,
    Say,
    Scripted,
    Second,
)
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import AlertNoted, CommandDone, DecisionNoted, RiskNoted
from trading.engine.events import CommandIssued, CommandKind, StrategyOverran
from trading.engine.quarantine import Quarantine, StrategyFault, check_answer

SCANNED = np.array([True, True, False])


def answer(**changes: object) -> Signals:
    """Return an opinion on the first of three columns, changed."""
    price = np.array([100.0, np.nan, np.nan])
    said = Signals(
        side=np.array([1, 0, 0], dtype=np.int8),
        entry=price,
        stop=price - 1.0,
        target1=price + 1.0,
        target2=price + 2.0,
        confidence=price / 200.0,
    )
    return replace(said, **changes)  # type: ignore[arg-type]


def test_an_answer_is_returned_as_it_was():
    said = answer()

    assert check_answer(said, 3, SCANNED) is said


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (None, "returned NoneType, expected Signals"),
        (answer(side=[1, 0, 0]), "side: list, expected an array of whole numbers"),
        (answer(side=np.ones(3)), "side: ndarray, expected an array of whole numbers"),
        (answer(stop=np.ones(2)), r"stop: shape \(2,\), expected \(3,\)"),
        (answer(entry=np.ones((1, 3))), r"entry: shape \(1, 3\), expected \(3,\)"),
        (answer(side=np.array([3, 0, 0], dtype=np.int8)), r"side: \[0, 3\], expected among"),
        (answer(entry=np.full(3, np.nan)), "entry: not a number in column 0, which has a side"),
        (answer(target2=np.full(3, np.inf)), "target2: not a number in column 0"),
        (answer(confidence=np.full(3, np.nan)), "confidence: not a number in column 0"),
    ],
)
def test_what_is_no_answer_is_told(said, message):
    with pytest.raises(StrategyFault, match=message):
        check_answer(said, 3, SCANNED)


def test_what_is_said_of_a_column_that_is_not_scanned_does_not_matter():
    check_answer(answer(side=np.array([0, 0, 1], dtype=np.int8)), 3, SCANNED)


def test_without_a_direction_there_are_no_levels_to_be_numbers():
    side = np.array([NEUTRAL_SIDE, 0, 0], dtype=np.int8)

    check_answer(answer(side=side, stop=np.full(3, np.nan)), 3, SCANNED)


def test_the_first_reason_stays_and_a_release_forgets_it():
    held = Quarantine().put("a", "slow").put("b", "wrong").put("a", "again")

    assert held.reasons == (("a", "slow"), ("b", "wrong"))
    assert held.release("a").reasons == (("b", "wrong"),)
    with pytest.raises(ValueError, match="c is not in quarantine"):
        held.release("c")


def raising(frame: Frame) -> Signals:
    raise ZeroDivisionError("no range")


def nothing_to_read(frame: Frame) -> Signals:
    return frame["missing"]  # type: ignore[return-value]


def too_short(frame: Frame) -> Signals:
    size = len(frame.close) - 1
    return Signals(np.zeros(size, dtype=np.int8), *(np.zeros(size) for _ in range(5)))


def unknown_prices(frame: Frame) -> Signals:
    size = len(frame.close)
    side = np.zeros(size, dtype=np.int8)
    side[INDEX_COLUMN] = 1
    return Signals(side, *(np.full(size, np.nan) for _ in range(5)))


@dataclass(frozen=True, slots=True)
class Faulty(Scripted):
    """Is scripted on the bar of 9:25 and does `wrong` on the bar of 9:29."""

    name: ClassVar[str] = "faulty"
    wrong: Callable[[Frame], Signals] = raising

    def signals(self, frame: Frame) -> Signals:
        if int(frame.minute) == 14:
            return self.wrong(frame)
        return Scripted.signals(self, frame)


def beside(wrong: Callable[[Frame], Signals]) -> tuple[Scripted, ...]:
    """Return a strategy that is faulty at 9:29 and one that always works, both speaking often."""
    on_share = Say(entry=1_000.0, stop=10.0, target1=10.0, target2=20.0)
    on_other = Say(entry=2_000.0, stop=20.0, target1=20.0, target2=40.0)
    return (
        Faulty({10: {INDEX_COLUMN: Say()}, 18: {INDEX_COLUMN: Say()}}, wrong),
        Second({14: {RELIANCE_COLUMN: on_share}, 18: {TCS_COLUMN: on_other}}),
    )


def traded(desk: Desk) -> list[str]:
    return [trade.strategy for trade in desk.engine.ledger.trades.values()]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (raising, "ZeroDivisionError: no range"),
        (nothing_to_read, "KeyError: 'missing'"),
        (too_short, "side: shape (3,), expected (4,)"),
        (unknown_prices, "entry: not a number in column 0, which has a side"),
    ],
)
def test_a_faulty_strategy_is_put_aside_and_the_other_goes_on(wrong, reason):
    desk = Desk(strategies=beside(wrong))

    desk.speak(14)
    desk.speak(18)

    assert traded(desk) == ["second", "second"]
    notes = [note for note in desk.notes(RiskNoted) if note.kind == "strategy-quarantined"]
    alerts = [note for note in desk.notes(AlertNoted) if note.kind == "strategy-quarantined"]
    assert [(n.severity, n.text) for n in notes] == [(a.severity, a.text) for a in alerts]
    assert [n.severity for n in notes] == ["CRITICAL"]
    assert notes[0].text == f"faulty is put aside until a person releases it: {reason}"


def test_its_position_stays_managed():
    desk = Desk(strategies=beside(raising))
    desk.speak(10)
    plan = desk.trade
    desk.fill(plan.entries[0], 130, 24_000.1)
    desk.speak(14)
    assert [order.left for order in desk.working(Role.STOP)] == [130]

    desk.tick(FUTURE_COLUMN, 24_100.0)

    assert plan.closing is not None


def test_a_strategy_that_overran_is_put_aside_and_told_of_once():
    on_share = Say(entry=1_000.0, stop=10.0, target1=10.0, target2=20.0)
    both = (Scripted({18: {INDEX_COLUMN: Say()}}), Second({18: {RELIANCE_COLUMN: on_share}}))
    desk = Desk(strategies=both)

    desk.tell(*(StrategyOverran(desk.now, "second", "took 900 ms") for _ in range(2)))
    desk.speak(18)

    assert traded(desk) == ["scripted"]
    assert [note.text for note in desk.notes(AlertNoted)] == [
        "second is put aside until a person releases it: took 900 ms"
    ]


def released(desk: Desk, strategy: str) -> CommandDone:
    kind = CommandKind.RELEASE_STRATEGY
    desk.tell(CommandIssued(desk.now, 7, kind, "ann", "mended", strategy))
    return desk.notes(CommandDone)[-1]


def test_a_person_releases_it_and_it_is_heard_again():
    desk = Desk(strategies=beside(raising))
    desk.speak(14)

    done = released(desk, "faulty")
    desk.speak(18)

    assert (done.outcome, done.text) == ("DONE", "")
    assert sorted(traded(desk)) == ["faulty", "second", "second"]
    assert "faulty is released by ann" in [note.text for note in desk.notes(RiskNoted)]


def test_what_is_not_put_aside_cannot_be_released():
    done = released(Desk(strategies=beside(raising)), "second")

    assert (done.outcome, done.text) == ("REFUSED", "second is not in quarantine")


class Broken:
    """A rule that makes no structure of anything."""

    def build(self, signal: object, market: object) -> object:
        raise IndexError("no such strike")


@dataclass(frozen=True, slots=True)
class Legless(Scripted):
    """Is scripted, and what it is traded in fails."""

    name: ClassVar[str] = "legless"

    @property
    def structure(self) -> StructureRule:
        return Broken()  # type: ignore[return-value]


def test_a_fault_in_the_structure_drops_what_the_strategy_said_in_that_cycle():
    both = {INDEX_COLUMN: Say(), RELIANCE_COLUMN: Say(1, 10.0, 10.0, 20.0, 1_000.0)}
    desk = Desk(strategies=(Legless({14: both}),))

    desk.speak(14)

    assert desk.notes(DecisionNoted) == []
    assert [note.text for note in desk.notes(AlertNoted)] == [
        "legless is put aside until a person releases it: structure: IndexError: no such strike"
    ]


class Lap:
    """A stopwatch that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def begun(self, strategy: str) -> None:
        self.told.append(f"{strategy} begun")

    def ended(self, strategy: str) -> None:
        self.told.append(f"{strategy} ended")


def test_a_stopwatch_is_told_of_each_strategy_and_changes_nothing():
    plain, timed, lap = Desk(), Desk(), Lap()
    timed.engine.time_strategies(lap)

    plain.speak()
    timed.speak()

    assert lap.told == ["scripted begun", "scripted ended"] * 15
    assert timed.said == plain.said
