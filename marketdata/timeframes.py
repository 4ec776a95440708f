"""The lengths of bars the desk knows; folding prices into bars lives in `panel.py`."""

from __future__ import annotations

from enum import Enum


class Timeframe(Enum):
    """A bar length; the value is its length in seconds."""

    SECOND = 1
    SECONDS_5 = 5
    MINUTE = 60
    MINUTES_5 = 300
    MINUTES_15 = 900

    @property
    def seconds(self) -> int:
        """Return the length in seconds."""
        return self.value
