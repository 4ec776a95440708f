"""`seed_schedule`: put the timetable's rows in place, and its safety rows back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from trading.services.timetable import put_in_place


class Command(BaseCommand):
    """Writes beat's rows; may be repeated, and keeps what an operator changed elsewhere."""

    help = "Write the timetable into beat's tables; put safety rows back as they must be."

    def handle(self, *_args: Any, **_options: Any) -> None:
        timetable = import_string(settings.TIMETABLE)
        put_back = put_in_place(timetable, by="seed")
        for name in put_back:
            self.stdout.write(f"put back: {name}")
        self.stdout.write(f"{len(timetable)} rows in place")
