"""`manage.py bench_dump`: time and memory of taking over a real-size instrument dump."""

from __future__ import annotations

import json
from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction

from trading.bench import table_of
from trading.bench_dump import dump_figures, measured
from trading.paper_day import manage_command


class Command(BaseCommand):
    """Measure and print; nothing is judged and nothing stays in the database."""

    help = "Measure parsing, staging and swapping a made dump of about 117,000 rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--take", type=Path, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["take"] is not None:
            with transaction.atomic():
                self.stdout.write(json.dumps(measured(options["take"])))
                transaction.set_rollback(True)
            return
        call_command("migrate", verbosity=0)
        figures = dump_figures(manage_command(Path(settings.PROJECT_ROOT)))
        self.stdout.write(table_of(figures, as_json=options["json"]))
