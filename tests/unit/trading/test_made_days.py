from __future__ import annotations

from datetime import date
from pathlib import Path

from trading.made_days import DATES, make_day


def test_the_same_seed_and_date_make_the_same_day(tmp_path: Path):
    first, second = (
        make_day(3, date(2026, 10, 6), tmp_path / name, seconds_per_tick=60)
        for name in ("first", "second")
    )

    assert first.sha256 == second.sha256
    assert first.tape_path.read_bytes() == second.tape_path.read_bytes()


def test_another_seed_makes_another_day(tmp_path: Path):
    days = {
        make_day(seed, date(2026, 10, 6), tmp_path / str(seed), seconds_per_tick=60).sha256
        for seed in (3, 4)
    }

    assert len(days) == 2


def test_the_week_is_five_days_on_end():
    assert [(day - DATES[0]).days for day in DATES] == [0, 1, 2, 3, 4]
