from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from aitrapp.schedule import TIMETABLE
from marketdata.calendar import IST
from tests.own_valkey import OwnValkey
from trading import broadcast_keys as keys
from trading import tasks
from trading.broadcast_redis import encode
from trading.models import (
    Alert,
    AuditEntry,
    BanList,
    BrokerSession,
    Holiday,
    Instrument,
    Report,
    Run,
    TaskRun,
)
from trading.services.ban_list import BanListError, read_ban_list
from trading.services.premarket import Sources, premarket_sync, token_check
from trading.services.readiness import readiness_report
from trading.services.task_runs import Occasion
from trading.services.timetable import put_in_place

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 6)
HEAD = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,"
    "lot_size,instrument_type,segment,exchange\n"
)
ROWS = (
    "256265,1001,NIFTY 50,NIFTY 50,0,,0,0,0,EQ,INDICES,NSE\n"
    "260105,1016,NIFTY BANK,NIFTY BANK,0,,0,0,0,EQ,INDICES,NSE\n"
    "13568514,53002,NIFTY26OCTFUT,NIFTY,0,2026-10-27,0,0.05,75,FUT,NFO-FUT,NFO\n"
    "779521,3045,SBIN,STATE BANK OF INDIA,0,,0,0.05,1,EQ,NSE,NSE\n"
)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=IST)


def morning(run: Run | None = None, *, hour: int = 8, name: str = "premarket_sync") -> Occasion:
    moment = at(hour, 30, run.date if run else DAY)
    return Occasion(name=name, due_at=moment, at=moment, run=run, safety=False)


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    dump, bans = tmp_path / "instruments.csv", tmp_path / "fo_secban.csv"
    dump.write_text(HEAD + ROWS)
    bans.write_text("Securities in Ban For Trade Date 06-OCT-2026: \n1,SUNTV\n2,IBULHSGFIN\n")
    return Sources(dump=dump, ban_list=bans, least_instruments=4)


def test_the_token_is_not_needed_in_paper():
    assert token_check(morning()).detail == "not needed in paper"


def test_without_a_login_the_token_check_and_the_sync_fail_and_say_why(sources, settings):
    settings.KITE_API_KEY, settings.KITE_API_SECRET = "appkey", "appsecret"

    checked, synced = token_check(morning()), premarket_sync(morning(), sources)

    assert (checked.outcome, synced.outcome) == ("FAILED", "FAILED")
    assert checked.detail == "broker session NO_TOKEN: log in at the broker"
    assert f"login: {checked.detail}" in synced.detail


def test_a_login_of_the_day_will_do_and_yesterdays_will_not(settings):
    settings.KITE_API_KEY, settings.KITE_API_SECRET = "appkey", "appsecret"
    row = BrokerSession.objects.create(
        api_key="appkey",
        user_id="AB1234",
        by="asha",
        token=Fernet(settings.TOKEN_KEY).encrypt(b"x").decode(),
        logged_in_at=at(8),
        expires_at=at(6, day=DAY + timedelta(days=1)),
    )

    assert token_check(morning()).detail == "logged in at the broker for the day"
    BrokerSession.objects.filter(pk=row.pk).update(expires_at=at(6))
    assert token_check(morning()).outcome == "FAILED"


def test_a_good_dump_bans_and_calendar_are_taken_over(sources):
    result = premarket_sync(morning(), sources)

    assert result.outcome == "DONE"
    assert Instrument.objects.filter(day=DAY, is_listed=True).count() == 4
    assert BanList.objects.get().symbols == ["IBULHSGFIN", "SUNTV"]
    assert Holiday.objects.exists()
    assert "no list of" not in result.detail
    universe = Report.objects.get(kind="UNIVERSE").document
    assert [column["instrument"] for column in universe["columns"]] == [
        "NSE:NIFTY 50",
        "NFO:NIFTY26OCTFUT",
    ]


def test_the_same_lists_again_change_nothing(sources):
    premarket_sync(morning(), sources)
    entries = AuditEntry.objects.count()

    result = premarket_sync(morning(), sources)

    assert "0 new, 0 changed" in result.detail
    assert AuditEntry.objects.count() == entries


def test_a_torn_dump_leaves_the_last_good_list_and_the_rest_goes_on(sources):
    premarket_sync(morning(), sources)
    sources.dump.write_text(HEAD + ROWS[:60])

    result = premarket_sync(morning(), sources)

    assert result.outcome == "FAILED"
    assert "expected 4 or more; kept the list of 2026-10-06" in result.detail
    assert "bans: 2" in result.detail
    assert Instrument.objects.filter(day=DAY, is_listed=True).count() == 4


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Securities in Ban For Trade Date 05-OCT-2026:\n1,SUNTV\n", "is the list of 2026-10-05"),
        ("<html>", "no head line"),
        ("Securities in Ban For Trade Date 06-OCT-2026:\n1,sun tv\n", "line 2 is '1,sun tv'"),
        ("Securities in Ban For Trade Date 06-OCT-2026:\n", "expected either NIL or"),
        ("", "no head line"),
    ],
)
def test_a_list_that_cannot_be_the_day_s_is_refused(tmp_path, text, complaint):
    path = tmp_path / "bans.csv"
    path.write_text(text)

    with pytest.raises(BanListError, match=complaint):
        read_ban_list(path, DAY)


def test_a_list_of_nothing_is_a_list(tmp_path):
    path = tmp_path / "bans.csv"
    path.write_text("Securities in Ban For Trade Date 06-OCT-2026: NIL\n")

    assert read_ban_list(path, DAY) == ()


def test_a_bad_ban_list_leaves_the_day_unknown(sources):
    sources.ban_list.write_text("not today")

    result = premarket_sync(morning(), sources)

    assert result.outcome == "FAILED"
    assert not BanList.objects.exists()


def test_a_contract_whose_freeze_quantity_nobody_knows_fails_the_part_by_name(sources):
    early = datetime(2021, 4, 26, 8, 30, tzinfo=IST)
    then = Occasion(name="premarket_sync", due_at=early, at=early, run=None, safety=False)

    result = premarket_sync(then, sources)

    assert result.outcome == "FAILED"
    assert (
        "instruments.csv: freeze quantity of NIFTY: nothing known for 2021-04-26" in result.detail
    )


def test_without_sources_and_without_a_run_there_is_nothing_to_sync():
    assert premarket_sync(morning(), Sources(dump=None, ban_list=None)).outcome == "SKIPPED"


def test_a_run_s_own_tape_is_the_source_in_a_simulated_day(opened):
    result = premarket_sync(morning(opened), Sources(dump=None, ban_list=None))

    assert result.outcome == "DONE"
    assert Report.objects.get(kind="UNIVERSE", run=opened).document["columns"]


@pytest.fixture
def living(tmp_path: Path, settings) -> OwnValkey:
    server = OwnValkey(tmp_path)
    server.start()
    settings.REDIS_URL = server.url
    for process in ("engine", "recorder", "worker"):
        sign = encode({"wall_at": timezone.now().isoformat(), "run": "any"})
        server.client.set(keys.health_key(process), sign)
    yield server
    server.close()


def test_a_desk_with_everything_in_place_is_ready(opened, living):
    result = readiness_report(morning(opened, hour=9), has_sources=False)

    report = Report.objects.get(kind="READINESS")
    assert [c["name"] for c in report.document["checks"] if not c["ok"]] == []
    assert report.is_good
    assert result.detail.startswith("ready: ")
    assert Alert.objects.get(kind="readiness").severity == "INFO"


def test_what_is_missing_is_named(opened, living):
    living.client.delete(keys.health_key("engine"))
    Instrument.objects.all().delete()

    result = readiness_report(morning(opened, hour=9), has_sources=False)

    assert "engine: not seen" in result.detail
    assert "instruments: 0 listed" in result.detail
    assert Alert.objects.get(kind="readiness").severity == "WARNING"


def test_redis_away_is_named(opened, living):
    living.stop()

    assert "redis: away" in readiness_report(morning(opened), has_sources=False).detail


def test_a_run_left_over_from_an_earlier_day_is_named(opened, living):
    earlier = Run.objects.get(pk=opened.pk)
    earlier.pk, earlier.code, earlier.date = None, "EARLIER", date(2021, 4, 23)
    earlier.save()

    assert (
        "earlier runs: 1 not ended" in readiness_report(morning(opened), has_sources=False).detail
    )


def test_a_task_of_beat_on_a_day_without_a_session_does_nothing(time_machine_sunday):
    put_in_place(TIMETABLE)

    assert "not due" in tasks.token_check.apply().get()
    assert TaskRun.objects.count() == 0


@pytest.fixture
def time_machine_sunday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.timezone, "now", lambda: at(8, 0, date(2026, 10, 4)))


def test_a_task_called_before_its_moment_does_nothing(monkeypatch):
    put_in_place(TIMETABLE)
    monkeypatch.setattr(tasks.timezone, "now", lambda: at(7, 0))

    assert "not due" in tasks.token_check.apply().get()


def test_a_task_of_beat_finds_its_moment_by_itself(monkeypatch):
    put_in_place(TIMETABLE)
    monkeypatch.setattr(tasks.timezone, "now", lambda: at(8, 1))

    assert tasks.token_check.apply().get() == "DONE: not needed in paper"
    row = TaskRun.objects.get()
    assert (row.name, row.due_at, row.run) == ("token_check", at(8), None)
