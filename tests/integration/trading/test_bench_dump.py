"""A real-size dump is taken over in time, and the measuring itself leaves nothing behind."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from marketdata.calendar import Calendar
from marketdata.made_dump import REAL_SIZE, made_dump
from trading.bench_dump import DAY
from trading.models import Instrument

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_a_real_size_dump_is_taken_over_within_fifteen_seconds(tmp_path: Path):
    for exchange, raw in made_dump(DAY, Calendar.load(), REAL_SIZE).items():
        (tmp_path / f"{exchange}.csv").write_bytes(raw)
    told = StringIO()

    call_command("bench_dump", take=tmp_path, stdout=told)

    (_, rows, _), (_, first, _), (_, again, _), (_, peak, unit) = json.loads(told.getvalue())
    assert rows > 115_000
    assert again > 0
    assert first < 15
    assert (peak > 0, unit) == (True, "MiB")
    assert not Instrument.objects.exists()
