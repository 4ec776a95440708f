from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.conf import settings as configured
from django.utils import timezone

from marketdata.calendar import IST
from tests.own_valkey import OwnValkey
from trading import broadcast_keys as keys
from trading import leader
from trading.broadcast_redis import encode
from trading.emergency import flatten_run
from trading.journal import read_records
from trading.models import Alert, Command, Position, Report, Run, TaskRun
from trading.recorder import Recorder
from trading.selectors import ledger_gap, open_positions
from trading.services.broker_book import broker_book
from trading.services.engine_life import EngineLife, life_of
from trading.services.square_off import Means, square_off, verify_flat
from trading.services.task_runs import Occasion
from trading.tasks import ask_square_off
from trading.tasks import verify_flat as verify_task

HASTY = Means(flatten=flatten_run, grace=0.1, flat=0.3)


def occasion(run: Run) -> Occasion:
    due = timezone.datetime.combine(run.date, timezone.datetime.min.time(), IST)
    due += timedelta(hours=15, minutes=22)
    return Occasion(name="square_off", due_at=due, at=due, run=run, safety=True)


def gives_sign(valkey: OwnValkey, run: Run) -> None:
    sign = {"run": run.code, "wall_at": timezone.now().isoformat()}
    valkey.client.set(keys.health_key("engine"), encode(sign), ex=30)


def test_an_engine_is_dead_only_without_a_sign_and_without_the_lease(opened, valkey):
    assert life_of(opened) is EngineLife.DEAD

    lease = leader.acquire(opened.account, "somebody", timedelta(seconds=30))
    assert life_of(opened) is EngineLife.SILENT

    gives_sign(valkey, opened)
    assert life_of(opened) is EngineLife.ALIVE

    valkey.stop()
    assert life_of(opened) is EngineLife.SILENT
    leader.release(lease)
    assert life_of(opened) is EngineLife.DEAD


def test_a_sign_of_another_run_or_an_old_one_is_none(opened, valkey):
    for sign in (
        {"run": "OTHER", "wall_at": timezone.now().isoformat()},
        {"run": opened.code, "wall_at": (timezone.now() - timedelta(seconds=11)).isoformat()},
    ):
        valkey.client.set(keys.health_key("engine"), encode(sign))
        assert life_of(opened) is EngineLife.DEAD


def test_the_broker_s_own_answers_tell_what_is_held(left_holding):
    book = broker_book(Path(left_holding.journal_path))

    held = {row.instrument.key: row.quantity for row in open_positions(left_holding)}
    assert held
    assert dict(book.held) == held
    assert book.working
    assert not book.is_flat


def test_a_run_without_an_engine_is_flattened_by_the_task(left_holding, valkey):
    before = orders_of(left_holding)

    result = square_off(occasion(left_holding), HASTY)
    Recorder(left_holding).catch_up()

    run = Run.objects.get(pk=left_holding.pk)
    assert result.outcome == "DONE"
    assert "flattened by command" in result.detail
    assert broker_book(Path(run.journal_path)).is_flat
    assert not open_positions(run).exists()
    assert ledger_gap(run) == 0
    assert run.state == "FINISHED"
    assert Command.objects.get().state == "DONE"
    after = orders_of(run)
    assert after[: len(before)] == before
    assert len(after) == len(set(after))
    entries = [number for number, role in enumerate(roles_of(run)) if role == "ENTRY"]
    assert all(number < len(before) for number in entries)


def orders_of(run: Run) -> list[str]:
    return [record.body["request"]["client_id"] for record in placed(run)]


def roles_of(run: Run) -> list[str]:
    return [record.body["request"]["role"] for record in placed(run)]


def placed(run: Run) -> list:
    return [r for r in read_records(Path(run.journal_path)) if r.kind == "PlaceOrder"]


def test_the_positions_left_by_the_dead_engine_go_by_the_kill_switch(left_holding, valkey):
    held = {row.code for row in open_positions(left_holding)}

    flatten_run(left_holding, by="tests", reason="drill")
    Recorder(left_holding).catch_up()

    reasons = set(Position.objects.filter(code__in=held).values_list("exit_reason", flat=True))
    assert reasons <= {"KILL", "HARD_STOP"}
    assert "KILL" in reasons


def test_a_living_engine_is_asked_and_never_replaced(left_holding, valkey):
    gives_sign(valkey, left_holding)
    records = Path(left_holding.journal_path).read_bytes()

    result = square_off(occasion(left_holding), HASTY)
    again = square_off(occasion(left_holding), HASTY)

    wishes = Command.objects.values_list("kind", "subject")
    held = {row.code for row in open_positions(left_holding)}
    assert {subject for kind, subject in wishes if kind == "CLOSE_POSITION"} == held
    assert len(wishes) == len(set(wishes))
    assert "not flat yet" in result.detail
    assert "nothing" not in again.detail
    assert Path(left_holding.journal_path).read_bytes() == records


def test_an_engine_that_only_holds_the_lease_is_not_replaced_either(left_holding, valkey):
    leader.acquire(left_holding.account, "somebody", timedelta(seconds=30))

    result = square_off(occasion(left_holding), HASTY)

    assert "asked for" in result.detail
    assert Run.objects.get(pk=left_holding.pk).state == "RUNNING"


def test_a_day_without_a_running_session_has_nothing_to_square_off(opened, valkey):
    Run.objects.update(state="FINISHED", ended_at=timezone.now())

    assert square_off(occasion(opened), HASTY).outcome == "SKIPPED"


def test_the_verification_of_a_flat_day_is_a_good_report(left_holding, valkey):
    flatten_run(left_holding, by="tests", reason="drill")
    Recorder(left_holding).catch_up()

    result = verify_flat(occasion(left_holding), HASTY)

    report = Report.objects.get(kind="VERIFICATION")
    assert (result.outcome, report.is_good) == ("DONE", True)
    assert report.document["broker"] == "flat"
    assert not Alert.objects.filter(kind="not-flat").exists()


def test_what_the_verification_finds_is_told_and_flattened(left_holding, valkey):
    result = verify_flat(occasion(left_holding), HASTY)
    Recorder(left_holding).catch_up()

    assert broker_book(Path(left_holding.journal_path)).is_flat
    alert = Alert.objects.get(kind="not-flat")
    assert alert.severity == "CRITICAL"
    assert "holds" in alert.text
    assert not Report.objects.get(kind="VERIFICATION").is_good
    assert result.detail


def test_a_living_engine_that_is_not_flat_gets_the_kill_switch(left_holding, valkey):
    gives_sign(valkey, left_holding)

    result = verify_flat(occasion(left_holding), HASTY)

    assert Command.objects.get().kind == "FLATTEN"
    assert result.outcome == "FAILED"


def test_rows_that_are_behind_do_not_hide_what_the_broker_says(left_holding, valkey):
    Position.objects.all().update(quantity=0, state="CLOSED")

    verify_flat(occasion(left_holding), HASTY)

    assert "broker: held" in Alert.objects.get(kind="not-flat").text


def test_the_tasks_go_the_same_way_and_leave_their_history(left_holding, valkey):
    due = occasion(left_holding).due_at.isoformat()
    words = {"run": left_holding.code, "due_at": due, "at": due, "new_word": "ignored"}

    first = ask_square_off.apply(kwargs=words).get()
    Recorder(left_holding).catch_up()
    second = ask_square_off.apply(kwargs=words).get()
    verified = verify_task.apply(kwargs=words).get()

    assert first.startswith("DONE")
    assert second == first
    assert verified == f"DONE: {left_holding.code}: flat"
    assert sorted(TaskRun.objects.values_list("name", "outcome", "attempts")) == [
        ("square_off", "DONE", 1),
        ("verify_flat", "DONE", 1),
    ]
    assert configured.REDIS_URL
