"""`explain SIGNAL_ID`: why an opinion stood where it stood, its score worked out again."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trading.explanation import explained
from trading.selectors_signal import UnknownSignalError, signal_called


class Command(BaseCommand):
    """Prints the explanation; fails where what is stored doesn't come to the stored score."""

    help = "Explain a signal's score and fate, and work the score out again from what is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("signal_id", help="code or id of the signal")
        parser.add_argument("--run", default="", help="code of the run, where several have it")
        parser.add_argument("--json", action="store_true", help="print all inputs as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            told = explained(signal_called(options["signal_id"], options["run"]))
        except UnknownSignalError as error:
            raise CommandError(str(error), returncode=2) from error
        text = json.dumps(told.document, indent=2, ensure_ascii=False, default=str)
        self.stdout.write(text if options["json"] else "\n".join(told.lines))
        if told.differences:
            names = ", ".join(told.differences)
            raise CommandError(f"stored inputs come to something else in: {names}", returncode=1)
