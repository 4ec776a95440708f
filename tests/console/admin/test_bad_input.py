"""What the admin's forms and addresses can't use is said by name, and nothing is stored."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, PeriodicTask

from backoffice.admin.shown import address, list_address
from marketdata.events import CSV_COLUMNS
from trading.models import (
    AuditEntry,
    Command,
    ConfigVersion,
    Instrument,
    MarketEvent,
    ModeChange,
    Position,
    Run,
)

pytestmark = pytest.mark.django_db
ADD = "/admin/trading/configversion/add/"
PUT = f"{list_address(MarketEvent)}put/"
TAKE_IN = f"{list_address(MarketEvent)}take-in/"
EVENT = {
    "kind": "RESULTS",
    "underlying": "INFY",
    "day": "2026-12-04",
    "timing": "AFTER_CLOSE",
    "severity": "0.8",
    "source": "exchange filing",
    "reason": "filed today",
}
NOWHERE = ("abc", "9" * 30, "%00")
DEEDS = [
    *(("trading/configversion", deed) for deed in ("change", "activate")),
    *(("trading/marketevent", deed) for deed in ("change", "call-off", "withdraw")),
    *(("trading/position", deed) for deed in ("change", "close")),
    *(("trading/run", deed) for deed in ("change", "pause", "resume", "flatten", "unlock")),
    *(("backoffice/apikey", deed) for deed in ("change", "revoke")),
    *(("backoffice/secondfactor", deed) for deed in ("change", "take-away")),
    *(("auth/user", deed) for deed in ("change", "password")),
]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"risk": {"stale_after_seconds": Infinity}}', "risk.stale_after_seconds: inf"),
        ('{"risk": {"stale_after_seconds": 1e999}}', "risk.stale_after_seconds: inf"),
        ("[exits]\ntrail_atr = inf", "exits.trail_atr: inf, expected a finite number"),
        ('{"risk": {"cool_down_minutes": 1' + "0" * 30 + "}}", "risk.cool_down_minutes: 1e+30"),
        ('{"hours": {"cash": {"flat_by": "15:20Z"}}}', "flat_by: 15:20:00+00:00, expected India's"),
        ('{"hours": {"cash": {"flat_by": 0}}}', "hours.cash: flat_by: 00:00:00+00:00"),
        ('{"capital_inr": ' + "9" * 5000 + "}", "expected fewer digits"),
        ("capital_inr = " + "9" * 5000, "expected fewer digits"),
        ('{"risk": ' * 5000, "nested too deeply"),
        ("x=" + "[" * 5000, "nested too deeply"),
        ('{"strategies": {"\\ud800": {}}}', "half a surrogate pair"),
        ('{"strategies": {"\\u0000": {}}}', "holds a null"),
    ],
)
def test_a_document_that_cannot_be_kept_or_counted_with_is_refused(
    text: str, told: str, admin: Client
):
    page = admin.post(ADD, {"document": text, "note": "x", "_store": "1"})

    assert page.status_code == 200
    assert told in " ".join(page.context_data["form"].errors["document"])
    assert page.context_data["form"]["document"].value() == text
    assert not ConfigVersion.objects.exists()


@pytest.mark.parametrize("asked", ["9" * 30, "9" * 4400, "abc"])
def test_a_version_that_is_none_is_not_looked_up(asked: str, run: Run, admin: Client):
    begun = admin.get(f"{ADD}?base={asked}")
    compared = admin.get(f"{address(ConfigVersion.objects.get())}?against={asked}")

    assert (begun.status_code, compared.status_code) == (200, 200)


@pytest.mark.parametrize(("table", "deed"), DEEDS)
def test_an_address_of_no_row_leads_nowhere(table: str, deed: str, admin: Client):
    for told in NOWHERE:
        answer = admin.get(f"/admin/{table}/{told}/{deed}/", follow=True)

        assert answer.status_code == 404 or answer.redirect_chain, told


def test_a_day_that_is_none_shows_an_empty_list(run: Run, admin: Client):
    page = admin.get(f"{list_address(Instrument)}?day=2026-99-99")

    assert page.status_code == 200
    assert list(page.context_data["cl"].result_list) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"day": "0001-01-01"}, "date: 0001-01-01, expected a year from 2000 to 2199"),
        ({"day": "9999-12-31"}, "date: 9999-12-31, expected a year from 2000 to 2199"),
        ({"underlying": "ß" * 50}, "underlying: 100 letters, expected at most 50"),
    ],
)
def test_an_event_that_no_calendar_holds_is_refused(
    changes: dict[str, str], told: str, admin: Client
):
    page = admin.post(PUT, EVENT | changes)

    assert told in page.content.decode()
    assert not MarketEvent.objects.exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("RESULTS,TCS,0001-01-01,,AFTER_CLOSE,,0.8,f", "line 2: date: 0001-01-01"),
        ("FOMC,,9999-12-31,23:00,AT,America/New_York,0.8,f", "line 2: "),
        (f"RESULTS,{'T' * 60},2026-10-08,,AFTER_CLOSE,,0.8,f", "line 2: underlying: 60 letters"),
        (f"RESULTS,TCS,2026-10-08,,AFTER_CLOSE,,0.8,{'f' * 301}", "line 2: source: 301 letters"),
    ],
)
def test_a_listed_event_that_no_calendar_holds_is_named_by_its_line(
    line: str, told: str, admin: Client
):
    listed = f"{','.join(CSV_COLUMNS)}\n{line}\n"

    page = admin.post(TAKE_IN, {"listed": listed, "reason": "season"})

    assert f"list.csv {told}" in page.content.decode()
    assert not MarketEvent.objects.exists()


def timetable_form(**other: object) -> dict[str, object]:
    moment = CrontabSchedule.objects.create(hour="8", minute="30", timezone="Asia/Kolkata")
    form = {"name": "Mine", "task": "trading.tasks.sync", "regtask": "", "enabled": "on"}
    return {**form, "crontab": moment.pk, "args": "[]", "kwargs": "{}", "headers": "{}", **other}


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("args", "{}", "a list"),
        ("args", "[NaN]", "a list"),
        ("kwargs", "[]", "an object"),
        ("kwargs", "1", "an object"),
        ("headers", "5", "an object"),
        ("headers", '["a"]', "an object"),
        ("headers", "{not json", "an object"),
    ],
)
def test_arguments_that_beat_cannot_hand_on_are_refused(
    field: str, text: str, told: str, admin: Client
):
    page = admin.post(f"{list_address(PeriodicTask)}add/", timetable_form(**{field: text}))

    assert told in " ".join(page.context_data["adminform"].form.errors[field])
    assert not PeriodicTask.objects.filter(name="Mine").exists()


def test_arguments_of_the_right_shape_are_taken(admin: Client):
    form = timetable_form(args='["a", 1]', kwargs='{"run_id": 7}')

    assert admin.post(f"{list_address(PeriodicTask)}add/", form).status_code == 302
    assert json.loads(PeriodicTask.objects.get(name="Mine").kwargs) == {"run_id": 7}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_moment_that_could_not_be_read_again_is_refused(day: str, admin: Client):
    once = admin.post(
        f"{list_address(ClockedSchedule)}add/",
        {"clocked_time_0": day, "clocked_time_1": "00:00:00"},
    )
    begins = timetable_form(start_time_0=day, start_time_1="00:00:00")
    task = admin.post(f"{list_address(PeriodicTask)}add/", begins)

    for page, field in ((once, "clocked_time"), (task, "start_time")):
        told = page.context_data["adminform"].form.errors[field]
        assert told == [f"{day}: expected a year from 2000 to 2199."]
    assert not ClockedSchedule.objects.exists()


def test_a_reason_with_a_null_is_kept_without_it(open_run: Run, admin: Client):
    asked = admin.post(
        "/live/pause/", {"reason": "ne\x00ws"}, headers={"Accept": "application/json"}
    )
    admin.post("/mode/paper/", {"reason": "ne\x00ws"})

    assert asked.status_code == 202
    assert Command.objects.latest("id").reason == "news"
    assert not ModeChange.objects.filter(mode="LIVE").exists()
    assert AuditEntry.objects.filter(details__reason="news").exists()


def test_a_position_is_not_closed_by_another_s_address(open_run: Run, admin: Client):
    held = Position.objects.get()

    answer = admin.post(f"/admin/trading/position/{held.pk}x/close/", {"reason": "x"})

    assert answer.status_code == 404
    assert not Command.objects.filter(kind="CLOSE_POSITION").exists()
