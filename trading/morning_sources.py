"""Where the morning's lists come from on this desk: its files, and the broker where it has an app.

What is done with them is `services/premarket.py`.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils import timezone

from trading.services.premarket import Morning, Sources


def morning_sources() -> Sources:
    """Return the sources that the settings name."""
    return Sources(
        dump=settings.INSTRUMENT_DUMP,
        ban_list=settings.BAN_LIST,
        broker=_broker() if settings.KITE_API_KEY else None,
    )


def _broker() -> Morning:
    """Return what the broker is asked with; its client is loaded by those who have an app only."""
    from trading.kite_reading import KiteMorning

    return KiteMorning(timezone.now, Path(settings.PROJECT_ROOT) / "var" / "history")
