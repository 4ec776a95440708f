"""The lengths of bars the desk knows; folding prices into bars lives in `panel.py`."""

from __future__ import annotations

from enum import Enum


class Timeframe(Enum):
    """A bar length; the value is its length in seconds.

    There is one of each, so each is found by being itself.
    """

    SECOND = 1
    SECONDS_5 = 5
    MINUTE = 60
    MINUTES_5 = 300
    MINUTES_15 = 900

    def __init__(self, seconds: int) -> None:
        """Keep the length in seconds where it is read at no cost."""
        self.seconds = seconds

    __hash__ = object.__hash__
