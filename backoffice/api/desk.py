"""The desk as it is now: state, risk and session. What it did stands in `records.py`."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.base import DeskView
from backoffice.api.errors import Refused
from backoffice.api.filtering import present_run
from backoffice.api.outputs import RunOutput
from backoffice.api.readiness import FRESH_SECONDS
from backoffice.api.schema import described, told
from backoffice.live.desk_state import snapshot, watched_account
from marketdata.calendar import IST, Calendar, CalendarUnknown, NoSession
from marketdata.instruments import Segment
from trading.broadcast_keys import state_key
from trading.broadcast_redis import RedisAwayError, connect, read_json
from trading.config import ConfigError, document_of, read
from trading.models import Run, RunState
from trading.services.control_change import state_of

_HOURS = {"opens_at": "2026-11-23T09:15:00+05:30", "closes_at": "2026-11-23T15:30:00+05:30"}


def desk_state() -> dict[str, Any] | None:
    """Return the whole present state; None before the first session."""
    state: dict[str, Any] | None = json.loads(snapshot(watched_account()).state)
    return state


def live_positions() -> dict[str, dict[str, Any]]:
    """Return the live figures of the open positions by code; none where nobody tells them."""
    return {each["id"]: each for each in _live("positions") if each["quantity"]}


def live_structures() -> dict[str, dict[str, Any]]:
    """Return the live figures of plans of several legs by code; none where nobody tells them."""
    return {each["id"]: each for each in _live("combinations")}


def _live(kind: str) -> list[dict[str, Any]]:
    """Return what the running session tells of one kind of rows."""
    run = present_run()
    if run is None or run.ended_at is not None or not settings.REDIS_URL:
        return []
    client = connect(settings.REDIS_URL)
    try:
        state = read_json(client, state_key(run.account.code))
    except RedisAwayError:
        return []
    finally:
        client.close()
    if state is None or state["run"]["code"] != run.code:
        return []
    rows: list[dict[str, Any]] = state.get(kind, [])
    return rows


def _needed_state() -> dict[str, Any]:
    state = desk_state()
    if state is None:
        raise Refused(404, "no_session", "there has been no session yet")
    return state


class SegmentOutput(serializers.Serializer):
    """The hours of one segment on the day; empty where it is closed."""

    segment = serializers.CharField()
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)
    kind = serializers.CharField()


class SessionOutput(serializers.Serializer):
    """The session, the state of trading, and the exchange's day."""

    now = serializers.DateTimeField()
    date = serializers.DateField()
    is_trading_day = serializers.BooleanField(allow_null=True)
    segments = SegmentOutput(many=True)
    run = RunOutput(allow_null=True)
    trading_state = serializers.CharField(allow_null=True)
    blocked_by = serializers.ListField(child=serializers.CharField())


class RiskOutput(serializers.Serializer):
    """Money and limits of now, in rupees; shares of a limit from 0 (nothing) to 1 (all of it).

    `engine_alive`: whether the engine has given a sign of life within the last seconds, null where
    nobody can say; the rest is then what was last known. `may_enter` is true only where it is known
    to be. `breaches`: the limits that are used up. `foreign`: orders and positions of others in the
    same account, counted at risk.
    """

    at = serializers.CharField(allow_null=True)
    engine_alive = serializers.BooleanField(allow_null=True)
    trading_state = serializers.CharField()
    may_enter = serializers.BooleanField()
    blocked_by = serializers.ListField(child=serializers.CharField())
    account = serializers.DictField(child=serializers.FloatField())
    used = serializers.DictField(child=serializers.FloatField())
    breaches = serializers.ListField(child=serializers.CharField())
    foreign = serializers.ListField(child=serializers.DictField())
    limits = serializers.DictField()


class StateView(DeskView):
    """Everything at once."""

    @described("desk", "State", {200: OpenApiTypes.OBJECT}, errors=[404])
    def get(self, _request: Request) -> Response:
        """Answer with the whole live state: the same document that the live page shows."""
        return Response(_needed_state())


class RiskView(DeskView):
    """How much is at risk, and how much may be."""

    @described("desk", "Risk", {200: RiskOutput}, errors=[404])
    def get(self, _request: Request) -> Response:
        """Answer with heat, profit, margin and positions, each against its limit."""
        state = _needed_state()
        used = used_shares(state["account"])
        risk = {
            "at": state["at"],
            "engine_alive": (alive := engine_alive(state)),
            "trading_state": state["trading_state"],
            "may_enter": bool(alive) and state["trading_state"] == "OPEN",
            "blocked_by": state["blocked_by"],
            "account": state["account"],
            "used": used,
            "breaches": [name for name, share in used.items() if share >= 1],
            "foreign": state.get("foreign", []),
            "limits": _limits(present_run()),
        }
        return Response(RiskOutput(risk).data)


class SessionView(DeskView):
    """Which session is running, and when the exchanges are open."""

    @described(
        "desk",
        "Session",
        {200: SessionOutput},
        examples=[
            told(
                "Closed desk on a trading day",
                {
                    "now": "2026-11-23T08:02:11+05:30",
                    "date": "2026-11-23",
                    "is_trading_day": True,
                    "segments": [{"segment": "FUT", "kind": "regular", **_HOURS}],
                    "run": None,
                    "trading_state": None,
                    "blocked_by": [],
                },
                200,
            )
        ],
    )
    def get(self, _request: Request) -> Response:
        """Answer with the running or last session, and the hours of its day or of today."""
        now = timezone.now().astimezone(IST)
        run = present_run()
        is_running = run is not None and run.ended_at is None
        day = run.date if run is not None and is_running else now.date()
        state = state_of(run) if run is not None else None
        session = {
            "now": now,
            "run": run,
            "trading_state": state.state if state else None,
            "blocked_by": list(state.blocked_by) if state else [],
            **exchange_day(day),
        }
        return Response(SessionOutput(session).data)


def engine_alive(state: dict[str, Any]) -> bool | None:
    """Return whether a run goes on and its engine lives; None where nobody told it lately."""
    if state["run"]["state"] != RunState.RUNNING.value:
        return False
    told = state.get("health", {}).get("engine", {}).get("ok")
    written = state.get("wall_at")
    if told is None or written is None:
        return None
    age = (timezone.now() - datetime.fromisoformat(written)).total_seconds()
    return bool(told) if age < FRESH_SECONDS else None


def used_shares(account: dict[str, Any]) -> dict[str, float]:
    """Return how much of each limit is used up, 0 for a profit or a limit nobody set."""
    loss = max(-account["day_profit"], 0.0)
    return {
        "heat": _share(account["heat"], account["heat_limit"]),
        "daily_loss": _share(loss, account["daily_loss_limit"]),
        "margin": _share(account["margin_used"], account.get("margin_limit")),
        "positions": _share(account["positions_open"], account["positions_limit"]),
    }


def exchange_day(day: date) -> dict[str, Any]:
    """Return whether the exchanges trade on a day, and each segment's hours."""
    calendar = Calendar.load()
    try:
        is_open: bool | None = calendar.is_trading_day(day)
    except CalendarUnknown:
        is_open = None
    hours = [_segment(calendar, day, segment) for segment in Segment] if is_open else []
    return {"date": day, "is_trading_day": is_open, "segments": hours}


def _segment(calendar: Calendar, day: date, segment: Segment) -> dict[str, Any]:
    opens: datetime | None = None
    closes: datetime | None = None
    try:
        session = calendar.session(day, segment)
        opens, closes, kind = session.opens_at, session.closes_at, session.kind
    except (NoSession, CalendarUnknown) as error:
        kind = str(error)
    return {"segment": segment.value, "opens_at": opens, "closes_at": closes, "kind": kind}


def _share(amount: float, limit: float | None) -> float:
    return round(amount / limit, 4) if limit else 0.0


def _limits(run: Run | None) -> dict[str, Any]:
    if run is None:
        return {}
    try:
        limits: dict[str, Any] = document_of(read(run.config_version.content))["risk"]
    except ConfigError:
        return {}
    return limits
