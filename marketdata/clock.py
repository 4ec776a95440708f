"""The port through which the time is asked, and its two clocks.

Deciding code asks no clock at all: it is handed the moment of its event. IST itself lives in
`calendar.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from marketdata.calendar import IST


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in IST."""


class SystemClock:
    """The machine's clock; for the rim only (runner, adapters, services)."""

    def now(self) -> datetime:
        """Return the machine's time in IST, whatever zone the machine is set to."""
        return datetime.now(IST)


class EventClock:
    """A clock that stands where the last event put it; for replay, backtest and tests."""

    def __init__(self, at: datetime) -> None:
        self._at = _aware(at)

    def now(self) -> datetime:
        """Return the moment of the last event."""
        return self._at

    def set(self, at: datetime) -> None:
        """Move to an event's moment; an event older than the present leaves the clock alone."""
        self._at = max(self._at, _aware(at))


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"at: {at} has no time zone, expected an aware moment")
    return at.astimezone(IST)
