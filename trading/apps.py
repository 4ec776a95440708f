"""The Django application that owns every row of the desk; behaviour lives outside it."""

from __future__ import annotations

from django.apps import AppConfig


class TradingConfig(AppConfig):
    """Registers the models and the system checks."""

    name = "trading"
    verbose_name = "Trading"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load the checks so that `manage.py check` runs them."""
        from trading import checks  # noqa: F401
