"""`manage.py runengine`: the engine process of an account; stands by for its paper runs."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from channels.layers import get_channel_layer
from django.core.management.base import BaseCommand, CommandError, CommandParser

from trading.engine.core import Engine
from trading.management.commands.trade import ANTICIPATED
from trading.models import Account
from trading.quiet_heap import loaded
from trading.services.seed import PAPER_ACCOUNT
from trading.worker import DeskWorker, Tempo


def _in_silence(_at: datetime, _engine: Engine) -> None:
    """Show nothing: the desk's terminal and console read what is recorded."""


class Command(BaseCommand):
    """Trade an account's paper runs as they appear, until stopped."""

    help = "Stand by for the paper runs of an account and trade them."
    requires_system_checks = ()  # They would load every page; `prepare_run` has made them.

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", default=PAPER_ACCOUNT, help="code of the account")
        parser.add_argument(
            "--speed", type=float, default=1.0, help="seconds of the day per second"
        )
        parser.add_argument(
            "--from",
            dest="kept_from",
            type=time.fromisoformat,
            help="time of the day (HH:MM) from which the speed is kept; before it, no pause",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["speed"] > 0:
            raise CommandError(f"--speed: {options['speed']}, expected above 0", returncode=2)
        account = Account.objects.filter(code=options["account"]).first()
        if account is None:
            raise CommandError(f"--account: {options['account']!r} is unknown", returncode=2)
        loaded()
        tempo = Tempo(options["speed"], options["kept_from"])
        worker = DeskWorker(account, get_channel_layer(), tempo=tempo, show=_in_silence)
        try:
            worker.run()
        except ANTICIPATED as error:
            raise CommandError(str(error), returncode=2) from error
