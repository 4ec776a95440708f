"""The sidebar: the console's tables in the groups an operator thinks in.

Tables nobody put in a group stand in the last one.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from backoffice.admin.others import ROOMS
from backoffice.admin.shown import list_address

Entry = tuple[str, str, str]
Group = dict[str, Any]

TODAY: tuple[Entry, ...] = (
    ("Positions", "account_balance_wallet", "trading.Position"),
    ("Orders", "receipt_long", "trading.Order"),
    ("Decisions", "gavel", "trading.Decision"),
    ("Signals", "sensors", "trading.Signal"),
    ("Commands", "campaign", "trading.Command"),
    ("Alerts", "notifications", "trading.Alert"),
    ("Reports", "summarize", "trading.Report"),
)
GROUPS: dict[str, tuple[Entry, ...]] = {
    "Trading": (
        ("Runs", "play_circle", "trading.Run"),
        ("Plans", "route", "trading.Plan"),
        ("Fills", "done_all", "trading.Fill"),
        ("Ledger", "menu_book", "trading.LedgerEntry"),
        ("Equity", "show_chart", "trading.EquityPoint"),
        ("Risk events", "warning", "trading.RiskEvent"),
        ("State changes", "traffic", "trading.StateChange"),
        ("Order events", "timeline", "trading.OrderEvent"),
        ("Plan events", "timeline", "trading.PlanEvent"),
        ("Legs", "splitscreen", "trading.Leg"),
    ),
    "Reference": (
        ("Instruments", "list_alt", "trading.Instrument"),
        ("Holidays", "event_busy", "trading.Holiday"),
        ("Special sessions", "event_available", "trading.SpecialSession"),
        ("Market events", "event_upcoming", "trading.MarketEvent"),
        ("Ban lists", "block", "trading.BanList"),
        ("Volatilities", "show_chart", "trading.IvDay"),
        ("Accounts", "account_balance", "trading.Account"),
    ),
    "Configuration": (
        ("Versions", "tune", "trading.ConfigVersion"),
        ("Activations", "task_alt", "trading.Activation"),
    ),
    "Audit": (("Audit log", "policy", "trading.AuditEntry"),),
    "System": (
        ("Task history", "history", "trading.TaskRun"),
        ("Timetable", "schedule", "django_celery_beat.PeriodicTask"),
        ("Crontabs", "calendar_clock", "django_celery_beat.CrontabSchedule"),
        ("Intervals", "timer", "django_celery_beat.IntervalSchedule"),
        ("Moments", "alarm", "django_celery_beat.ClockedSchedule"),
        ("By the sun", "wb_sunny", "django_celery_beat.SolarSchedule"),
        ("Deliveries", "outgoing_mail", "trading.Delivery"),
        ("Backtests", "science", "backoffice.BacktestJob"),
        ("Recorder", "fiber_manual_record", "trading.RecorderPosition"),
        ("Leader lease", "key", "trading.LeaderLease"),
        ("Broker sessions", "passkey", "trading.BrokerSession"),
        ("Modes", "toggle_on", "trading.ModeChange"),
        ("API keys", "vpn_key", "backoffice.ApiKey"),
        ("Second factors", "phonelink_lock", "backoffice.SecondFactor"),
        ("Token log-ins", "badge", "backoffice.TokenFamily"),
        ("People", "group", "auth.User"),
        ("Roles", "shield_person", "auth.Group"),
    ),
}


def sidebar(request: HttpRequest) -> list[Group]:
    """Return the groups and their entries, without those the user may not see."""
    overview = {"title": "Overview", "icon": "dashboard", "link": reverse("admin:index")}
    live = {"title": "Live page", "icon": "monitoring", "link": "/", "active": _never}
    today = [overview, live, *_seen(request, TODAY)]
    groups = [{"title": "Today", "items": today, "separator": False, "collapsible": False}]
    for title, entries in {**GROUPS, "System": (*GROUPS["System"], *_rest())}.items():
        shown = _seen(request, entries)
        groups.append({"title": title, "items": shown, "separator": True, "collapsible": True})
    return [group for group in groups if group["items"]]


def _never(_request: HttpRequest) -> bool:
    return False


def _seen(request: HttpRequest, entries: tuple[Entry, ...]) -> list[Group]:
    found = ((title, icon, apps.get_model(name)) for title, icon, name in entries)
    return [
        {"title": title, "icon": icon, "link": list_address(model)}
        for title, icon, model in found
        if _may_see(request, model)
    ]


def _may_see(request: HttpRequest, model: type[Model]) -> bool:
    return admin.site.get_model_admin(model).has_view_permission(request)


def _rest() -> tuple[Entry, ...]:
    """Return the tables of the rooms that no group names."""
    named = {name for entries in (TODAY, *GROUPS.values()) for _, _, name in entries}
    return tuple(
        (str(model._meta.verbose_name_plural).capitalize(), "table", model._meta.label)
        for room in ROOMS
        for model in apps.get_app_config(room).get_models()
        if model._meta.label not in named
    )
