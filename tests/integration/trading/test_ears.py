"""What an engine process hears, on a real database and a store that is there or away."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import redis

from marketdata.calendar import IST
from tests.factories import RunFactory
from trading import leader
from trading.ears import LEASE, Ears, LostLeaseError
from trading.engine.events import CommandIssued, CommandKind, ConditionChanged
from trading.models import Run, RunMode
from trading.services import commands

AT = datetime(2026, 10, 6, 10, 0, tzinfo=IST)


@pytest.fixture
def paper(db: None, tmp_path: Path) -> Run:
    return RunFactory(mode=RunMode.PAPER.value, journal_path=str(tmp_path / "run.journal"))


def ears_of(run: Run, *, store: redis.Redis | None = None, watches: bool = True) -> Ears:
    return Ears(run, leader.acquire(run.account, "this engine", LEASE), store, watches)


def away() -> redis.Redis:
    return redis.Redis(port=1, socket_connect_timeout=0.2)


def test_a_command_is_heard_once_with_who_and_why(paper: Run):
    ears = ears_of(paper)
    row = commands.issue(kind=CommandKind.PAUSE, by="asha", reason="lunch", run=paper)

    ears._ask_database()
    ears._ask_database()

    assert list(ears.inputs(AT)) == [
        CommandIssued(AT, row.pk, CommandKind.PAUSE, "asha", "lunch", "")
    ]
    assert list(ears.inputs(AT)) == []


def test_a_store_that_is_away_turns_bad_once_and_good_again(paper: Run, settings):
    ears = ears_of(paper, store=away())

    ears._beat()
    ears._beat()
    turned_bad = ears.inputs(AT)
    ears.store = redis.Redis.from_url(settings.REDIS_URL)
    ears._beat()
    turned_good = ears.inputs(AT)

    assert [(event.name, event.good) for event in turned_bad] == [("redis", False)]
    assert [(event.name, event.good) for event in turned_good] == [("redis", True)]
    assert all(isinstance(event, ConditionChanged) for event in turned_bad)


def test_without_a_pace_nothing_outside_can_turn_bad(paper: Run):
    ears = ears_of(paper, store=away(), watches=False)

    ears._beat()

    assert list(ears.inputs(AT)) == []


def test_a_recorder_that_stands_still_with_records_waiting_turns_bad(paper: Run):
    ears = ears_of(paper)
    ears.written = 10

    ears._watch_recorder()
    ears._seen = (0, ears._seen[1] - 6.0)
    ears._watch_recorder()

    [event] = ears.inputs(AT)
    assert (event.name, event.good, event.detail) == ("recorder", False, "10 records behind")


def test_a_lease_that_expired_unseen_is_taken_again_under_a_new_token(paper: Run):
    ears = ears_of(paper)
    first = ears.lease.token
    ears.lease = leader.acquire(paper.account, "this engine", timedelta(microseconds=1))

    ears._renew()

    ears.fence()
    paper.refresh_from_db()
    assert ears.lease.token > first
    assert paper.fencing_token == ears.lease.token


def test_a_lease_another_engine_took_stops_every_order(paper: Run):
    ears = ears_of(paper)
    ears.lease = leader.acquire(paper.account, "this engine", timedelta(microseconds=1))
    leader.acquire(paper.account, "another engine", LEASE)

    ears._renew()

    with pytest.raises(LostLeaseError, match="another engine"):
        ears.fence()
