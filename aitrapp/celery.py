"""The Celery application: `celery -A aitrapp.celery worker`, and `beat` for the timetable.

Tasks live in the apps' `tasks.py`; what runs when is in `schedule.py`.
"""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitrapp.settings.local")

app = Celery("aitrapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["aitrapp"])
app.autodiscover_tasks(["backoffice.notify"])


@beat_init.connect
def _put_timetable_in_place(**_: object) -> None:
    from aitrapp.schedule import TIMETABLE, put_in_place

    put_in_place(TIMETABLE, by="beat")
