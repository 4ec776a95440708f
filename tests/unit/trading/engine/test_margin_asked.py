from __future__ import annotations

from typing import Any

import pytest

from execution.margins import MarginLeg
from execution.orders import Role, Side
from tests.unit.trading.engine.builders import (
    FUTURE,
    INDEX_COLUMN,
    RELIANCE_COLUMN,
    D,
    saying,
)
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import AskMargin, DecisionNoted, PlanNoted, VerdictNote
from trading.engine.codec import body_of, event_of, plain
from trading.engine.events import CommandIssued, CommandKind, MarginTold


def asking(**overrides: Any) -> tuple[Desk, AskMargin]:
    """Return a live desk with an opinion, and what it asks of the broker."""
    desk = Desk(asks_margin=True, **overrides)
    desk.speak()
    (asked,) = desk.notes(AskMargin)
    return desk, asked


def answer(desk: Desk, asked: AskMargin, required: int | None, free: int = 1_000_000) -> None:
    is_told = required is not None
    desk.tell(
        MarginTold(
            desk.now,
            asked.code,
            D(required) if is_told else None,
            D(free) if is_told else None,
            "" if is_told else "no answer in 2 s",
        )
    )


def margin_of(decision: DecisionNoted) -> VerdictNote:
    (found,) = [verdict for verdict in decision.verdicts if verdict.rule == "margin"]
    return found


def test_nothing_is_decided_before_the_broker_has_told_the_margin():
    desk, asked = asking()

    assert asked.legs == (MarginLeg(FUTURE, Side.BUY, 130, D("24000.30")),)
    assert not desk.notes(DecisionNoted)
    assert not desk.working(Role.ENTRY)


def test_the_entry_goes_out_with_the_margin_that_the_broker_told():
    desk, asked = asking()

    answer(desk, asked, 400_000)

    (decision,) = desk.notes(DecisionNoted)
    assert decision.approved
    assert decision.margin_inr == D(400_000)
    assert margin_of(decision).detail == "for 130 units, told by the broker"
    assert [order.left for order in desk.working(Role.ENTRY)] == [130]


@pytest.mark.parametrize(("free", "units"), [(400_000, 130), (399_999, 65), (200_000, 65)])
def test_the_size_is_cut_to_what_the_broker_has_free(free, units):
    desk, asked = asking()

    answer(desk, asked, 400_000, free)

    assert [order.left for order in desk.working(Role.ENTRY)] == [units]


def test_less_free_than_one_lot_needs_is_refused_by_name():
    desk, asked = asking()

    answer(desk, asked, 400_000, 199_999)

    (decision,) = desk.notes(DecisionNoted)
    assert set(decision.refusals) == {"margin", "too-small"}
    assert (margin_of(decision).measured, margin_of(decision).allowed) == ("200000.00", "199999")
    assert not desk.notes(PlanNoted)


def test_without_an_answer_nothing_is_entered_and_the_decision_says_why():
    desk, asked = asking()

    answer(desk, asked, None)

    (decision,) = desk.notes(DecisionNoted)
    assert not decision.approved
    assert (margin_of(decision).measured, margin_of(decision).detail) == (
        "not told",
        "no answer in 2 s",
    )
    assert not desk.working(Role.ENTRY)


def test_the_desk_is_judged_as_it_stands_when_the_answer_comes():
    desk, asked = asking()
    desk.tell(CommandIssued(desk.now, 1, CommandKind.PAUSE, "ann", "news"))

    answer(desk, asked, 400_000)

    (decision,) = desk.notes(DecisionNoted)
    assert decision.refusals == ("trading-state",)
    assert not desk.working(Role.ENTRY)


def test_an_answer_counts_once_and_one_to_no_question_not_at_all():
    desk, asked = asking()

    answer(desk, asked, 400_000)
    answer(desk, asked, 400_000)
    desk.tell(MarginTold(desk.now, "M999999", D(1), D(1)))

    assert len(desk.notes(DecisionNoted)) == 1
    assert len(desk.working(Role.ENTRY)) == 1


def test_what_is_refused_anyway_is_not_asked_about():
    desk = Desk(asks_margin=True, banned=frozenset({"NIFTY"}))

    desk.speak()

    assert not desk.notes(AskMargin)
    (decision,) = desk.notes(DecisionNoted)
    assert decision.refusals == ("banned",)


def test_an_answer_reads_back_from_the_journal_as_it_was_told():
    told = MarginTold(Desk().now, "M000001", D("400000.25"), D(-12))

    assert event_of("MarginTold", plain(body_of(told))) == told


def two_asked() -> tuple[Desk, AskMargin, AskMargin]:
    """Return a live desk with two opinions, the better one asked about first."""
    desk = Desk(asks_margin=True, strategies=saying(14, INDEX_COLUMN, RELIANCE_COLUMN))
    desk.speak()
    first, second = desk.notes(AskMargin)
    return desk, first, second


def test_answers_are_judged_in_the_order_of_the_questions():
    desk, first, second = two_asked()

    answer(desk, second, 10_000)
    before = len(desk.notes(DecisionNoted))
    answer(desk, first, 10_000)

    assert before == 0
    assert [note.signal_id for note in desk.notes(DecisionNoted)] == ["S000001", "S000002"]


def test_a_question_that_is_never_answered_keeps_no_other_waiting_for_long():
    desk, first, second = two_asked()

    desk.wait(10)
    answer(desk, second, 10_000)

    lost, judged = desk.notes(DecisionNoted)
    assert margin_of(lost).detail == "no answer"
    assert not lost.approved
    assert "stale-price" in judged.refusals
    answer(desk, first, 10_000)
    assert len(desk.notes(DecisionNoted)) == 2
