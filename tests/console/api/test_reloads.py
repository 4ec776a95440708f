"""Reading lists and strategies again: done, told, and audited; a session keeps its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from marketdata.calendar import IST
from trading.config import KIND, Config, document_of
from trading.models import AuditEntry, BanList, Holiday, Run
from trading.services import audit, config_versions

WHY = {"reason": "a new ban list"}
UNIVERSE, STRATEGIES = "/api/v1/universe/reload", "/api/v1/strategies/reload"


def test_without_any_source_nothing_is_read_and_it_says_so(admin):
    answer = admin.post(UNIVERSE, WHY)

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "not_reloaded"
    assert "no ban list" in answer.json()["error"]["message"]


def test_a_new_ban_list_is_read_at_once(admin, db, settings, tmp_path: Path):
    today = timezone.now().astimezone(IST).date()
    settings.BAN_LIST = tmp_path / "bans.csv"
    head = f"Securities in Ban For Trade Date {today:%d-%b-%Y}:"
    settings.BAN_LIST.write_text(f"{head}\n1,SBIN\n")

    admin.post(UNIVERSE, WHY)

    assert BanList.objects.get(day=today).symbols == ["SBIN"]
    assert Holiday.objects.exists()


def test_the_universe_of_a_session_is_read_and_told(admin, day: Run):
    answer = admin.post(UNIVERSE, WHY)

    assert answer.status_code == 200
    told = answer.json()
    assert told["size"] > 0
    assert told["takes_effect"] == "next session"
    assert f"universe: {told['size']} columns" in told["text"]
    entry = AuditEntry.objects.get(action="universe.reload")
    assert (entry.by, entry.subject) == ("admin", str(day.date))
    assert entry.details["reason"] == WHY["reason"]
    assert entry.details["before"] == {"columns": 0}
    assert entry.details["after"] == {"columns": told["size"]}
    assert audit.verify().is_whole


def test_without_a_configuration_there_are_no_strategies(admin):
    assert admin.post(STRATEGIES, WHY).status_code == 409


def test_the_strategies_of_the_active_configuration_are_counted(admin, session: Run):
    version = config_versions.store(kind=KIND, document=document_of(Config()), author="t")
    config_versions.activate(version=version, author="t", reason="r")

    answer = admin.post(STRATEGIES, WHY)

    assert answer.status_code == 200
    assert answer.json()["size"] == len(Config().strategies)
    assert "the running session keeps" in answer.json()["text"]
    entry = AuditEntry.objects.get(action="strategies.reload")
    assert entry.details["reason"] == WHY["reason"]
    assert entry.details["before"] == {"session": str(session.config_version)}
    assert entry.details["after"] == {"next": str(version), "strategies": answer.json()["size"]}


@pytest.mark.parametrize("path", [UNIVERSE, STRATEGIES])
def test_a_reload_needs_a_reason_and_the_right_to_configure(admin, operator, path: str):
    assert admin.post(path, {}).status_code == 400
    assert operator.post(path, WHY).status_code == 403
