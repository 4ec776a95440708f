from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import models, transaction

from tests.factories import RunFactory
from tests.integration.trading.journal_day import Line, whole_day, written
from trading import selectors
from trading.journal import Record, read_records
from trading.mapping_scope import UnknownInstrumentError
from trading.models import (
    Alert,
    Command,
    Decision,
    EquityPoint,
    Fill,
    Instrument,
    LedgerEntry,
    Leg,
    Order,
    OrderEvent,
    Plan,
    PlanEvent,
    Position,
    RecorderPosition,
    RiskEvent,
    Run,
    Signal,
    StateChange,
)
from trading.recorder import Recorder
from trading.recorder_batch import UnknownRecordError
from trading.services import runs

pytestmark = pytest.mark.django_db

PROJECTED = (
    *(Alert, Command, Decision, EquityPoint, Fill, LedgerEntry, Leg, Order, OrderEvent),
    *(Plan, PlanEvent, Position, RiskEvent, Signal, StateChange),
)


class KilledError(Exception):
    pass


class DyingRecorder(Recorder):
    """Dies inside the transaction, after everything was written."""

    def _project(self, position: RecorderPosition, records: Sequence[Record]) -> None:
        super()._project(position, records)
        raise KilledError


def snapshot() -> dict[str, list[dict[str, object]]]:
    """Return every projected row, without the numbers a database makes up by itself."""
    return {model.__name__: rows(model) for model in PROJECTED}


def rows(model: type[models.Model]) -> list[dict[str, object]]:
    order = ("plan_id", "number") if model is Leg else ("id",) if model is Command else ("seq",)
    found = list(model._default_manager.order_by(*order).values())
    for row in found:
        if model not in (Command, Decision, Order, Plan, Position, Signal):
            del row["id"]
    return found


def test_every_note_of_a_day_becomes_its_rows(run: Run):
    lines = whole_day()
    written(Path(run.journal_path), lines)

    projected = Recorder(run).catch_up()

    assert projected == len(lines)
    assert {model.__name__: model._default_manager.count() for model in PROJECTED} == {
        **{"Alert": 1, "Command": 1, "Decision": 2, "EquityPoint": 2, "Fill": 3},
        **{"LedgerEntry": 3, "Leg": 1, "Order": 2, "OrderEvent": 7, "Plan": 1},
        **{"PlanEvent": 2, "Position": 1, "RiskEvent": 1, "Signal": 2, "StateChange": 2},
    }


def test_rows_with_a_state_show_the_last_one(run: Run):
    written(Path(run.journal_path), whole_day())

    Recorder(run).catch_up()

    entry = Order.objects.get(client_id="T1E")
    assert (entry.state, entry.filled_quantity, entry.broker_id) == ("FILLED", 75, "BT1E")
    assert entry.average_price == Decimal("14800.10")
    assert Plan.objects.get().state == "CLOSED"
    assert Position.objects.get().gross == Decimal("1518.75")


def test_a_signal_keeps_its_reasons_and_a_missing_number_is_empty(run: Run):
    written(Path(run.journal_path), whole_day())

    Recorder(run).catch_up()

    taken, refused = Signal.objects.order_by("seq")
    assert taken.features == [["range_high", 14788.0], ["age", None]]
    assert taken.contributions[0]["contribution"] == 0.4
    assert taken.target2 is None
    assert taken.traded.key == "NFO:NIFTY21APRFUT"
    assert (refused.why_not, refused.traded) == ("correlated", None)
    assert refused.decisions.get().refusals == ["correlated"]


def test_signals_and_decisions_point_to_the_run_s_configuration(run: Run):
    written(Path(run.journal_path), whole_day())

    Recorder(run).catch_up()

    versions = {*Signal.objects.values_list("config_version", flat=True)}
    assert versions == {*Decision.objects.values_list("config_version", flat=True)}
    assert versions == {run.config_version_id}


def test_an_order_carries_the_lease_its_journal_tells(run: Run):
    written(Path(run.journal_path), whole_day())

    Recorder(run).catch_up()

    assert {*Order.objects.values_list("fencing_token", flat=True)} == {9}


def test_an_order_after_a_second_head_carries_the_new_lease(run: Run):
    day = whole_day(trades=2)
    second = [at for at, line in enumerate(day) if line.kind == "TimerFired"][1]
    day.insert(second, Line("run", {"fencing_token": 10}, incoming=True))
    written(Path(run.journal_path), day)

    Recorder(run, batch_records=7).catch_up()

    tokens = dict(Order.objects.values_list("client_id", "fencing_token"))
    assert tokens == {"T1E": 9, "T1X": 9, "T2E": 10, "T2X": 10}


def test_an_order_after_a_recovery_carries_the_run_s_new_lease(run: Run):
    day = [Line("run", {}, incoming=True), *whole_day(trades=2)[1:]]
    second = [at for at, line in enumerate(day) if line.kind == "TimerFired"][1]
    written(Path(run.journal_path), day[:second])
    Recorder(run).catch_up()
    runs.resume(run=run, fencing_token=8, by="engine")
    written(Path(run.journal_path), day[second:])

    Recorder(run).catch_up()

    tokens = dict(Order.objects.values_list("client_id", "fencing_token"))
    assert tokens == {"T1E": 7, "T1X": 7, "T2E": 8, "T2X": 8}


def test_a_second_pass_finds_nothing(run: Run):
    written(Path(run.journal_path), whole_day())
    Recorder(run).catch_up()
    before = snapshot()

    again = Recorder(run).catch_up()

    assert again == 0
    assert snapshot() == before


def test_a_journal_that_grows_is_followed(run: Run):
    day = whole_day()
    written(Path(run.journal_path), day[:11])
    first = Recorder(run).catch_up()
    written(Path(run.journal_path), day[11:])

    second = Recorder(run).catch_up()

    assert (first, second) == (11, len(day) - 11)
    assert Recorder(run).ended


def test_a_missing_journal_has_no_records(run: Run):
    assert Recorder(run).catch_up() == 0
    assert not Recorder(run).ended


def test_killed_behind_any_record_nothing_is_lost_or_doubled(run: Run):
    day = whole_day(trades=2)
    written(Path(run.journal_path), day)
    whole = _discarded(run, batch_records=5_000)

    for size in range(1, len(day)):
        assert _discarded(run, batch_records=size, dying=True) == whole, f"batches of {size}"


def _discarded(run: Run, *, batch_records: int, dying: bool = False) -> dict[str, object]:
    """Project the journal, dying once before every batch; return the rows and forget them."""
    with transaction.atomic():
        while not Recorder(run).ended:
            if dying:
                with pytest.raises(KilledError):
                    DyingRecorder(run, batch_records=batch_records).project_batch()
            Recorder(run, batch_records=batch_records).project_batch()
        found = snapshot()
        transaction.set_rollback(True)
    return found


def test_a_dead_run_s_journal_gives_equal_rows_once_more(run: Run):
    written(Path(run.journal_path), whole_day())

    first = _discarded(run, batch_records=5_000)

    assert _discarded(run, batch_records=13) == first


def test_records_from_memory_give_the_same_rows_and_may_repeat(run: Run):
    records = list(read_records(written(Path(run.journal_path), whole_day())))
    from_file = _discarded(run, batch_records=5_000)
    recorder = Recorder(run)

    first, second = recorder.project_records(records), recorder.project_records(records)

    assert (first, second) == (len(records), 0)
    assert snapshot() == from_file


def test_an_intent_is_a_row_before_anything_is_known_of_the_order(run: Run):
    day = whole_day()
    upto = next(at for at, line in enumerate(day) if line.kind == "PlaceOrder") + 1
    written(Path(run.journal_path), day[:upto])

    Recorder(run).catch_up()

    intent = Order.objects.get()
    assert (intent.client_id, intent.state, intent.broker_id) == ("T1E", "PLANNED", "")
    assert intent.plan.code == "P1"


def test_a_command_is_marked_taken_and_done(run: Run):
    Command.objects.create(
        **{"id": 1001, "account": run.account, "run": run, "kind": "PAUSE", "issued_by": "asha"},
        **{"issued_at": run.started_at, "reason": "news at noon"},
    )
    written(Path(run.journal_path), whole_day())

    Recorder(run).catch_up()

    command = Command.objects.get()
    assert (command.state, command.outcome) == ("DONE", "entries paused")
    assert command.taken_at is not None
    assert command.issued_at == run.started_at


def test_another_run_s_command_of_the_same_id_stays_as_it_is(run: Run):
    other = RunFactory()
    Command.objects.create(
        **{"id": 1001, "account": other.account, "run": other, "kind": "RESUME"},
        **{"issued_by": "ravi", "issued_at": other.started_at, "reason": "all clear"},
    )
    written(Path(run.journal_path), whole_day())

    Recorder(run).catch_up()

    command = Command.objects.get()
    assert (command.run, command.state, command.taken_at) == (other, "PENDING", None)


def test_a_command_written_back_leaves_room_for_the_next_one(run: Run):
    written(Path(run.journal_path), whole_day())
    Recorder(run).catch_up()

    later = Command.objects.create(
        account=run.account, run=run, kind="PAUSE", issued_by="asha", issued_at=run.started_at
    )

    assert later.pk > 1001


def test_an_unknown_note_stops_the_recorder_and_leaves_no_row(run: Run):
    written(Path(run.journal_path), [*whole_day()[:5], Line("SomethingNoted", {})])

    with pytest.raises(UnknownRecordError, match="SomethingNoted: record 6"):
        Recorder(run).catch_up()

    assert LedgerEntry.objects.count() == 0


def test_an_instrument_without_a_row_is_named(run: Run):
    Instrument.objects.filter(kind="FUT").delete()
    written(Path(run.journal_path), whole_day())

    with pytest.raises(UnknownInstrumentError, match="NFO:NIFTY21APRFUT: no row"):
        Recorder(run).catch_up()


def test_a_trade_told_twice_by_the_journal_is_refused_by_the_database(run: Run):
    day = whole_day()
    fill = next(line for line in day if line.kind == "FillNoted")
    written(Path(run.journal_path), [*day, fill])

    with pytest.raises(Exception, match="fill_trade_unique"):
        Recorder(run).catch_up()

    assert Fill.objects.count() == 0


def test_the_books_of_the_day_add_up(run: Run):
    written(Path(run.journal_path), whole_day(trades=3))

    Recorder(run).catch_up()

    assert selectors.ledger_gap(run) == 0
    assert LedgerEntry.objects.order_by("seq").last().balance == Decimal("1004383.99")
