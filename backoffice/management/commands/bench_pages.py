"""`manage.py bench pages`: what open live pages cost a running desk, and how soon they show."""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import datetime
from datetime import time as wall_time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.crypto import get_random_string
from redis import Redis

from backoffice.bench.pages import Plan, Watched, figures
from backoffice.bench.running import DeskFailedError, MeasuredDay, MeasuredDesk, measured_desk
from backoffice.bench.screens import browser_program
from backoffice.bench.sockets import signed_in
from backoffice.people import add_person, random_password
from backoffice.permissions import Role
from marketdata.calendar import IST
from trading import selectors
from trading.bench import table_of
from trading.broadcast_keys import health_key
from trading.broadcast_redis import connect, read_json
from trading.models import Account
from trading.services.seed import PAPER_ACCOUNT

_DAY, _KEPT_FROM = "synthetic:15", wall_time(13, 6)
"""A made day, from a moment at which a position is held."""
_ENTERABLE = 0o755
_PATIENCE_SECONDS = 90.0
_LOOK_SECONDS = 0.5


class Command(BaseCommand):
    """Run a desk in a folder of its own, watch it, print what was measured."""

    help = "Measure the live page on a desk that is started for it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--watchers", type=int, default=20, help="pages open at once")
        parser.add_argument("--screens", type=int, default=4, help="of these, shown by chromium")
        parser.add_argument("--seconds", type=float, default=6.0, help="length of a span")
        parser.add_argument("--spans", type=int, default=12, help="spans with pages open")
        parser.add_argument("--speed", type=float, default=20.0, help="seconds of the day a second")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["screens"] < options["watchers"] or options["spans"] < 1:
            raise CommandError("expected 0 <= screens < watchers, spans of 1 or more", returncode=2)
        if not settings.REDIS_URL:
            raise CommandError("REDIS_URL is not set; `make bench` starts a server", returncode=2)
        screens = options["screens"] if browser_program() else 0
        plan = Plan(options["watchers"], screens, options["seconds"], options["spans"])
        day = MeasuredDay(_DAY, options["speed"], f"{_KEPT_FROM:%H:%M}")
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            place.chmod(_ENTERABLE)
            try:
                with measured_desk(Path(settings.PROJECT_ROOT), place, day) as desk:
                    found = asyncio.run(figures(_watched(desk), plan))
            except DeskFailedError as error:
                raise CommandError(f"the desk did not come up: {error}", returncode=1) from error
        self.stdout.write(table_of(found, as_json=options["json"]))
        if screens < options["screens"]:
            self.stderr.write("No screen: playwright or chromium is not installed here.")


def _watched(desk: MeasuredDesk) -> Watched:
    """Return the desk once its engine trades, with a viewer signed in. Raises `CommandError`."""
    name, password = f"bench-{get_random_string(8).lower()}", random_password()
    add_person(username=name, role=Role.VIEWER, password=password, by="bench")
    store = connect(settings.REDIS_URL or "")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _is_paced(store):
        if time.monotonic() > deadline:
            raise CommandError("the desk's engine gives no sign of life", returncode=1)
        time.sleep(_LOOK_SECONDS)
    run = selectors.newest_run(Account.objects.get(code=PAPER_ACCOUNT))
    if run is None:
        raise CommandError("the desk has no run", returncode=1)
    return Watched(desk, signed_in(desk, name, password), Path(run.journal_path), store)


def _is_paced(store: Redis) -> bool:
    """Say whether the engine has hurried to where its speed is kept."""
    at = (read_json(store, health_key("engine")) or {}).get("at") or ""
    return at != "" and datetime.fromisoformat(at).astimezone(IST).time() >= _KEPT_FROM
