from __future__ import annotations

from datetime import timedelta

from execution.kitesim.agenda import Agenda
from tests.unit.execution.kitesim.desk import OPEN


def test_deeds_are_done_in_the_order_of_their_moments_then_of_their_noting():
    agenda, done = Agenda(), []
    for name, seconds in (("c", 2), ("a", 1), ("b", 1)):
        agenda.note(
            OPEN + timedelta(seconds=seconds), lambda at, name=name: done.append((name, at))
        )

    agenda.run(OPEN)
    early = list(done)
    agenda.run(OPEN + timedelta(seconds=5))
    agenda.run(OPEN + timedelta(seconds=9))

    assert early == []
    assert [name for name, _ in done] == ["a", "b", "c"]
    assert done[2][1] == OPEN + timedelta(seconds=2)


def test_a_deed_may_note_another_for_the_same_moment():
    agenda, done = Agenda(), []
    agenda.note(OPEN, lambda at: agenda.note(at, done.append))

    agenda.run(OPEN)

    assert done == [OPEN]
