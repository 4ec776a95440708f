"""Plans of several legs in the API: what was planned, what became of the legs, and filters."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from backoffice.admin.run_figures import figures_of
from backoffice.admin.today import by_strategy
from backoffice.api import structures
from tests.factories import DAY, RunFactory
from tests.integration.trading.journal_day import (
    FUTURE,
    INDEX,
    Line,
    several_legs,
    whole_day,
    written,
)
from trading.broadcast import state_from_rows
from trading.engine import actions
from trading.models import Plan, Run
from trading.recorder import Recorder
from trading.services.instruments import sync


def held(code: str, direction: int, prices: tuple[str, str | None], gross: str) -> Line:
    """Return the note of a leg of one lot that was opened, and closed where it has a way out."""
    at = several_legs()[0].body.at
    entry, out = prices
    note = actions.PositionNoted(
        at=at,
        position_id=code,
        plan_id=code,
        strategy="iron-condor",
        instrument=FUTURE.key,
        direction=direction,
        quantity=0 if out else 75 * direction,
        opened_quantity=75,
        average_entry=Decimal(entry),
        average_exit=Decimal(out) if out else None,
        stop=None,
        protected=0,
        gross=Decimal(gross),
        charges=Decimal("10.50"),
        mae_r=0.0,
        mfe_r=0.0,
        state="CLOSED" if out else "OPEN",
        exit_reason="TARGET2" if out else "",
        opened_at=at,
        closed_at=at if out else None,
    )
    return Line("PositionNoted", note)


def lived(path: Path, *more: Line) -> Run:
    sync(instruments=[FUTURE, INDEX], on=DAY, source="tests")
    run = RunFactory(mode="PAPER", journal_path=str(path / "day.journal"))
    *day, ended = whole_day(trades=1)
    written(Path(run.journal_path), [*day, *several_legs(), *more, ended])
    Recorder(run).catch_up()
    return run


@pytest.fixture
def combined(db: None, tmp_path: Path) -> Run:
    """Return a day with one plan of several legs that was entered and left."""
    return lived(
        tmp_path,
        held("A1", -1, ("14800.10", "14790.10"), "750.00"),
        held("B1", 1, ("20.00", "17.50"), "-187.50"),
        Line("PlanMoved", actions.PlanMoved(several_legs()[0].body.at, "W1", "OPEN", "")),
        Line("PlanMoved", actions.PlanMoved(several_legs()[0].body.at, "W1", "CLOSING", "T")),
        Line("PlanMoved", actions.PlanMoved(several_legs()[0].body.at, "W1", "CLOSED", "TARGET2")),
    )


def rows(client, **query):
    answer = client.get("/api/v1/structures", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_only_plans_of_several_legs_are_told_and_each_once(viewer, combined):
    (told,) = rows(viewer)

    assert (told["code"], told["kind"], told["strategy"]) == ("W1", "IRON_CONDOR", "iron-condor")
    assert (told["direction"], told["state"], told["reason"]) == ("SHORT", "CLOSED", "TARGET2")
    assert (Decimal(told["entry"]), Decimal(told["stop"])) == (60, 90)
    assert Plan.objects.filter(run=combined).count() > 3


def test_it_tells_what_it_can_come_to_and_what_the_gate_counted(viewer, combined):
    (told,) = rows(viewer)
    decision = Plan.objects.get(code="W1").decision

    assert told["outlook"]["max_loss"] == 40.0
    assert told["outlook"]["break_evens"] == [14640.0, 14960.0]
    assert told["outlook"]["vega"] is None
    assert told["outlook"]["measured"]["mfe_r"] == 0.6
    assert [leg["delta"] for leg in told["outlook"]["readings"]] == [0.5, None]
    assert Decimal(told["risk_inr"]) == decision.risk_inr
    assert Decimal(told["margin_inr"]) == decision.margin_inr
    assert Decimal(told["expected_costs_inr"]) == decision.expected_costs_inr
    assert told["signal"] == str(decision.signal_id)
    assert told["opinion_on"] == decision.signal.instrument.key


def test_its_legs_are_told_as_planned_and_as_traded(viewer, combined):
    (told,) = rows(viewer)

    assert [(leg["side"], leg["quantity"]) for leg in told["legs"]] == [("SELL", 75), ("BUY", 75)]
    trip = told["trip"]
    assert [(leg["code"], leg["direction"]) for leg in trip["legs"]] == [
        ("A1", "SHORT"),
        ("B1", "LONG"),
    ]
    assert (Decimal(trip["gross"]), Decimal(trip["charges"])) == (Decimal("562.50"), 21)
    assert Decimal(trip["net"]) == Decimal("541.50")
    assert Decimal(trip["entry"]) == Decimal("14800.10") - 20
    assert Decimal(trip["exit"]) == Decimal("14790.10") - Decimal("17.50")


def test_a_plan_whose_legs_hold_nothing_has_no_trip(viewer, tmp_path):
    lived(tmp_path)

    (told,) = rows(viewer)

    assert (told["trip"], told["live"]) == (None, None)


def test_a_leg_still_held_leaves_the_way_out_open(viewer, tmp_path):
    lived(
        tmp_path,
        held("A1", -1, ("14800.10", "14790.10"), "750.00"),
        held("B1", 1, ("20.00", None), "0.00"),
    )

    (told,) = rows(viewer)

    assert (told["trip"]["exit"], told["trip"]["closed_at"]) == (None, None)


def test_one_is_found_by_its_id(viewer, combined):
    (listed,) = rows(viewer)

    alone = viewer.get(f"/api/v1/structures/{listed['id']}")

    assert (alone.status_code, alone.json()) == (200, listed)


def test_a_leg_s_plan_is_none_of_its_own_here(viewer, combined):
    leg = Plan.objects.get(code="A1")

    assert viewer.get(f"/api/v1/structures/{leg.pk}").status_code == 404


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"open": "true"}, 0),
        ({"open": "false"}, 1),
        ({"state": ["CLOSED", "OPEN"]}, 1),
        ({"kind": "IRON_CONDOR"}, 1),
        ({"kind": "CALENDAR"}, 0),
        ({"strategy": "iron-condor"}, 1),
        ({"strategy": "opening-range"}, 0),
        ({"instrument": FUTURE.key}, 1),
        ({"instrument": "NFO:NIFTY21MAYFUT"}, 0),
        ({"run": "all"}, 1),
        ({"run": "another"}, 0),
        ({"ordering": "-decided_at"}, 1),
    ],
)
def test_filters_leave_what_was_asked_for(viewer, combined, query, count: int):
    assert len(rows(viewer, **query)) == count


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"kind": "RATIO"}, "kind"),
        ({"ordering": "luck"}, "ordering"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_by_name(viewer, combined, query, field: str):
    answer = viewer.get("/api/v1/structures", query)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


def test_the_running_desk_adds_what_it_knows_of_now():
    known = {"unrealised": 120.5, "net": 99.5, "r": 0.3, "stop_now": 85.0, "gross": 1.0}
    shown = structures.StructureOutput(context={"live": {"W1": known}})

    assert shown.get_live(Plan(code="W1")) == {
        "unrealised": 120.5,
        "net": 99.5,
        "r": 0.3,
        "stop_now": 85.0,
    }
    assert shown.get_live(Plan(code="W2")) is None


def test_a_list_costs_the_same_number_of_queries_however_long(
    viewer, combined, django_assert_max_num_queries
):
    with django_assert_max_num_queries(15):
        rows(viewer)


def test_all_legs_of_a_plan_are_one_trade_on_the_first_page_as_on_the_live_page(combined: Run):
    told = {row.cells[0]: row.cells[1:] for row in by_strategy(combined).rows}
    live = {row["name"]: row for row in state_from_rows(combined)["strategies"]}

    assert told["iron-condor"][0] == 1
    assert {name: tuple(row[:2]) for name, row in told.items()} == {
        name: (row["trades"], row["wins"]) for name, row in live.items()
    }


def test_a_session_that_is_over_is_not_told_to_allow_entries(combined: Run):
    assert figures_of(combined)[0].note.startswith("entries allowed")

    combined.state = "FINISHED"

    assert figures_of(combined)[0].note == "as the session ended"
