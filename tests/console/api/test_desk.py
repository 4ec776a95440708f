"""The desk as it is now: state from Redis or rows, risk against limits, session and hours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from backoffice.api.desk import engine_alive, exchange_day, used_shares
from trading.broadcast import state_from_rows
from trading.broadcast_keys import state_key
from trading.broadcast_redis import connect
from trading.models import Position, Run

API = "/api/v1"


@pytest.fixture
def store(day) -> Iterator:
    """Return a way to put the day's live state into Redis; it is gone afterwards."""
    client = connect(settings.REDIS_URL)
    key = state_key(day.account.code)

    def put(**changes) -> dict:
        document = json.loads(json.dumps(state_from_rows(day), default=str)) | changes
        client.set(key, json.dumps(document))
        return document

    yield put
    client.delete(key)
    client.close()


def test_the_state_is_the_live_document(viewer, store):
    document = store(sequence=41)

    assert viewer.get(f"{API}/state").json() == document


def test_without_redis_the_rows_tell_the_state(viewer, day):
    told = viewer.get(f"{API}/state").json()

    assert told["run"]["code"] == day.code
    assert (told["sequence"], len(told["signals"])) == (0, 4)


@pytest.mark.parametrize("path", ["state", "risk"])
def test_before_the_first_session_there_is_no_state(viewer, path: str):
    answer = viewer.get(f"{API}/{path}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_session")


def test_risk_is_told_against_its_limits(viewer, day):
    told = viewer.get(f"{API}/risk").json()

    assert told["account"]["equity"] == told["account"]["balance"] == 1002922.66
    assert told["used"] == {"heat": 0.0, "daily_loss": 0.0, "margin": 0.0, "positions": 0.0}
    assert (told["breaches"], told["blocked_by"]) == ([], [])


ACCOUNT = {
    "day_profit": -12_500.0,
    "daily_loss_limit": 25_000.0,
    "heat": 20_000.0,
    "heat_limit": 20_000.0,
    "margin_used": 100.0,
    "margin_limit": 0.0,
    "positions_open": 3,
    "positions_limit": 5,
}


def test_shares_of_limits_count_losses_only_and_no_limit_is_nothing_used():
    assert used_shares(ACCOUNT) == {
        "heat": 1.0,
        "daily_loss": 0.5,
        "margin": 0.0,
        "positions": 0.6,
    }
    assert used_shares({**ACCOUNT, "day_profit": 9_999.0})["daily_loss"] == 0.0


def test_a_limit_reached_is_a_breach_and_a_blocked_desk_may_not_enter(viewer, store):
    document = store()
    store(
        account={**document["account"], **ACCOUNT},
        trading_state="REDUCE_ONLY",
        blocked_by=["operator"],
    )

    told = viewer.get(f"{API}/risk").json()

    assert (told["breaches"], told["may_enter"]) == (["heat"], False)


def living(*, wall: int = 0, ok: bool = True, run: str = "RUNNING") -> dict:
    """Return what a state tells of a run and its engine, told `wall` seconds ago."""
    told_at = timezone.now() - timedelta(seconds=wall)
    return {
        "run": {"code": "R", "state": run},
        "wall_at": told_at.isoformat(),
        "health": {"engine": {"ok": ok}},
    }


@pytest.mark.parametrize(
    ("told", "left_out", "alive"),
    [
        ({}, {}, True),
        ({"ok": False}, {}, False),
        ({"run": "FINISHED"}, {}, False),
        ({"wall": 30}, {}, None),
        ({}, {"health": {}}, None),
        ({}, {"wall_at": None}, None),
    ],
)
def test_an_engine_lives_only_where_somebody_has_just_seen_it(
    told: dict, left_out: dict, alive: bool | None
):
    assert engine_alive({**living(**told), **left_out}) is alive


def test_only_a_living_engine_may_enter(viewer, day, store):
    def told(**changes) -> tuple:
        store(**changes)
        answer = viewer.get(f"{API}/risk").json()
        return answer["engine_alive"], answer["may_enter"]

    ours = {"run": {"code": day.code, "state": "RUNNING"}}
    Run.objects.filter(pk=day.pk).update(state="RUNNING", ended_at=None)
    assert told(**(living() | ours), trading_state="OPEN") == (True, True)
    assert told(**(living() | ours), trading_state="HALTED") == (True, False)
    assert told(**(living(ok=False) | ours), trading_state="OPEN") == (False, False)
    assert told(**(living(wall=30) | ours), trading_state="OPEN") == (None, False)


def test_open_positions_carry_their_live_price(viewer, day, store):
    position = Position.objects.filter(run=day).first()
    Position.objects.filter(pk=position.pk).update(state="OPEN", quantity=75)
    live = {"last": 14810.0, "unrealised": 742.5, "r": 0.4, "confirmed": 50}
    store(positions=[{"id": position.code, "quantity": 75, **live}])

    told = {each["code"]: each for each in viewer.get(f"{API}/positions").json()["results"]}

    assert told[position.code]["live"] == live
    assert [each["live"] for code, each in told.items() if code != position.code] == [None]


def test_the_session_tells_the_run_and_the_hours_of_its_day(viewer, day):
    told = viewer.get(f"{API}/session").json()

    assert (told["run"]["code"], told["date"]) == (day.code, "2021-04-09")
    assert told["is_trading_day"] is True
    assert told["trading_state"] == "OPEN"
    hours = {each["segment"]: each["opens_at"] for each in told["segments"]}
    assert hours["FUTURES"] == "2021-04-09T09:15:00+05:30"


def test_without_a_session_today_s_hours_are_told(viewer):
    told = viewer.get(f"{API}/session").json()

    assert (told["run"], told["trading_state"], told["blocked_by"]) == (None, None, [])


@pytest.mark.parametrize(
    ("day", "is_open"),
    [(date(2024, 1, 26), False), (date(2024, 1, 25), True), (date(1980, 1, 1), None)],
)
def test_a_closed_or_unknown_day_has_no_hours(day: date, is_open: bool | None):
    told = exchange_day(day)

    assert told["is_trading_day"] is is_open
    assert bool(told["segments"]) is bool(is_open)
