from __future__ import annotations

from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import RunFactory
from tests.integration.trading.journal_day import whole_day, written
from trading import selectors
from trading.models import Fill, LedgerEntry, Order, Run
from trading.recorder import Recorder
from trading.selectors import RunCounts, UnknownOrderError

pytestmark = pytest.mark.django_db


def project(run: Run, records: int | None = None, trades: int = 1) -> Run:
    written(Path(run.journal_path), whole_day(trades=trades)[:records])
    Recorder(run).catch_up()
    return run


def upto(kind: str, number: int) -> int:
    """Return how many records there are up to the `number`th of a kind."""
    at = [at for at, line in enumerate(whole_day()) if line.kind == kind]
    return at[number - 1] + 1


@pytest.mark.parametrize("order_id", ["T1X", "BT1X"])
def test_the_chain_leads_from_an_order_to_its_configuration(run: Run, order_id: str):
    project(run)

    found = selectors.chain(order_id)

    assert found.order.client_id == "T1X"
    assert [trade.trade_id for trade in found.trades] == ["T1X-1"]
    assert [event.event for event in found.events] == ["sent", "open", "filled"]
    assert [booking.kind for booking in found.bookings] == ["REALISED", "BROKERAGE"]
    assert (found.plan.code, found.decision.code, found.signal.code) == ("P1", "DS1", "S1")
    assert found.config_version == run.config_version


def test_every_trade_of_a_day_has_a_whole_chain(run: Run):
    project(run, trades=3)

    chains = [selectors.chain(fill.order.client_id) for fill in Fill.objects.all()]

    assert len(chains) == 9
    assert all(found.plan and found.decision and found.signal for found in chains)


def test_an_order_without_a_plan_still_shows_the_run_s_configuration(run: Run):
    project(run)
    Order.objects.filter(client_id="T1X").update(plan=None)

    found = selectors.chain("T1X")

    assert (found.plan, found.decision, found.signal) == (None, None, None)
    assert found.config_version == run.config_version


def test_an_unknown_order_is_named(run: Run):
    project(run)

    for order_id in ("T9E", ""):
        with pytest.raises(UnknownOrderError, match=f"'{order_id}': unknown"):
            selectors.chain(order_id)


def test_a_broker_id_of_two_orders_asks_for_the_client_id(run: Run):
    project(run)
    Order.objects.update(broker_id="77")

    with pytest.raises(UnknownOrderError, match="T1E, T1X; ask by client id"):
        selectors.chain("77")


def test_the_chain_s_command_prints_a_tree(run: Run):
    project(run)
    out = StringIO()

    call_command("chain", "T1E", stdout=out)

    tree = out.getvalue()
    assert "order T1E: ENTRY BUY 75 NFO:NIFTY21APRFUT LIMIT, FILLED, 75 filled" in tree
    assert "├─ trade T1E-1: BUY 25 at ₹14800.10" in tree
    assert "└─ plan P1: opening-range, CLOSED TARGET" in tree
    assert "   └─ decision DS1: approved, 75 units, risk ₹2250.00, 1 of 1 rules passed" in tree
    assert "      └─ signal S1: opening-range LONG NSE:NIFTY 50" in tree
    assert f"         └─ config {run.config_version}" in tree


def test_the_chain_s_command_says_when_there_is_no_plan(run: Run):
    project(run)
    Order.objects.filter(client_id="T1X").update(plan=None)
    out = StringIO()

    call_command("chain", "T1X", stdout=out)

    assert "no plan: sent without a decision of its own" in out.getvalue()


def test_the_chain_s_command_fails_for_an_unknown_order():
    with pytest.raises(CommandError, match="unknown") as caught:
        call_command("chain", "NOPE")

    assert caught.value.returncode == 2


def test_the_recorder_s_command_projects_and_fails_for_an_unknown_run(run: Run):
    written(Path(run.journal_path), whole_day())
    out = StringIO()

    call_command("record", run=run.code, follow=True, stdout=out)

    assert f"{run.code}: {len(whole_day())} records projected" in out.getvalue()
    with pytest.raises(CommandError, match="unknown") as caught:
        call_command("record", run="NOPE")
    assert caught.value.returncode == 2


def test_a_finished_day_is_counted(run: Run):
    project(run, trades=2)

    assert selectors.counts(run) == RunCounts(
        signals=4, decisions=4, approved=2, trades=6, working_orders=0, open_positions=0
    )
    assert selectors.plans_by_strategy(run) == {"opening-range": 2}
    assert selectors.counts(RunFactory()) == RunCounts(0, 0, 0, 0, 0, 0)


def test_what_works_and_what_is_held_in_mid_trade(run: Run):
    project(run, upto("PositionNoted", 3))

    found = selectors.counts(run)

    assert (found.working_orders, found.open_positions) == (1, 1)
    assert selectors.working_orders(run).get().client_id == "T1X"
    assert selectors.open_positions(run).get().protected == 75


def test_the_last_state_and_the_last_equity_are_found(run: Run):
    assert selectors.trading_state(run) is None
    assert selectors.last_equity(run) is None
    assert selectors.recorder_position(run) is None

    project(run)

    assert selectors.trading_state(run).state == "OPEN"
    assert selectors.last_equity(run).equity == Decimal("1001461.33")
    assert selectors.equity_curve(run).count() == 2
    assert selectors.recorder_position(run).seq == len(whole_day())


def test_the_books_of_a_flat_run_have_no_gap(run: Run):
    assert selectors.ledger_gap(project(run, trades=2)) == 0


def test_the_books_have_no_gap_while_something_is_held(run: Run):
    assert selectors.ledger_gap(project(run, upto("PositionNoted", 3))) == 0


def test_a_run_without_rows_has_no_gap(run: Run):
    assert selectors.ledger_gap(run) == 0


def test_a_missing_booking_is_a_gap(run: Run):
    project(run)
    LedgerEntry.objects.filter(kind="BROKERAGE").update(amount=Decimal("-57.40"))

    assert selectors.ledger_gap(run) == Decimal("0.02")


def test_a_trade_that_was_not_booked_is_a_gap(run: Run):
    project(run)
    Fill.objects.filter(trade_id="T1X-1").update(price=Decimal("14821.35"))

    assert selectors.ledger_gap(run) == Decimal(75)
