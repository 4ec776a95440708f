"""The record of the mode: from when to when LIVE holds, and how it ends before its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from marketdata.calendar import IST
from tests.factories import RunFactory
from tests.integration.trading.proven_desk import (
    KNOWING,
    LOOKS,
    NOW,
    ProvenDesk,
    let_lease_go,
    newest,
    seen,
    wish,
)
from trading.models import Alert, BrokerSession, Command, Mode, ModeChange, Run
from trading.services import mode
from trading.services.mode_changes import NotLiveError, check_live_run, mode_at

pytestmark = pytest.mark.django_db


def live_run(desk: ProvenDesk, minutes: int = 5) -> Run:
    return RunFactory(
        account=desk.account,
        mode="LIVE",
        source="kite",
        date=NOW.date(),
        config_version=newest(desk).config_version,
        started_at=NOW + timedelta(minutes=minutes),
    )


def test_every_morning_begins_in_paper(live_desk):
    last = datetime.combine(NOW.date(), time(23, 59, 59), tzinfo=IST)

    assert mode_at(live_desk.account, last) is Mode.LIVE
    assert mode_at(live_desk.account, last + timedelta(seconds=1)) is Mode.PAPER
    assert mode_at(live_desk.account, NOW - timedelta(seconds=1)) is Mode.PAPER


def test_live_is_not_given_twice(live_desk):
    with pytest.raises(mode.AlreadyLiveError):
        mode.ask(wish(live_desk), LOOKS, NOW)


def test_paper_takes_effect_at_once_and_flattens_the_live_session(live_desk):
    run = live_run(live_desk)
    later = NOW + timedelta(hours=2)

    given = mode.ask(wish(live_desk, mode=Mode.PAPER, reason="enough"), LOOKS, later)

    assert given is Mode.PAPER
    assert mode_at(live_desk.account, later) is Mode.PAPER
    command = Command.objects.get(run=run)
    assert (command.kind, command.issued_by) == ("FLATTEN", "asha")


def test_a_run_may_go_live_only_under_a_record_that_covers_its_beginning(live_desk):
    covered = live_run(live_desk)
    check_live_run(covered)
    mode.ask(wish(live_desk, mode=Mode.PAPER), LOOKS, NOW + timedelta(hours=1))

    check_live_run(covered)
    with pytest.raises(NotLiveError, match="not LIVE when it began"):
        check_live_run(Run(**{**vars_of(covered), "started_at": NOW + timedelta(hours=2)}))
    with pytest.raises(NotLiveError, match="PAPER, expected LIVE"):
        check_live_run(newest(live_desk))


def vars_of(run: Run) -> dict[str, object]:
    return {"account": run.account, "code": run.code, "mode": run.mode}


@pytest.mark.parametrize(
    ("name", "lose"),
    [
        ("broker-token", lambda s: BrokerSession.objects.update(expires_at=NOW)),
        ("live-adapter", lambda s: setattr(s, "LIVE_TRADING", False)),
        ("client-listed", lambda s: setattr(s, "KITE_CLIENTS", ["ZZ9999"])),
    ],
)
def test_a_lost_condition_puts_the_desk_back_to_paper_and_pauses_its_session(
    live_desk, settings, name, lose
):
    run, at = live_run(live_desk), NOW + timedelta(minutes=10)
    assert mode.look_again(at) == ""
    lose(settings)

    assert name in mode.look_again(at)

    assert mode_at(live_desk.account, at) is Mode.PAPER
    assert Command.objects.get(run=run).kind == "PAUSE"
    alert = Alert.objects.get(kind="mode.lost")
    assert alert.severity == "CRITICAL"
    assert name in alert.text
    assert mode.look_again(at + timedelta(minutes=1)) == ""


def test_an_engine_that_lost_its_lease_is_a_lost_condition_only_while_a_session_runs(live_desk):
    let_lease_go(live_desk)
    assert mode.look_again(NOW + timedelta(minutes=1)) == ""

    live_run(live_desk)

    assert "leader" in mode.look_again(NOW + timedelta(minutes=10))


def test_what_was_overridden_is_not_lost(desk, settings):
    settings.KITE_CLIENTS = [BrokerSession.objects.get().user_id, "AB1234"]
    drifting = replace(LOOKS, broker=lambda at: replace(seen(at), clock_drift=9.0))
    mode.ask(wish(desk, override=KNOWING), drifting, NOW)

    assert mode.look_again(NOW + timedelta(minutes=1)) == ""


def test_a_change_of_mode_is_never_rewritten(live_desk):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        ModeChange.objects.update(by="somebody else")


def test_one_account_runs_one_session_a_day_whatever_its_mode(live_desk):
    run = live_run(live_desk)
    again = {"account": run.account, "date": run.date, "config_version": run.config_version}

    with pytest.raises(IntegrityError, match="run_one_session_running"), transaction.atomic():
        RunFactory(mode="PAPER", **again)
