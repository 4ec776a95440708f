"""The console as a Django app; its tables hold keys, token families and jobs."""

from __future__ import annotations

from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    """The operator's console."""

    name = "backoffice"
    verbose_name = "Back office"
