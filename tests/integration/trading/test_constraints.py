from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from tests.factories import MORNING, ConfigVersionFactory, InstrumentFactory, RunFactory
from tests.integration.trading.journal_day import whole_day, written
from trading.models import (
    Account,
    Activation,
    Alert,
    Decision,
    Fill,
    Leg,
    Order,
    Plan,
    Position,
    Run,
    Signal,
    StateChange,
)
from trading.recorder import Recorder

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded(run: Run) -> Run:
    """Return a run with a whole day of rows."""
    written(Path(run.journal_path), whole_day())
    Recorder(run).catch_up()
    return run


def refuses(constraint: str, model: type[models.Model], **change: Any) -> None:
    """Prove that the database itself refuses the change, and for that reason."""
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model._default_manager.update(**change)


@pytest.mark.parametrize(
    ("constraint", "model", "change"),
    [
        ("order_quantity_above_0", Order, {"quantity": 0, "filled_quantity": 0}),
        ("order_not_overfilled", Order, {"filled_quantity": 76}),
        ("order_side_valid", Order, {"side": "HOLD"}),
        ("order_state_valid", Order, {"state": "LOST"}),
        ("order_role_valid", Order, {"role": "HEDGE"}),
        ("order_type_valid", Order, {"order_type": "ICE"}),
        ("order_product_valid", Order, {"product": "BO"}),
        ("order_validity_valid", Order, {"validity": "GTC"}),
        ("order_client_id_valid", Order, {"client_id": "A:1"}),
        ("fill_quantity_above_0", Fill, {"quantity": 0}),
        ("fill_price_above_0", Fill, {"price": 0}),
        ("fill_side_valid", Fill, {"side": "LONG"}),
        ("leg_quantity_above_0", Leg, {"quantity": 0}),
        ("leg_side_valid", Leg, {"side": ""}),
        ("position_state_valid", Position, {"state": "ajar"}),
        ("position_over_is_flat", Position, {"quantity": 75}),
        ("plan_state_valid", Plan, {"state": "DONE"}),
        ("plan_direction", Plan, {"direction": 2}),
        ("signal_direction", Signal, {"direction": 2}),
        ("decision_approved_has_quantity", Decision, {"quantity": 0}),
        ("state_change_state_valid", StateChange, {"state": "SHUT"}),
        ("run_mode_valid", Run, {"mode": "LIVELY"}),
        ("run_state_valid", Run, {"state": "GONE", "ended_at": MORNING}),
        ("run_code_alphanumeric", Run, {"code": "A-1"}),
        ("run_ended_has_moment", Run, {"state": "FINISHED"}),
        ("account_capital_above_0", Account, {"start_capital": 0}),
        ("alert_run_and_seq", Alert, {"seq": None}),
    ],
)
def test_the_database_refuses_what_cannot_be(
    recorded: Run, constraint: str, model: type[models.Model], change: dict[str, Any]
):
    refuses(constraint, model, **change)


def copied(row: models.Model, **change: Any) -> None:
    """Write a copy of `row` as a new row."""
    row.pk = None
    for name, value in change.items():
        setattr(row, name, value)
    with transaction.atomic():
        row.save(force_insert=True)


def test_a_client_id_is_used_once_for_ever(recorded: Run):
    with pytest.raises(IntegrityError, match="client_id"):
        copied(Order.objects.first(), id="00000000-0000-0000-0000-000000000001", run=RunFactory())


def test_a_broker_s_trade_is_booked_once_an_account(recorded: Run):
    with pytest.raises(IntegrityError, match="fill_trade_unique"):
        copied(Fill.objects.first(), seq=10_000)


def test_the_same_trade_id_may_occur_in_another_account(recorded: Run):
    other = RunFactory()

    copied(Fill.objects.first(), account=other.account, run=other)

    assert Fill.objects.count() == 4


@pytest.mark.parametrize(
    ("model", "constraint"),
    [(Signal, "signal_code_unique"), (Decision, "decision_code_unique")],
)
def test_a_code_occurs_once_a_run(recorded: Run, model: type[models.Model], constraint: str):
    with pytest.raises(IntegrityError, match=constraint):
        copied(model._default_manager.first(), id="00000000-0000-0000-0000-000000000001")


def test_a_run_has_one_open_position_a_structure(recorded: Run):
    Position.objects.update(state="OPEN", quantity=75)

    with pytest.raises(IntegrityError, match="position_one_open"):
        copied(Position.objects.get(), id="00000000-0000-0000-0000-000000000001", code="Q9")


def test_a_closed_position_makes_room_for_the_next(recorded: Run):
    copied(
        Position.objects.get(),
        id="00000000-0000-0000-0000-000000000001",
        **{"code": "Q9", "state": "OPEN", "quantity": 75},
    )

    assert Position.objects.count() == 2


@pytest.mark.parametrize("mode", ["PAPER", "LIVE"])
def test_an_account_has_one_running_session_a_day(mode: str):
    first = RunFactory(mode="PAPER")

    with pytest.raises(IntegrityError, match="run_one_session_running"), transaction.atomic():
        RunFactory(mode=mode, account=first.account)

    RunFactory(mode="PAPER", account=first.account, date=first.date + timedelta(days=1))
    RunFactory(mode="REPLAY", account=first.account)


def test_a_kind_has_one_active_version():
    version = ConfigVersionFactory()
    row = {"kind": "desk", "version": version, "active_from": version.created_at, "author": "a"}
    Activation.objects.create(**row)

    with pytest.raises(IntegrityError, match="activation_one_active"), transaction.atomic():
        Activation.objects.create(**row)


def test_an_instrument_stands_once_a_day_with_a_lot_and_a_tick():
    InstrumentFactory()

    for constraint, change in {
        "instrument_once_a_day": {},
        "instrument_lot_at_least_1": {"symbol": "A", "lot_size": 0},
        "instrument_tick_above_0": {"symbol": "A", "tick_size": 0},
        "instrument_kind_valid": {"symbol": "A", "kind": "SWAP"},
        "instrument_exchange_valid": {"symbol": "A", "exchange": "MCX"},
    }.items():
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            InstrumentFactory(**change)


def test_money_is_kept_to_the_sixth_place(recorded: Run):
    Fill.objects.update(price=Decimal("14800.123456"))

    assert Fill.objects.first().price == Decimal("14800.123456")


def test_every_moment_column_knows_its_zone_and_every_money_column_its_places():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type, numeric_precision, numeric_scale"
            " FROM information_schema.columns WHERE table_name LIKE 'trading\\_%%'"
            " AND data_type IN ('timestamp without time zone', 'numeric')"
        )
        found = cursor.fetchall()

    assert {row[2:] for row in found} == {("numeric", 20, 6)}
