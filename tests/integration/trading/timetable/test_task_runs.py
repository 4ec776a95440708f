from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from aitrapp.schedule import TIMETABLE
from marketdata.calendar import IST
from tests.factories import RunFactory
from trading.models import Alert, TaskOutcome, TaskRun
from trading.services.simulated_time import LOST_SECONDS, PATIENCE_SECONDS, SimulatedTime
from trading.services.task_runs import Occasion, Result, TaskBusyError, carry_out
from trading.services.task_watch import watch
from trading.services.timetable import put_in_place

DUE = datetime(2021, 4, 26, 15, 22, tzinfo=IST)


def occasion(*, safety: bool = False, run: object = None) -> Occasion:
    return Occasion(name="square_off", due_at=DUE, at=DUE, run=run, safety=safety)


@pytest.mark.django_db
def test_a_task_that_came_to_an_end_is_not_done_again():
    done = []
    work = lambda: done.append(1) or Result.done("once")  # noqa: E731

    first, second = carry_out(occasion(), work), carry_out(occasion(), work)

    assert (first.pk, second.pk) == (first.pk, first.pk)
    assert (len(done), second.outcome, second.attempts) == (1, "DONE", 1)
    assert second.ended_at >= second.started_at


@pytest.mark.django_db
def test_the_same_moment_of_two_simulated_runs_is_two_occasions():
    first, second = RunFactory(), RunFactory()

    for run in (first, second, None):
        carry_out(occasion(run=run), lambda: Result.done("-"))

    assert TaskRun.objects.count() == 3


@pytest.mark.django_db
def test_what_is_raised_is_kept_told_and_goes_on():
    def work() -> Result:
        raise OperationalError("the connection is gone")

    with pytest.raises(OperationalError):
        carry_out(occasion(safety=True), work)

    row, alert = TaskRun.objects.get(), Alert.objects.get()
    assert (row.outcome, row.detail) == ("FAILED", "OperationalError: the connection is gone")
    assert (alert.kind, alert.severity) == ("task-failed", "CRITICAL")
    assert "square_off" in alert.text


@pytest.mark.django_db
def test_a_failed_task_may_be_tried_again():
    with pytest.raises(OperationalError):
        carry_out(occasion(), raising)

    row = carry_out(occasion(), lambda: Result.done("at last"))

    assert (row.outcome, row.attempts, row.detail) == ("DONE", 2, "at last")


def raising() -> Result:
    raise OperationalError("gone")


@pytest.mark.django_db
def test_a_failure_that_is_returned_raises_an_alert_and_no_error():
    row = carry_out(occasion(), lambda: Result.failed("the dump is torn"))

    assert row.outcome == "FAILED"
    assert Alert.objects.get().severity == "WARNING"


def test_two_workers_do_not_do_it_at_once(transactional_db):
    inside, leave, found = threading.Event(), threading.Event(), []

    def slow() -> Result:
        inside.set()
        leave.wait(10)
        return Result.done("slowly")

    def first() -> None:
        try:
            found.append(carry_out(occasion(), slow).outcome)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(10)
    with pytest.raises(TaskBusyError):
        carry_out(occasion(), lambda: Result.done("too"))
    leave.set()
    thread.join()

    assert found == ["DONE"]
    assert TaskRun.objects.get().detail == "slowly"


class Sent:
    """Takes tasks in; ends each as soon as it is told to."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.words: list[tuple[str, dict[str, str]]] = []
        self.is_away = is_away

    def __call__(self, task: str, words: dict[str, str]) -> None:
        if self.is_away:
            from kombu.exceptions import OperationalError as BrokerAway

            raise BrokerAway("no broker")
        self.words.append((task.rpartition(".")[2], dict(words)))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.words]


@pytest.fixture
def simulated(db) -> tuple[SimulatedTime, Sent, list[float]]:
    put_in_place(TIMETABLE)
    sent, now = Sent(), [0.0]
    run = RunFactory(date=DUE.date())
    return SimulatedTime(run, send=sent, clock=lambda: now[0]), sent, now


def end(time: SimulatedTime, sent: Sent) -> None:
    name, words = sent.words[-1]
    TaskRun.objects.create(
        name=name,
        due_at=words["due_at"],
        run=time.run,
        outcome=TaskOutcome.DONE.value,
        ended_at=timezone.now(),
    )


def test_tasks_that_are_due_together_go_one_after_another(simulated):
    time, sent, _ = simulated
    morning = DUE.replace(hour=9, minute=16)

    time.drive(morning)
    assert sent.names == ["token_check"]
    time.drive(morning)
    assert sent.names == ["token_check"]
    later = ["premarket_sync", "open_kite_day", "readiness_report", "open_kite_day"]
    for _ in later:
        end(time, sent)
        time.drive(morning)

    assert sent.names == ["token_check", *later]
    assert not time.is_idle
    end(time, sent)
    assert time.is_idle


def test_a_task_is_told_its_run_its_moment_and_what_time_it_is(simulated):
    time, sent, _ = simulated

    time.drive(DUE.replace(hour=8, minute=5))

    assert sent.words == [
        (
            "token_check",
            {
                "run": time.run.code,
                "due_at": "2021-04-26T08:00:00+05:30",
                "at": "2021-04-26T08:05:00+05:30",
            },
        )
    ]


def test_a_task_that_never_ends_does_not_hold_the_next_one_up_for_ever(simulated):
    time, sent, clock = simulated
    morning = DUE.replace(hour=9, minute=16)
    time.drive(morning)

    clock[0] += PATIENCE_SECONDS + 1
    time.drive(morning)

    assert sent.names == ["token_check", "premarket_sync"]


def test_a_task_that_went_down_with_its_worker_is_sent_again(simulated):
    time, sent, clock = simulated
    morning = DUE.replace(hour=9, minute=16)
    time.drive(morning)

    clock[0] += LOST_SECONDS - 1
    time.drive(morning)
    before = list(sent.names)
    clock[0] += 2
    time.drive(morning)
    time.drive(morning)

    assert (before, sent.names) == (["token_check"], ["token_check"] * 2)


def test_a_task_that_somebody_is_at_is_not_sent_again(simulated):
    time, sent, clock = simulated
    morning = DUE.replace(hour=9, minute=16)
    time.drive(morning)
    begun = replace(
        occasion(), name="token_check", due_at=DUE.replace(hour=8, minute=0), run=time.run
    )

    def work() -> Result:
        clock[0] += LOST_SECONDS + 1
        time.drive(morning)
        return Result.done("-")

    carry_out(begun, work)

    assert sent.names == ["token_check"]


def test_a_broker_that_is_away_gets_the_task_later(simulated):
    time, sent, _ = simulated
    sent.is_away = True
    assert time.drive(DUE.replace(hour=8, minute=5)) == []

    sent.is_away = False
    time.drive(DUE.replace(hour=8, minute=6))

    assert sent.names == ["token_check"]


def test_the_first_look_only_begins_the_watch(db):
    put_in_place(TIMETABLE)
    sent = Sent()

    assert watch(DUE.replace(hour=12), sent) == "all in order"

    assert (Alert.objects.count(), sent.words) == (0, [])


def test_a_task_that_did_not_begin_is_told_once(db):
    put_in_place(TIMETABLE)
    sent = Sent()
    morning = DUE.replace(hour=8, minute=25)
    watch(morning, sent)

    for minutes in (10, 11, 12):
        watch(morning + timedelta(minutes=minutes), sent)

    assert Alert.objects.get().text == "premarket_sync, due at 08:30, did not begin"
    assert TaskRun.objects.get(name="premarket_sync").outcome == "MISSED"
    assert sent.words == []


def test_a_missed_square_off_is_critical_and_sent_again(db):
    put_in_place(TIMETABLE)
    sent = Sent()
    watch(DUE - timedelta(minutes=1), sent)

    watch(DUE + timedelta(minutes=3), sent)

    assert Alert.objects.get().severity == "CRITICAL"
    assert sent.words == [("square_off", {"due_at": DUE.isoformat()})]


def test_a_task_of_a_stage_is_sent_at_the_day_s_own_moment(db):
    put_in_place(TIMETABLE)
    sent = Sent()
    evening = datetime(2021, 11, 4, 19, 6, 30, tzinfo=IST)
    watch(evening, sent)

    watch(evening + timedelta(minutes=1), sent)

    assert sent.names == ["square_off"]
    assert Alert.objects.count() == 0


def test_a_task_that_began_is_no_miss(db):
    put_in_place(TIMETABLE)
    sent = Sent()
    watch(DUE - timedelta(minutes=1), sent)
    carry_out(occasion(), lambda: Result.done("-"))

    assert watch(DUE + timedelta(minutes=3), sent) == "all in order"


def test_a_task_whose_worker_was_killed_comes_to_an_end(db):
    TaskRun.objects.create(
        name="archive",
        due_at=DUE,
        outcome=TaskOutcome.RUNNING.value,
        started_at=timezone.now() - timedelta(hours=1),
    )

    watch(DUE, Sent())

    row = TaskRun.objects.get(name="archive")
    assert (row.outcome, row.detail) == ("FAILED", "did not end")
    assert Alert.objects.get().kind == "task-failed"


def test_a_square_off_whose_worker_was_killed_begins_again(db):
    TaskRun.objects.create(
        name="square_off",
        due_at=DUE,
        outcome=TaskOutcome.RUNNING.value,
        started_at=timezone.now() - timedelta(minutes=1),
    )
    sent = Sent()

    watch(DUE + timedelta(minutes=1), sent)

    assert sent.words == [("square_off", {"due_at": DUE.isoformat()})]


def test_a_task_that_a_worker_is_at_is_left_alone_however_long_it_takes(db):
    def work() -> Result:
        TaskRun.objects.update(started_at=timezone.now() - timedelta(hours=1))
        assert watch(DUE, Sent()) == "all in order"
        return Result.done("-")

    assert carry_out(occasion(), work).outcome == "DONE"
