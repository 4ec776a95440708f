"""The exchange's ban list in a run that is really traded: refusals that become rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from marketdata.built_day import BuiltDay
from marketdata.tape import TapeReader
from tests.made_day import made_day
from trading.config import Config
from trading.models import Alert, AuditEntry, BanList, Decision, Order, Run, RunMode, RunState
from trading.paper_day import open_run, report_of
from trading.recorder import Recorder
from trading.services import runs
from trading.services.ban_list import store_ban_list
from trading.services.seed import seed
from trading.worker import trade

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return made_day(tmp_path_factory.mktemp("banned"))


def opened(built: BuiltDay, folder: Path) -> Run:
    account = seed(by="tests").account
    return open_run(account, Config(), TapeReader(built.tape_path), "made", folder)


def traded(run: Run) -> Run:
    """Trade the run's whole day and turn its journal into rows."""
    trade(run.code, tempo=None, show=lambda *_: None)
    found = Run.objects.get(pk=run.pk)
    Recorder(found).catch_up()
    return found


def answers(run: Run, symbol: str) -> list[Decision]:
    return list(Decision.objects.filter(run=run, signal__instrument__symbol=symbol).order_by("seq"))


def banned_verdict(decision: Decision) -> dict[str, object]:
    return next(each for each in decision.verdicts if each["rule"] == "banned")


def test_a_banned_share_is_refused_and_the_refusal_is_a_row(built, tmp_path):
    free = traded(opened(built, tmp_path / "free"))
    entered = Order.objects.filter(run=free, role="ENTRY", instrument__kind="EQ").earliest("seq")
    symbol = entered.instrument.symbol
    others = Order.objects.filter(run=free).exclude(instrument__symbol=symbol)
    assert others.exists()
    store_ban_list(symbols=(symbol,), on=free.date, source="tests", by="tests")

    run = traded(opened(built, tmp_path / "banned"))

    refused = answers(run, symbol)
    assert refused
    assert all("banned" in each.refusals for each in refused)
    verdict = banned_verdict(refused[0])
    assert (verdict["measured"], verdict["allowed"], verdict["detail"]) == ("yes", "no", symbol)
    assert not Order.objects.filter(run=run, instrument__symbol=symbol).exists()
    assert Order.objects.filter(run=run).exists()
    assert report_of(run, 0.0).findings == ()


def test_without_a_list_every_share_is_refused_and_it_is_said_why(built, tmp_path):
    practice = opened(built, tmp_path)
    Run.objects.filter(pk=practice.pk).update(banned=None)

    run = traded(practice)

    of_shares = Decision.objects.filter(run=run, signal__instrument__kind="EQ")
    assert of_shares.exists()
    for decision in of_shares:
        assert "banned" in decision.refusals
        assert banned_verdict(decision)["measured"] == "no list"
    assert not Order.objects.filter(run=run, instrument__kind="EQ").exists()


def test_a_run_started_without_a_list_raises_an_alert(built, tmp_path):
    practice = opened(built, tmp_path)
    runs.finish(run=practice, by="tests", state=RunState.FAILED)
    spec = runs.RunSpec(
        account=practice.account,
        mode=RunMode.PAPER,
        date=practice.date,
        source="tests",
        config_version=practice.config_version,
    )

    run = runs.start(spec=spec, by="tests")

    alert = Alert.objects.get(kind="no-ban-list")
    assert (alert.severity, alert.account) == ("WARNING", run.account)
    assert "entries in shares are blocked" in alert.text


def test_a_practice_day_without_a_list_takes_nothing_as_banned_and_says_so(built, tmp_path):
    run = opened(built, tmp_path)

    row = BanList.objects.get(day=run.date)
    assert (run.banned, row.symbols) == ([], [])
    assert row.source == "none comes with made prices: nothing is taken as banned"
    assert AuditEntry.objects.filter(action="bans.sync", by="day").count() == 1


def test_a_practice_day_keeps_the_list_that_is_stored(built, tmp_path):
    store_ban_list(symbols=("SBIN",), on=TapeReader(built.tape_path).head.date, source="x", by="t")

    assert opened(built, tmp_path).banned == ["SBIN"]
