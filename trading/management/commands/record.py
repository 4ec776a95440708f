"""`record --run CODE [--follow]`: turn a run's journal into rows, and tell the world of it.

How is told by the recorder and the broadcast.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from trading.broadcast import Broadcaster
from trading.broadcast_sink import Sink
from trading.models import Run
from trading.recorder import BATCH_RECORDS, Recorder
from trading.selectors import UnknownRunError, run_by_code

_POLL_SECONDS = 0.05


def follow(run: Run) -> int:
    """Turn a run's journal into rows until its last record; return how many there were.

    Where Redis is set its live state is broadcast beside it; Redis may come and go.
    """
    if not settings.REDIS_URL:
        return follow_quietly(run)
    recorder, sink = Recorder(run), Sink(settings.REDIS_URL, run.account.code)
    broadcaster = Broadcaster(run, sink)
    try:
        total = recorder.project_batch()
        while not recorder.ended:
            broadcaster.step(recorder.seq, recorder.fencing_token)
            count = recorder.project_batch()
            total += count
            if count < BATCH_RECORDS:
                time.sleep(_POLL_SECONDS)
        broadcaster.step(recorder.seq, recorder.fencing_token, last=True)
    finally:
        sink.close()
    return total


def follow_quietly(run: Run) -> int:
    """Turn a run's journal into rows until its last record, and tell nobody."""
    recorder = Recorder(run)
    total = recorder.catch_up()
    while not recorder.ended:
        time.sleep(_POLL_SECONDS)
        total += recorder.catch_up()
    return total


class Command(BaseCommand):
    """Projects one journal, once or until the run's last record."""

    help = "Turn the journal of a run into rows, each record exactly once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", required=True, help="code of the run")
        parser.add_argument(
            "--follow", action="store_true", help="go on until the run's last record"
        )
        parser.add_argument(
            "--broadcast",
            action=BooleanOptionalAction,
            default=bool(settings.REDIS_URL),
            help="while following, tell Redis and the live pages (default: where Redis is set)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            run = run_by_code(options["run"])
        except UnknownRunError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["broadcast"] and not settings.REDIS_URL:
            raise CommandError("--broadcast: REDIS_URL is not set", returncode=2)
        if not options["follow"]:
            total = Recorder(run).catch_up()
        elif options["broadcast"]:
            total = follow(run)
        else:
            total = follow_quietly(run)
        self.stdout.write(f"{run.code}: {total} records projected")
