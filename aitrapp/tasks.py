"""Housekeeping of the web project; the desk's own tasks live in `trading/tasks.py`."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command


@shared_task
def clear_sessions(**_: object) -> None:
    """Delete the sessions that have run out; doing it twice does no harm."""
    call_command("clearsessions")
