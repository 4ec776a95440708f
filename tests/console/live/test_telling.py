"""What is asked for when a person looks closer: why an opinion, and an option chain."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.test import Client

from backoffice.permissions import Role
from tests.factories import DAY, RunFactory
from tests.integration.trading.journal_day import FUTURE, INDEX, whole_day, written
from trading.broadcast_keys import chain_key
from trading.explanation import explained
from trading.models import Run, Signal
from trading.recorder import Recorder
from trading.services.instruments import sync
from trading.services.seed import PAPER_ACCOUNT

pytestmark = pytest.mark.django_db

SignIn = Callable[[Role | None], Client]
SCRIPT = {"Accept": "application/json"}
READS = ("/live/explanation/?signal=S1", "/live/option-chain/?underlying=NIFTY&expiry=2026-10-13")


@pytest.fixture
def day(tmp_path: Path) -> Run:
    sync(instruments=[FUTURE, INDEX], on=DAY, source="tests")
    run: Run = RunFactory(mode="PAPER", journal_path=str(tmp_path / "day.journal"))
    written(Path(run.journal_path), whole_day(trades=2))
    Recorder(run).catch_up()
    return run


@pytest.mark.parametrize("path", READS)
def test_only_those_who_may_read_are_told(path: str, sign_in: SignIn):
    assert Client().get(path, headers=SCRIPT).status_code == 401
    assert sign_in(None).get(path).status_code == 403


def test_an_opinion_is_explained_as_the_command_explains_it(day: Run, sign_in: SignIn):
    signal = Signal.objects.get(run=day, code="S1")

    answer = sign_in(Role.VIEWER).get("/live/explanation/", {"signal": "S1"})

    told = answer.json()
    assert told["lines"] == list(explained(signal).lines)
    assert told["differences"] == list(explained(signal).differences)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_refused_opinion_tells_why_it_was_not_traded(day: Run, sign_in: SignIn):
    refused = Signal.objects.filter(run=day, decisions__approved=False).first()

    told = sign_in(Role.VIEWER).get("/live/explanation/", {"signal": refused.code}).json()

    assert any(line.startswith("not traded: refused by the gate") for line in told["lines"])


def test_an_opinion_of_another_session_is_not_told_by_its_code(day: Run, sign_in: SignIn):
    Run.objects.filter(pk=day.pk).update(state="FINISHED", ended_at=day.started_at)
    RunFactory(mode="PAPER", account=day.account)

    answer = sign_in(Role.VIEWER).get("/live/explanation/", {"signal": "S1"})

    assert answer.status_code == 404
    assert "'S1': unknown in run" in answer.json()["error"]


def test_without_any_session_no_opinion_is_known(sign_in: SignIn):
    answer = sign_in(Role.VIEWER).get("/live/explanation/", {"signal": "S1"})

    assert (answer.status_code, "S1" in answer.json()["error"]) == (404, True)


def test_a_chain_is_told_as_the_recorder_stored_it(sign_in: SignIn):
    chain = {"underlying": "NIFTY", "expiry": "2026-10-13", "rows": []}
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.set(chain_key(PAPER_ACCOUNT, "NIFTY", "2026-10-13"), json.dumps(chain))

    browser = sign_in(Role.VIEWER)
    told = browser.get("/live/option-chain/", {"underlying": "NIFTY", "expiry": "2026-10-13"})
    other = browser.get("/live/option-chain/", {"underlying": "NIFTY", "expiry": "2026-10-20"})

    assert (told.json(), other.json()) == (chain, {})
