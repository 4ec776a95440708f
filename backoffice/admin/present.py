"""The run an operator means when he says today, looked up once a request.

Other runs are chosen by the lists' filter in `filters.py`.
"""

from __future__ import annotations

from django.http import HttpRequest

from trading.models import SESSIONS, Run

_PLACE = "_desk_run"


def present_run(request: HttpRequest) -> Run | None:
    """Return the newest session, else the newest of all, None before the first."""
    if _PLACE not in request.__dict__:
        runs = Run.objects.select_related("account", "config_version").order_by("-started_at")
        session = runs.filter(mode__in=SESSIONS).first()
        request.__dict__[_PLACE] = session or runs.first()
    run: Run | None = request.__dict__[_PLACE]
    return run


def environment(request: HttpRequest) -> list[str]:
    """Return the badge that stands above every page: mode, run and its state."""
    run = present_run(request)
    if run is None:
        return ["no run yet", "info"]
    tone = {"RUNNING": "success", "FAILED": "danger"}.get(run.state, "info")
    return [f"{run.mode} · {run.date:%d %b} · {run.state}", tone]
