"""`manage.py runrecorder`: the recorder process of the desk; follows each run as it appears."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from trading import selectors
from trading.management.commands.record import follow
from trading.models import Account
from trading.services.seed import PAPER_ACCOUNT

_STAND_BY_SECONDS = 0.5


class Command(BaseCommand):
    """Follow the account's newest run until it has ended, then wait for the next."""

    help = "Turn the journals of the desk's runs into rows as they are written."

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.get(code=PAPER_ACCOUNT)
        while True:
            run = selectors.newest_run(account)
            position = selectors.recorder_position(run) if run else None
            if run is None or (position is not None and position.ended):
                time.sleep(_STAND_BY_SECONDS)
            else:
                follow(run)
