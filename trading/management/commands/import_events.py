"""`import_events`: take a list of scheduled events over the packaged one, whole or not at all."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketdata.events import CSV_COLUMNS, read_events
from marketdata.tables import DataFileError
from trading.services import events


class Command(BaseCommand):
    """Imports events, such as the results of companies; may be repeated."""

    help = (
        "Take in a list of events: a CSV with the columns "
        f"{','.join(CSV_COLUMNS)}, or a TOML file with [[event]] tables. "
        "They hold for sessions opened from then on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the list's path."""
        parser.add_argument("path", type=Path)
        parser.add_argument("--reason", default="a list was imported", help="kept in the audit log")
        parser.add_argument("--check", action="store_true", help="only say what is wrong with it")

    def handle(self, *_args: Any, path: Path, check: bool, reason: str, **_options: Any) -> None:
        try:
            found = read_events(path)
        except DataFileError as error:
            raise CommandError(str(error)) from error
        if check:
            self.stdout.write(f"{path.name}: {len(found)} events, all well")
            return
        by = getpass.getuser()
        try:
            taken = events.take_in(events=found, by=by, source=path.name, reason=reason)
        except events.EventRefused as error:
            raise CommandError(f"--{error}") from error
        self.stdout.write(
            f"{path.name}: {taken.new} new, {taken.changed} changed, {taken.same} as they were;"
            " they hold for sessions opened from now on"
        )
