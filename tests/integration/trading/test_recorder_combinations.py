"""A plan of several legs in rows: the whole, its legs, and how they are counted."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.integration.trading.journal_day import FUTURE, Line, several_legs, whole_day, written
from trading.engine import actions
from trading.models import Plan, Run
from trading.recorder import Recorder
from trading.selectors import plans_by_strategy
from trading.selectors_structures import structure_trips
from trading.services.day_report import figures

pytestmark = pytest.mark.django_db


def combined_day() -> list[Line]:
    *day, ended = whole_day()
    moved = actions.PlanMoved(several_legs()[0].body.at, "W1", "OPEN", "")
    return [*day, *several_legs(), Line("PlanMoved", moved), ended]


def test_each_leg_names_the_plan_it_belongs_to(run: Run):
    written(Path(run.journal_path), combined_day())

    Recorder(run).catch_up()

    whole = Plan.objects.get(code="W1")
    assert (whole.kind, whole.combination, whole.state) == ("IRON_CONDOR", None, "OPEN")
    assert whole.outlook["break_evens"] == [14640.0, 14960.0]
    assert whole.outlook["vega"] is None
    assert [leg["touch"] for leg in whole.outlook["readings"]] == [14800.0, 20.05]
    assert [leg.code for leg in whole.combined.order_by("code")] == ["A1", "B1"]
    assert [leg.side for leg in whole.legs.order_by("number")] == ["SELL", "BUY"]
    assert {leg.decision_id for leg in whole.combined.all()} == {whole.decision_id}
    assert Plan.objects.get(code="P1").combination is None


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_newest_measure_of_a_plan_stays_beside_its_outlook(run: Run, size: int):
    *day, ended = combined_day()
    later = actions.CombinationMeasured(several_legs()[0].body.at, "W1", 58.5, 58.5, -0.2, 1.1)
    written(Path(run.journal_path), [*day, Line("CombinationMeasured", later), ended])

    Recorder(run, batch_records=size).catch_up()

    told = Plan.objects.get(code="W1").outlook
    assert {name: told["measured"][name] for name in ("entry", "stop", "mae_r", "mfe_r")} == {
        "entry": 58.5,
        "stop": 58.5,
        "mae_r": -0.2,
        "mfe_r": 1.1,
    }
    assert told["break_evens"] == [14640.0, 14960.0]


def held(code: str, gross: str) -> Line:
    """Return the note of a leg that was opened and closed again."""
    at = several_legs()[0].body.at
    note = actions.PositionNoted(
        at=at,
        position_id=code,
        plan_id=code,
        strategy="iron-condor",
        instrument=FUTURE.key,
        direction=-1,
        quantity=0,
        opened_quantity=75,
        average_entry=Decimal("14800.10"),
        average_exit=Decimal("14790.10"),
        stop=None,
        protected=0,
        gross=Decimal(gross),
        charges=Decimal("10.50"),
        mae_r=0.0,
        mfe_r=0.0,
        state="CLOSED",
        exit_reason="TARGET2",
        opened_at=at,
        closed_at=at,
    )
    return Line("PositionNoted", note)


def test_the_day_s_report_tells_what_all_legs_came_to(run: Run):
    *day, ended = combined_day()
    written(Path(run.journal_path), [*day, held("A1", "750.00"), held("B1", "-200.00"), ended])
    Recorder(run).catch_up()

    told = figures(run)

    (plan,) = told["combinations"]
    assert (plan["code"], plan["kind"]) == ("W1", "IRON_CONDOR")
    assert plan["net_inr"] == Decimal("529.00")
    assert (plan["gross_inr"], plan["charges_inr"]) == (Decimal("550.00"), Decimal("21.00"))
    assert [leg["code"] for leg in plan["legs"]] == ["A1", "B1"]
    assert {leg["exit"] for leg in plan["legs"]} == {Decimal("14790.10")}
    assert told["round_trips"]["all"] == told["trades"] - 1
    of = {row["code"]: row["combination"] for row in told["positions"]}
    assert of == {"Q1": "", "A1": "W1", "B1": "W1"}


def test_a_round_trip_of_several_legs_is_told_in_one_line_with_its_legs(run: Run):
    *day, ended = combined_day()
    written(Path(run.journal_path), [*day, held("A1", "750.00"), held("B1", "-200.00"), ended])
    Recorder(run).catch_up()

    (trip,) = structure_trips(run)

    assert trip.quantity == 75
    assert trip.entry == 2 * Decimal("14800.1") * -trip.direction
    assert "IRON_CONDOR x 75" in trip.told
    assert "gross 550.00, charges 21.00, net 529.00 INR" in trip.told
    assert trip.told.count(FUTURE.key) == 2


def test_a_plan_of_several_legs_counts_as_one(run: Run):
    written(Path(run.journal_path), combined_day())

    Recorder(run).catch_up()

    assert plans_by_strategy(run) == {"iron-condor": 1, "opening-range": 1}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_legs_are_tied_wherever_a_batch_ends(run: Run, size: int):
    written(Path(run.journal_path), combined_day())

    Recorder(run, batch_records=size).catch_up()

    assert {leg.code for leg in Plan.objects.filter(combination__code="W1")} == {"A1", "B1"}
