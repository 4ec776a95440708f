from __future__ import annotations

from datetime import timedelta

from tests.unit.trading.engine.builders import at
from trading.engine.timeline import BAR, Timeline, bar_closes


def all_due(timeline: Timeline, until) -> list[tuple[object, str]]:
    found = []
    while (alarm := timeline.next_due(until)) is not None:
        found.append(alarm)
    return found


def test_bars_close_at_every_step_and_at_the_end_of_the_session():
    closes = [due for due, _ in bar_closes(at(9, 15), at(9, 18), 60)]

    assert closes == [at(9, 16), at(9, 17), at(9, 18)]


def test_a_session_that_ends_within_a_bar_closes_it_at_its_end():
    closes = [due for due, _ in bar_closes(at(9, 15), at(9, 17, 30), 60)]

    assert closes == [at(9, 16), at(9, 17), at(9, 17, 30)]


def test_at_one_moment_stages_come_first_then_bars_then_the_rest():
    timeline = Timeline([(at(9, 16), BAR), (at(9, 16), "stage:square_off:CASH")])
    timeline.set(at(9, 16), "entry:P1")

    assert [key for _, key in all_due(timeline, at(9, 16))] == [
        "stage:square_off:CASH",
        BAR,
        "entry:P1",
    ]


def test_an_alarm_is_due_at_its_moment_not_before():
    timeline = Timeline([])
    timeline.set(at(9, 16), "entry:P1")

    assert timeline.next_due(at(9, 16) - timedelta(microseconds=1)) is None
    assert timeline.next_due(at(9, 16)) == (at(9, 16), "entry:P1")
    assert timeline.next_due(at(9, 17)) is None


def test_an_alarm_set_again_replaces_the_first():
    timeline = Timeline([])
    timeline.set(at(9, 16), "exit:P1")
    timeline.set(at(9, 17), "exit:P1")

    assert all_due(timeline, at(9, 20)) == [(at(9, 17), "exit:P1")]


def test_an_alarm_set_twice_for_one_moment_fires_once():
    timeline = Timeline([])
    timeline.set(at(9, 16), "exit:P1")
    timeline.set(at(9, 16), "exit:P1")

    assert len(all_due(timeline, at(9, 20))) == 1


def test_alarms_of_one_rank_come_in_the_order_of_time_then_name():
    timeline = Timeline([])
    for minute, key in ((18, "exit:P1"), (16, "exit:P3"), (16, "entry:P2")):
        timeline.set(at(9, minute), key)

    assert [key for _, key in all_due(timeline, at(9, 20))] == ["entry:P2", "exit:P3", "exit:P1"]


def test_the_first_alarm_to_come_is_told_without_taking_it():
    timeline = Timeline([(at(9, 17), BAR)])
    timeline.set(at(9, 16), "entry:P1")

    assert timeline.first_at() == at(9, 16)
    assert timeline.next_due(at(9, 16)) == (at(9, 16), "entry:P1")
    assert timeline.first_at() == at(9, 17)


def test_without_alarms_there_is_no_first():
    assert Timeline([]).first_at() is None
