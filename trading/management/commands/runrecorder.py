"""`manage.py runrecorder`: the recorder process of the desk; follows each run as it appears."""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection

from trading import selectors
from trading.broadcast_redis import connect
from trading.management.commands.record import follow
from trading.models import Account
from trading.services.seed import PAPER_ACCOUNT
from trading.standing_by import Sign

_STAND_BY_SECONDS = 0.5
_log = structlog.get_logger(__name__)


class Command(BaseCommand):
    """Follow the account's newest run until it has ended, then wait for the next."""

    help = "Turn the journals of the desk's runs into rows as they are written."
    requires_system_checks = ()  # They would load every page; `prepare_run` has made them.

    def handle(self, *args: Any, **options: Any) -> None:
        store = connect(settings.REDIS_URL) if settings.REDIS_URL else None
        sign = Sign("recorder", store)
        while True:
            look(PAPER_ACCOUNT, sign)


def look(account: str, sign: Sign) -> None:
    """Follow the newest run of an account to its end, or stand by for a moment.

    A database that is away is asked again: what was projected stands, and a new start of the
    process would take longer than most outages.
    """
    try:
        run = selectors.newest_run(Account.objects.get(code=account))
        position = selectors.recorder_position(run) if run else None
        if run is not None and (position is None or not position.ended):
            follow(run)
            return
    except (OperationalError, InterfaceError) as error:
        _log.warning("the database is away", error=type(error).__name__)
        connection.close()
    else:
        if sign.is_due:
            sign.give()
    time.sleep(_STAND_BY_SECONDS)
