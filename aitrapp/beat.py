"""The Celery application of the timetable's process: `celery -A aitrapp.beat beat`.

It sends tasks by their names and loads none of them: they are the workers', `celery.py`.
"""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitrapp.settings.local")
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("aitrapp")
app.config_from_object("django.conf:settings", namespace="CELERY")


@beat_init.connect
def _put_timetable_in_place(**_: object) -> None:
    from aitrapp.schedule import TIMETABLE, put_in_place

    put_in_place(TIMETABLE, by="beat")
