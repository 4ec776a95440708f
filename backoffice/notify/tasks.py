"""The task that brings alerts to people; it may run twice, and beside itself."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from backoffice.notify.channels import configured
from backoffice.notify.delivering import deliver as bring
from backoffice.notify.rules import active_rules


@shared_task(
    name="backoffice.notify.tasks.deliver", soft_time_limit=120, time_limit=150, expires=30
)
def deliver(**_words: object) -> str:
    """Route new alerts and send what is due."""
    return str(bring(active_rules(), configured(settings.ALERT_CHANNELS), timezone.now()))
