"""What a plan of several legs can come to, on its page."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from backoffice.admin.shown import address
from tests.factories import DAY, RunFactory
from tests.integration.trading.journal_day import FUTURE, INDEX, several_legs, whole_day, written
from trading.models import Plan
from trading.recorder import Recorder
from trading.services.instruments import sync


@pytest.fixture
def whole(db: None, tmp_path: Path) -> Plan:
    """Return the plan of several legs of a recorded day."""
    sync(instruments=[FUTURE, INDEX], on=DAY, source="tests")
    run = RunFactory(mode="PAPER", journal_path=str(tmp_path / "day.journal"))
    *day, ended = whole_day(trades=1)
    written(Path(run.journal_path), [*day, *several_legs(), ended])
    Recorder(run).catch_up()
    return Plan.objects.get(code="W1")


def page_of(client: Client, plan: Plan) -> str:
    answer = client.get(address(plan))
    assert answer.status_code == 200
    return answer.content.decode()


def test_bounds_break_evens_chance_greeks_and_the_gate_s_numbers_are_told(
    viewer: Client, whole: Plan
):
    page = page_of(viewer, whole)

    for told in ("What it can come to", "IRON_CONDOR", "14,640.00, 14,960.00", "60%", "3.5"):
        assert told in page
    for figure in ("Largest loss a unit", "Costs both ways", "Margin", "Risk at the stop"):
        assert figure in page


def test_each_leg_is_told_with_what_it_was_chosen_at(viewer: Client, whole: Plan):
    page = page_of(viewer, whole)

    for told in ("Chosen at", "14,800.25", "12.50%", "20.05"):
        assert told in page


def test_a_bound_that_is_none_and_legs_that_nobody_read_are_told_as_such(
    viewer: Client, whole: Plan
):
    whole.outlook |= {"max_loss": None, "probability_of_profit": None, "readings": []}
    whole.save()

    page = page_of(viewer, whole)

    assert "without a known bound" in page
    assert "Chosen at" not in page


def test_a_plan_of_one_leg_has_no_such_panel(viewer: Client, whole: Plan):
    assert "What it can come to" not in page_of(viewer, Plan.objects.get(code="A1"))
