"""`audit verify`: prove the audit log whole, or name the first broken entry."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trading.services import audit


class Command(BaseCommand):
    """Walks the audit log's hash chain."""

    help = "Verify the hash chain of the audit log; exit code 1 if it is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["verify"])

    def handle(self, *_args: Any, **_options: Any) -> None:
        report = audit.verify()
        if not report.is_whole:
            raise CommandError(
                f"audit entry {report.broken} is broken: {report.fault}"
                f" ({report.entries} entries before it are good)"
            )
        self.stdout.write(f"{report.entries} entries, chain whole, head {report.head}")
