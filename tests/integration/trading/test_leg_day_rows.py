"""A whole day with plans of several legs, in rows: states, money, chains from order to opinion."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.factories import AccountFactory, ConfigVersionFactory, RunFactory
from tests.integration.trading.live.test_broadcast_rows import assert_close, from_journal
from tests.leg_config import legs_config
from tests.ran_day import RUN, RanDay, ran_day
from trading.broadcast import state_from_rows
from trading.config import document_of
from trading.models import Order, Plan, Run
from trading.recorder import Recorder
from trading.selectors_chain import chain
from trading.selectors_held_back import held_back
from trading.services.canonical import canonical
from trading.services.day_report import figures
from trading.services.instruments import sync

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def legs_day(tmp_path_factory: pytest.TempPathFactory) -> RanDay:
    folder = tmp_path_factory.mktemp("legs-day")
    return ran_day(folder, config=legs_config(), options=True)


@pytest.fixture
def recorded(legs_day: RanDay, db: None) -> Run:
    head = legs_day.tape.head
    sync(instruments=head.instruments, on=head.date, source="tests")
    run = RunFactory(
        account=AccountFactory(code="paper"),
        config_version=ConfigVersionFactory(document=canonical(document_of(legs_day.config))),
        code=RUN,
        mode="PAPER",
        date=head.date,
        tape_path=str(legs_day.tape.path),
        journal_path=str(legs_day.journal),
    )
    Recorder(run).catch_up()
    Run.objects.filter(pk=run.pk).update(state="FINISHED", ended_at=run.started_at)
    return Run.objects.get(pk=run.pk)


def test_every_leg_belongs_to_a_plan_and_all_are_over(recorded: Run):
    wholes = Plan.objects.filter(run=recorded).exclude(kind="")

    assert wholes.exists()
    for whole in wholes:
        assert whole.combined.count() == whole.legs.count() >= 2
        assert {whole.state, *whole.combined.values_list("state", flat=True)} <= {
            "CLOSED",
            "ENTRY_CANCELLED",
        }


def test_an_order_of_a_leg_leads_back_to_the_opinion(recorded: Run):
    for order in Order.objects.filter(run=recorded):
        told = chain(order.client_id)

        assert told.plan is not None
        assert told.plan.combination is not None
        assert told.signal is not None
        assert told.signal.strategy == told.plan.strategy


def test_the_report_and_the_live_state_tell_the_same_money(recorded: Run, legs_day: RanDay):
    report, live = figures(recorded), from_journal(recorded)

    assert report["is_flat"]
    booked = {plan["code"]: plan["net_inr"] for plan in report["combinations"]}
    shown = {plan["id"]: plan["net"] for plan in live["combinations"]}
    assert booked
    assert booked.keys() == shown.keys()
    for code, net in booked.items():
        assert abs(net - Decimal(str(shown[code]))) <= Decimal("0.02"), code
    assert sum(booked.values(), Decimal(0)) == report["net_inr"]
    for plan in report["combinations"]:
        ways = {leg["direction"] for leg in plan["legs"]}
        assert (len(plan["legs"]) >= 2, ways <= {1, -1}) == (True, True)
        assert plan["net_inr"] == sum(leg["gross"] - leg["charges"] for leg in plan["legs"])
        assert plan["opened_at"] < plan["closed_at"]
    assert report["round_trips"]["all"] == len(booked)


def test_rows_tell_the_live_state_of_the_journal(recorded: Run):
    rebuilt, told = state_from_rows(recorded), from_journal(recorded)

    assert_close(rebuilt["combinations"], told["combinations"])
    assert_close(rebuilt["positions"], told["positions"])
    assert_close([rebuilt["account"]], [told["account"]])


def test_each_leg_is_kept_with_what_it_was_chosen_at(recorded: Run):
    for whole in Plan.objects.filter(run=recorded).exclude(kind=""):
        readings = whole.outlook["readings"]

        assert len(readings) == whole.legs.count()
        for leg, read in zip(whole.legs.order_by("number"), readings, strict=True):
            is_bought = leg.side == "BUY"
            assert (read["touch"] > read["mid"]) is is_bought
            assert 0 < read["volatility"] < 3


def test_the_report_prints_why_opinions_fell_each_reason_once(recorded: Run):
    out = StringIO()

    # What its checks find wrong with this run is said after the figures, as an error.
    with suppress(CommandError):
        call_command("report", run=recorded.code, stdout=out)

    told = [line for line in out.getvalue().splitlines() if " held back: " in line]
    assert told == [
        f"{each.strategy} held back: {each.reason} ({each.times} ×)" for each in held_back(recorded)
    ]
    assert told
