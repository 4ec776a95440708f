"""When we may enter and when we must be out: the stages of one session of one segment.

When a session opens and closes is the calendar's knowledge and is given here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise

from marketdata.calendar import IST
from marketdata.instruments import Segment

_FLAT_BEFORE_CLOSE = timedelta(minutes=5)
_SQUARE_OFF_BEFORE_CLOSE = timedelta(minutes=8)
_SQUARE_OFF_BEFORE_FLAT = timedelta(minutes=3)


def _gap(earlier: time, later: time) -> timedelta:
    return timedelta(
        hours=later.hour - earlier.hour,
        minutes=later.minute - earlier.minute,
        seconds=later.second - earlier.second,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentHours:
    """The stages of a regular day by the exchange's wall clock.

    `entries_after_open_minutes` is counted from the session's open; the rest are times of day.
    Squaring off starts at least 3 minutes before everything must be flat.
    """

    entries_after_open_minutes: int
    entries_until: time
    tighten_at: time
    square_off_at: time
    flat_by: time

    def __post_init__(self) -> None:
        if self.entries_after_open_minutes < 0:
            raise ValueError(
                f"entries_after_open_minutes: {self.entries_after_open_minutes}, expected 0 or more"
            )
        names = ("entries_until", "tighten_at", "square_off_at", "flat_by")
        for name in names:
            if getattr(self, name).tzinfo is not None:
                raise ValueError(
                    f"{name}: {getattr(self, name)}, expected India's time without an offset"
                )
        for earlier, later in pairwise(names):
            if getattr(self, earlier) > getattr(self, later):
                raise ValueError(f"{later}: {getattr(self, later)} is before {earlier}")
        if _gap(self.square_off_at, self.flat_by) < _SQUARE_OFF_BEFORE_FLAT:
            raise ValueError(
                f"square_off_at: {self.square_off_at}, expected 3 minutes or more "
                f"before flat_by {self.flat_by}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The stages of derivatives and of shares; each ends before the broker's own square-off.

    The defaults rest on the broker's published cuts: 15:25 for derivatives, 15:20 for shares.
    """

    derivatives: SegmentHours = SegmentHours(
        entries_after_open_minutes=5,
        entries_until=time(15, 15),
        tighten_at=time(15, 20),
        square_off_at=time(15, 22),
        flat_by=time(15, 25),
    )
    cash: SegmentHours = SegmentHours(
        entries_after_open_minutes=5,
        entries_until=time(15, 0),
        tighten_at=time(15, 8),
        square_off_at=time(15, 10),
        flat_by=time(15, 15),
    )

    def of(self, segment: Segment) -> SegmentHours:
        """Return the stages that hold for `segment`."""
        match segment:
            case Segment.CASH:
                return self.cash
            case Segment.FUTURES | Segment.OPTIONS:
                return self.derivatives


@dataclass(frozen=True, slots=True)
class Stages:
    """The moments of one session, in this order; two may coincide in a very short session."""

    entries_from: datetime
    entries_until: datetime
    tighten_at: datetime
    square_off_at: datetime
    flat_by: datetime

    def may_enter(self, now: datetime) -> bool:
        """Say whether entries are allowed: from `entries_from`, before `entries_until`."""
        return self.entries_from <= now < self.entries_until


def stages(opens_at: datetime, closes_at: datetime, segment: Segment, hours: Hours) -> Stages:
    """Return the stages of the session from `opens_at` to `closes_at`, in the exchange's zone.

    Wall times hold as they stand, except: a session that closes too early for them moves all of
    them earlier by the same span (flat 5 minutes and square-off 8 minutes before the close); one
    that opens after the regular entries have ended (an evening session) moves them later. No
    stage lies before the open; where no time is left, the window for entries is empty.
    Raises `ValueError` for naive datetimes or a close that is not after the open.
    """
    if opens_at.tzinfo is None or closes_at.tzinfo is None:
        raise ValueError("opens_at, closes_at: expected aware datetimes")
    if closes_at <= opens_at:
        raise ValueError(f"closes_at: {closes_at} is not after opens_at {opens_at}")
    opens_at, closes_at = (moment.astimezone(IST) for moment in (opens_at, closes_at))
    regular = hours.of(segment)
    shift = _shift(opens_at, closes_at, regular)
    until, tighten, square_off, flat = (
        max(opens_at, _on(opens_at, wall) - shift)
        for wall in (
            regular.entries_until,
            regular.tighten_at,
            regular.square_off_at,
            regular.flat_by,
        )
    )
    start = opens_at + timedelta(minutes=regular.entries_after_open_minutes)
    return Stages(min(start, until), until, tighten, square_off, flat)


def _shift(opens_at: datetime, closes_at: datetime, regular: SegmentHours) -> timedelta:
    """Return how much earlier the stages must be; negative for an evening session."""
    too_late = max(
        _on(opens_at, regular.flat_by) - (closes_at - _FLAT_BEFORE_CLOSE),
        _on(opens_at, regular.square_off_at) - (closes_at - _SQUARE_OFF_BEFORE_CLOSE),
    )
    if opens_at >= _on(opens_at, regular.entries_until):
        return too_late
    return max(too_late, timedelta(0))


def _on(day: datetime, wall: time) -> datetime:
    return datetime.combine(day.date(), wall, tzinfo=IST)
