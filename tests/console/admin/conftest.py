"""A day in rows and people in every role, for the tests of the admin's pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from backoffice.models import ApiKey, BacktestJob, SecondFactor, TokenFamily
from backoffice.permissions import Role
from tests.factories import DAY, AccountFactory, RunFactory
from tests.integration.trading.journal_day import FUTURE, INDEX, whole_day, written
from trading.config import Config, document_of
from trading.models import (
    Alert,
    BanList,
    BrokerSession,
    Delivery,
    IvDay,
    LeaderLease,
    ModeChange,
    Report,
    Run,
    TaskRun,
)
from trading.recorder import Recorder
from trading.services import config_versions
from trading.services.instruments import sync
from trading.services.seed import seed

PASSWORD = "not a secret"

# The pages are loaded with the addresses that lead to them; tests name them sooner.
django_admin.autodiscover()


@pytest.fixture
def person(db: None) -> Callable[[Role], User]:
    """Return a maker of people with a role."""

    def make(role: Role) -> User:
        user = User.objects.create_user(f"the-{role}", password=PASSWORD, is_staff=True)
        user.groups.set([Group.objects.get_or_create(name=role.value)[0]])
        return user

    return make


@pytest.fixture
def as_role(person: Callable[[Role], User]) -> Callable[[Role], Client]:
    """Return a maker of browsers in which somebody of a role is logged in."""

    def open_for(role: Role) -> Client:
        client = Client()
        client.force_login(person(role))
        return client

    return open_for


@pytest.fixture
def viewer(as_role: Callable[[Role], Client]) -> Client:
    return as_role(Role.VIEWER)


@pytest.fixture
def operator(as_role: Callable[[Role], Client]) -> Client:
    return as_role(Role.OPERATOR)


@pytest.fixture
def admin(as_role: Callable[[Role], Client]) -> Client:
    return as_role(Role.ADMIN)


def recorded(folder: Path, *, trades: int = 1, records: int | None = None) -> Run:
    """Return a running paper run of the small day, its first `records` become rows."""
    sync(instruments=[FUTURE, INDEX], on=DAY, source="tests")
    version = config_versions.store(
        kind="desk", document=document_of(Config()), author="asha", note="the first"
    )
    config_versions.activate(version=version, author="asha", reason="r")
    run = RunFactory(
        account=AccountFactory(code="paper"),
        config_version=version,
        mode="PAPER",
        journal_path=str(folder / "run.journal"),
    )
    written(Path(run.journal_path), whole_day(trades=trades)[:records])
    Recorder(run).catch_up()
    return run


@pytest.fixture
def run(db: None, tmp_path: Path) -> Run:
    """Return a run whose whole day is rows: one round trip, one refusal."""
    return recorded(tmp_path)


@pytest.fixture
def open_run(db: None, tmp_path: Path) -> Run:
    """Return a run with one open, protected position."""
    kinds = [line.kind for line in whole_day()]
    positions = [at for at, kind in enumerate(kinds) if kind == "PositionNoted"]
    return recorded(tmp_path, records=positions[2] + 1)


@pytest.fixture
def every_table(run: Run, person: Callable[[Role], User]) -> Run:
    """Put a row into every table the day itself leaves empty."""
    now = timezone.now()
    seed(by="tests")
    LeaderLease.objects.create(account=run.account, holder="here", token=7, expires_at=now)
    check = {"item": 1, "name": "phrase", "passed": True, "measured": "x", "allowed": "x"}
    ModeChange.objects.create(
        account=run.account,
        mode="LIVE",
        at=now,
        until=now + timedelta(hours=1),
        by="asha",
        reason="day one",
        checks=[check],
    )
    _doors(person(Role.OPERATOR), now)
    _reports(run, now)
    _schedules(now)
    return run


def _doors(owner: User, now: datetime) -> None:
    ApiKey.objects.create(
        owner=owner,
        name="screen",
        prefix="abcdefgh",
        digest="0" * 64,
        scopes=["read"],
        created_by="asha",
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    TokenFamily.objects.create(
        user=owner, current="x", started_at=now, refreshed_at=now, expires_at=now
    )
    BrokerSession.objects.create(
        api_key="key", user_id="AB1234", by="asha", logged_in_at=now, expires_at=now, token="x"
    )
    SecondFactor.objects.create(user=owner, secret="x", made_at=now)
    BacktestJob.objects.create(requested_by="asha", requested_at=now, request={"days": 3})


def _reports(run: Run, now: datetime) -> None:
    TaskRun.objects.create(name="sync", due_at=now, run=run, outcome="DONE", ended_at=now)
    Report.objects.create(
        kind="READINESS",
        day=run.date,
        run=run,
        made_at=now,
        is_good=False,
        text="One check failed.",
        document={"fresh": {"bans": False}, "checks": [{"name": "bans", "age": 2}]},
    )
    BanList.objects.create(day=run.date, symbols=["IDEA"], source="tests", taken_at=now)
    IvDay.objects.create(
        day=run.date,
        underlying="NIFTY",
        source="tests",
        volatility=0.125,
        expiries=[],
        run=run,
        taken_at=now,
    )
    Delivery.objects.create(
        alert=Alert.objects.first(),
        channel="telegram",
        fingerprint="0" * 64,
        state="SENT",
        made_at=now,
    )


def _schedules(now: datetime) -> None:
    crontab = CrontabSchedule.objects.create(hour="8", minute="30", timezone="Asia/Kolkata")
    PeriodicTask.objects.create(name="Sync", task="trading.tasks.sync", crontab=crontab)
    IntervalSchedule.objects.create(every=5, period="seconds")
    ClockedSchedule.objects.create(clocked_time=now)
    SolarSchedule.objects.create(event="sunrise", latitude=19, longitude=72.9)
