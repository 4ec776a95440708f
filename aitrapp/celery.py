"""The Celery application of the workers and of whoever sends to them: `celery -A aitrapp worker`.

Tasks live in the apps' `tasks.py`; the timetable's process has its own application, `beat.py`.
"""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitrapp.settings.local")
# Celery would run Django's checks at the start of each worker, which load every page of the
# console; `migrate` runs them before a worker starts.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("aitrapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["aitrapp"])
app.autodiscover_tasks(["backoffice.notify"])
