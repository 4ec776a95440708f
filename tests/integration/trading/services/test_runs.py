from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from tests.factories import DAY, AccountFactory, ConfigVersionFactory
from trading import selectors
from trading.models import Account, AuditEntry, Run, RunMode, RunState
from trading.services import runs
from trading.services.runs import RunSpec

pytestmark = pytest.mark.django_db


def started(account: Account | None = None, **facts: object) -> Run:
    spec = RunSpec(
        account=account or AccountFactory(),
        mode=RunMode.PAPER,
        date=DAY,
        source="synthetic",
        config_version=ConfigVersionFactory(),
        **facts,
    )
    return runs.start(spec=spec, by="asha")


def test_a_run_starts_with_a_short_code_of_its_own():
    run = started(fencing_token=4)

    assert len(run.code) == 7
    assert run.code.isalnum()
    assert (run.state, run.fencing_token) == ("RUNNING", 4)


def test_a_given_code_is_kept():
    assert started(code="GOLDEN1").code == "GOLDEN1"


def test_a_second_paper_run_of_the_day_is_refused():
    first = started()

    with pytest.raises(IntegrityError), transaction.atomic():
        started(first.account)


def test_the_running_run_of_the_day_is_found_again():
    run = started()

    assert selectors.running_run(run.account, DAY) == run
    runs.finish(run=run, by="engine")
    assert selectors.running_run(run.account, DAY) is None


def test_resuming_puts_the_run_under_the_new_lease():
    run = started(fencing_token=4)

    resumed = runs.resume(run=run, fencing_token=5, by="engine")

    assert resumed.fencing_token == 5
    assert Run.objects.get().fencing_token == 5


def test_finishing_keeps_what_came_of_it():
    run = started()

    runs.finish(run=run, by="engine", decision_hash="ab" * 32, summary={"net": Decimal("1461.33")})

    ended = Run.objects.get()
    assert (ended.state, ended.decision_hash) == ("FINISHED", "ab" * 32)
    assert ended.summary == {"net": "1461.33"}
    assert ended.ended_at >= ended.started_at


def test_a_run_that_has_ended_stays_ended():
    run = started()
    runs.finish(run=run, by="engine", state=RunState.FAILED)

    with pytest.raises(ValueError, match="FAILED"):
        runs.finish(run=run, by="engine")
    with pytest.raises(ValueError, match="FAILED"):
        runs.resume(run=run, fencing_token=6, by="engine")


def test_every_step_is_audited_with_the_configuration():
    run = started()
    runs.resume(run=run, fencing_token=5, by="engine")
    runs.finish(run=run, by="engine")

    entries = AuditEntry.objects.order_by("number")
    assert [entry.action for entry in entries] == ["run.start", "run.resume", "run.finish"]
    assert entries[0].details["config_sha256"] == run.config_version.sha256


def test_an_unknown_run_is_named():
    with pytest.raises(selectors.UnknownRunError, match="'NONE1'"):
        selectors.run_by_code("NONE1")
