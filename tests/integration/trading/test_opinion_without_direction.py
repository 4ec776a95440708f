from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from tests.integration.trading.journal_day import Line, whole_day, written
from trading.engine.actions import SignalNoted
from trading.models import Run, Signal
from trading.recorder import Recorder

pytestmark = pytest.mark.django_db


def without_direction(line: Line) -> Line:
    """Return the line with its opinion, if it has one, left without a direction."""
    body = line.body
    if not isinstance(body, SignalNoted):
        return line
    price = body.entry
    flat = structs.replace(body, direction=0, stop=price, target1=price, target2=price)
    return replace(line, body=flat)


def test_an_opinion_without_a_direction_becomes_its_row(run: Run) -> None:
    written(Path(run.journal_path), [without_direction(line) for line in whole_day()])

    Recorder(run).catch_up()

    found = Signal.objects.filter(run=run)
    assert found.exists()
    assert {(row.direction, row.stop == row.entry) for row in found} == {(0, True)}
