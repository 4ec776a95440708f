"""`record --run CODE [--follow]`: turn a run's journal into rows; how is told by the recorder."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trading.recorder import Recorder
from trading.selectors import UnknownRunError, run_by_code

_POLL_SECONDS = 0.05


class Command(BaseCommand):
    """Projects one journal, once or until the run's last record."""

    help = "Turn the journal of a run into rows, each record exactly once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", required=True, help="code of the run")
        parser.add_argument(
            "--follow", action="store_true", help="go on until the run's last record"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            run = run_by_code(options["run"])
        except UnknownRunError as error:
            raise CommandError(str(error), returncode=2) from error
        recorder = Recorder(run)
        total = recorder.catch_up()
        while options["follow"] and not recorder.ended:
            time.sleep(_POLL_SECONDS)
            total += recorder.catch_up()
        self.stdout.write(f"{run.code}: {total} records projected")
