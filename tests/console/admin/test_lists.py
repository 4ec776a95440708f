"""Lists: open things first, today's run unless asked, totals, and no query for each row."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice.admin.shown import list_address
from tests.console.admin.conftest import recorded
from tests.factories import RunFactory
from trading.models import (
    Alert,
    AuditEntry,
    Command,
    Decision,
    EquityPoint,
    Fill,
    LedgerEntry,
    Leg,
    Order,
    OrderEvent,
    Plan,
    PlanEvent,
    Position,
    RiskEvent,
    Run,
    Signal,
    StateChange,
)

LISTS = (
    *(Signal, Decision, Plan, Leg, Order, OrderEvent, PlanEvent, Fill, Position),
    *(LedgerEntry, EquityPoint, RiskEvent, Alert, Command, AuditEntry, StateChange),
)


def queries(client: Client, model: type) -> int:
    client.get(list_address(model))
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(list_address(model)).status_code == 200
    return len(found)


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
def test_a_longer_list_costs_no_more_queries(model, db, tmp_path: Path, viewer: Client):
    run = recorded(tmp_path, trades=2)
    short = queries(viewer, model)
    Run.objects.filter(pk=run.pk).update(state="FINISHED", ended_at=run.started_at)
    (tmp_path / "longer").mkdir()
    _longer(run, tmp_path / "longer")

    long = queries(viewer, model)

    assert long <= short + 1
    assert long < 25


def _longer(run: Run, folder: Path) -> None:
    """Record a day of ten trades as a newer run of the same account."""
    from datetime import timedelta

    from tests.integration.trading.journal_day import whole_day, written
    from trading.recorder import Recorder

    newer = RunFactory(
        account=run.account,
        config_version=run.config_version,
        mode="PAPER",
        started_at=run.started_at + timedelta(hours=1),
        journal_path=str(folder / "run.journal"),
    )
    lines = [line for line in whole_day("U", trades=10) if line.kind != "CommandIssued"]
    written(Path(newer.journal_path), [line for line in lines if line.kind != "CommandDone"])
    Recorder(newer).catch_up()


def test_the_first_page_costs_as_much_on_a_longer_day(db, tmp_path: Path, viewer: Client):
    run = recorded(tmp_path, trades=2)
    viewer.get("/admin/")
    with CaptureQueriesContext(connection) as short:
        viewer.get("/admin/")
    Run.objects.filter(pk=run.pk).update(state="FINISHED", ended_at=run.started_at)
    (tmp_path / "longer").mkdir()
    _longer(run, tmp_path / "longer")

    with CaptureQueriesContext(connection) as long:
        viewer.get("/admin/")

    assert len(long) <= len(short)


def test_open_positions_and_working_orders_come_first(db, tmp_path: Path, viewer: Client):
    run = recorded(tmp_path, trades=3)
    Position.objects.filter(code="Q1").update(state="OPEN", quantity=75)
    Order.objects.filter(client_id="T1X").update(state="OPEN")

    positions = viewer.get(list_address(Position)).context_data["cl"].result_list
    orders = viewer.get(list_address(Order)).context_data["cl"].result_list

    assert next(row.code for row in positions) == "Q1"
    assert next(row.client_id for row in orders) == "T1X"
    assert Run.objects.get() == run


def test_a_list_shows_today_s_run_unless_another_is_chosen(run: Run, viewer: Client):
    other = RunFactory(account=run.account, config_version=run.config_version, mode="REPLAY")
    Position.objects.update(run=other)

    counts = {
        asked: viewer.get(f"{list_address(Position)}{asked}").context_data["cl"].result_count
        for asked in ("", "?run=all", f"?run={other.pk}", f"?run={run.pk}", "?q=Q1", "?run=x")
    }

    assert counts == {
        "": 0,
        "?run=all": 1,
        f"?run={other.pk}": 1,
        f"?run={run.pk}": 0,
        "?q=Q1": 1,
        "?run=x": 0,
    }


def test_the_stages_of_positions_and_orders_can_be_chosen(open_run: Run, viewer: Client):
    counts = {
        (model.__name__, stage): viewer.get(list_address(model, stage=stage))
        .context_data["cl"]
        .result_count
        for model, stages in (
            (Position, ("open", "over")),
            (Order, ("working", "unknown", "final")),
        )
        for stage in stages
    }

    assert counts[("Position", "open")] == 1
    assert counts[("Position", "over")] == 0
    assert counts[("Order", "working")] == 1
    assert counts[("Order", "unknown")] == 0
    assert counts[("Order", "final")] == 1


def test_positions_are_added_up(run: Run, viewer: Client):
    totals = viewer.get(list_address(Position)).context_data["totals"]

    told = {figure.label: str(figure.value) for figure in totals}
    assert told["Open"] == "0"
    assert "+1,518.75" in told["Gross, realised"]
    assert told["Charges"] == "57.42"
    assert "+1,461.33" in told["Net"]


def test_fills_are_added_up_with_their_slippage(run: Run, viewer: Client):
    totals = viewer.get(list_address(Fill)).context_data["totals"]

    told = {figure.label: figure.value for figure in totals}
    assert told == {
        "Bought": "11,10,007.50",
        "Sold": "11,11,526.25",
        "Slippage against expected": "+7.50",
    }


def test_the_books_are_added_up(run: Run, viewer: Client):
    totals = viewer.get(list_address(LedgerEntry)).context_data["totals"]

    assert [str(figure.value) for figure in totals][1] == "57.42"


def test_the_policy_is_looser_in_the_admin_only(db, viewer: Client):
    pages = [viewer.get("/admin/"), Client().get("/admin/login/"), viewer.get("/login/")]

    policies = [page.headers["Content-Security-Policy"] for page in pages]
    assert ["'unsafe-eval'" in policy for policy in policies] == [True, True, False]
    assert ["'unsafe-inline'" in policy for policy in policies] == [True, True, False]
    assert all("script-src" in policy for policy in policies)
    assert not any("'unsafe-inline'" in _script_part(policy) for policy in policies)


def _script_part(policy: str) -> str:
    return next(part for part in policy.split(";") if part.strip().startswith("script-src"))
