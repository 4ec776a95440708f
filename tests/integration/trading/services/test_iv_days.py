"""Volatility taken from a day's tape in the evening and laid beside another's in the morning."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketdata.calendar import IST
from marketdata.options.iv_file import read_histories
from marketdata.options.iv_history import IvDay as StoredDay
from marketdata.tape import TapeReader
from tests.factories import RunFactory
from trading.made_days import make_day
from trading.models import IvDay, Run
from trading.services.iv_days import histories_before, keep_histories, store_volatility
from trading.services.task_runs import Occasion

DAY = date(2026, 10, 7)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    return make_day(3, DAY, folder, seconds_per_tick=60, options=True).tape_path


def evening(run: Run) -> Occasion:
    due = datetime(2026, 10, 7, 15, 55, tzinfo=IST)
    return Occasion(name="store_volatility", due_at=due, at=due, run=run, safety=False)


def stored(day: date, level: float, *, underlying: str = "NIFTY", source: str = "kite") -> IvDay:
    return IvDay.objects.create(
        day=day,
        underlying=underlying,
        source=source,
        volatility=level,
        expiries=[],
        taken_at=timezone.now(),
    )


def test_a_day_with_options_leaves_a_row_for_each_underlying(tape):
    run = RunFactory(date=DAY, tape_path=str(tape), source="synthetic")

    result = store_volatility(evening(run))

    rows = {row.underlying: row for row in IvDay.objects.all()}
    assert set(rows) == {"NIFTY", "BANKNIFTY"}
    assert result.outcome == "DONE"
    assert f"NIFTY {rows['NIFTY'].volatility:.1%}" in result.detail
    assert 0.08 < rows["NIFTY"].volatility < 0.25
    assert [round(point["years"] * 365) for point in rows["NIFTY"].expiries] == [6, 20]
    assert (rows["NIFTY"].run, rows["NIFTY"].source) == (run, "synthetic")


def test_taken_twice_it_is_stored_once(tape):
    run = RunFactory(date=DAY, tape_path=str(tape), source="synthetic")

    assert store_volatility(evening(run)) == store_volatility(evening(run))

    assert IvDay.objects.count() == 2


def test_a_day_without_options_stores_nothing(tmp_path):
    built = make_day(3, DAY, tmp_path, seconds_per_tick=60)
    run = RunFactory(date=DAY, tape_path=str(built.tape_path))

    assert store_volatility(evening(run)).detail.endswith("no options are told")
    assert not IvDay.objects.exists()


def test_a_day_without_a_session_is_left_out():
    run = RunFactory(date=DAY, tape_path="")

    assert store_volatility(evening(run)).outcome == "SKIPPED"


def test_only_days_before_and_of_the_same_source_are_histories():
    for back, level in ((1, 0.12), (2, 0.13), (3, 0.14)):
        stored(DAY - timedelta(days=back), level)
    stored(DAY, 0.5)
    stored(DAY - timedelta(days=1), 0.9, source="synthetic")
    stored(DAY - timedelta(days=1), 0.2, underlying="BANKNIFTY")

    found = histories_before(DAY, "kite")

    assert found == {
        "BANKNIFTY": (StoredDay(DAY - timedelta(days=1), 0.2),),
        "NIFTY": tuple(
            StoredDay(DAY - timedelta(days=back), level)
            for back, level in ((3, 0.14), (2, 0.13), (1, 0.12))
        ),
    }


def test_what_lies_beside_a_tape_stays_as_it_was(tmp_path):
    stored(DAY - timedelta(days=1), 0.12)
    assert keep_histories(tmp_path / "day.warmup", day=DAY, source="kite")
    stored(DAY - timedelta(days=2), 0.13)

    assert keep_histories(tmp_path / "day.warmup", day=DAY, source="kite")

    assert read_histories(tmp_path / "day.warmup") == {
        "NIFTY": (StoredDay(DAY - timedelta(days=1), 0.12),)
    }


def test_where_nothing_is_known_nothing_is_laid_down(tmp_path):
    assert not keep_histories(tmp_path / "day.warmup", day=DAY, source="kite")
    assert not (tmp_path / "day.warmup").exists()


def test_a_made_day_brings_its_own(tape):
    before = read_histories(tape.with_suffix(".warmup"))

    assert {name: len(days) for name, days in before.items()} == {"BANKNIFTY": 60, "NIFTY": 60}
    assert TapeReader(tape).head.date > before["NIFTY"][-1].day


def test_the_database_refuses_an_impossible_volatility():
    with pytest.raises(IntegrityError, match="iv_day_possible"), transaction.atomic():
        stored(DAY, -0.1)
