from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.ran_day import RanDay
from trading.broadcast import DeskState, facts_of, state_from_rows, tape_of
from trading.journal import read_records
from trading.models import Run
from trading.recorder import Recorder

pytestmark = pytest.mark.django_db


def from_journal(run: Run) -> dict[str, object]:
    """Return the state the recorder would show at the end of the run's journal."""
    tape = tape_of(run)
    state = DeskState(facts_of(run, tape))
    for record in read_records(Path(run.journal_path)):
        if record.kind == "MarketStep":
            state.prices(tape.frame(record.body["frame"]))
        state.take(record)
    return state.document()


def copied(day: RanDay, run: Run, upto: str = "", share: float = 1.0) -> None:
    """Give the run the first part of the day's journal."""
    lines = day.journal.read_bytes().splitlines(keepends=True)
    Path(run.journal_path).write_bytes(b"".join(lines[: int(len(lines) * share)]))


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_rows_tell_the_state_that_the_journal_told(day, made_run, share):
    copied(day, made_run, share=share)
    Recorder(made_run).catch_up()

    rebuilt, told = state_from_rows(made_run), from_journal(made_run)

    for name in ("run", "trading_state", "blocked_by", "fills", "equity", "events", "strategies"):
        assert rebuilt[name] == told[name], name
    assert [entry["id"] for entry in rebuilt["positions"]] == [e["id"] for e in told["positions"]]
    assert_close(rebuilt["orders"], told["orders"])
    assert_close(rebuilt["signals"], told["signals"])


def test_positions_and_money_agree_when_rows_and_journal_are_level(day, made_run):
    copied(day, made_run)
    Recorder(made_run).catch_up()
    Run.objects.filter(pk=made_run.pk).update(state="FINISHED", ended_at=made_run.started_at)

    rebuilt = state_from_rows(Run.objects.get(pk=made_run.pk))

    told = from_journal(made_run)
    assert len(told["positions"]) > 1
    assert_close(rebuilt["positions"], told["positions"])
    assert_close([rebuilt["account"]], [told["account"]])
    assert rebuilt["watch"] == told["watch"]
    assert rebuilt["run"]["state"] == "FINISHED"
    assert rebuilt["at"] == told["at"]


def test_prices_are_those_of_the_moment_the_rows_know_not_of_the_day_s_end(day, made_run):
    copied(day, made_run, share=0.4)
    Recorder(made_run).catch_up()

    early = state_from_rows(made_run)

    assert early["health"]["feed"]["at"] <= early["at"]
    assert early["watch"] != from_journal_of(day)["watch"]


def from_journal_of(day: RanDay) -> dict[str, object]:
    state = DeskState(day.facts())
    for frame in day.tape.frames():
        state.prices(frame)
    return state.document()


def test_a_run_without_rows_has_a_state_too(made_run):
    state = state_from_rows(made_run)

    assert (state["sequence"], state["positions"], state["at"]) == (0, [], None)
    assert state["account"]["equity"] == 1_000_000


def test_a_run_without_a_tape_has_a_state_without_prices(day, made_run):
    copied(day, made_run, share=0.5)
    Recorder(made_run).catch_up()
    made_run.tape_path = "/nowhere/at/all.tape"

    state = state_from_rows(made_run)

    assert state["watch"] == []
    assert state["orders"]


def test_the_rebuilt_state_is_plain_json(day, made_run):
    copied(day, made_run, share=0.5)
    Recorder(made_run).catch_up()

    state = state_from_rows(made_run)

    assert msgspec.json.decode(msgspec.json.encode(state)) == state


def assert_close(found: object, wanted: object, place: str = "") -> None:
    """Assert that two documents agree; the database rounds numbers at the sixth decimal."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys(), place
        for name, value in wanted.items():
            assert_close(found[name], value, f"{place}.{name}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), place
        for number, (one, other) in enumerate(zip(found, wanted, strict=True)):
            assert_close(one, other, f"{place}[{number}]")
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, abs=2e-6), place
    else:
        assert found == wanted, place
