"""What scheduled events do to entries: the settings by kind, and the windows they make of a day.

Which events there are is told by the market room; asking the windows is the gate's and the
engine's work.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

from marketdata.calendar import IST
from marketdata.events import MarketEvent, Timing

_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRule:
    """What one kind of event does to entries.

    All spans in minutes. From `block_before_minutes` before to `block_after_minutes` after an
    announcement nothing is entered, None for the desk's `event_block_minutes`; with `whole_day`
    nothing on its day at all. One that comes at an unknown moment of the session only blocks the
    whole day or not at all. From `near_before_minutes` to `near_after_minutes` entries are
    ranked down if `ranked_down`, and their stops lie `stop_factor` times as far away. An
    announcement made while the market is closed is near from the next opening on.
    """

    block_before_minutes: int | None = None
    block_after_minutes: int | None = None
    whole_day: bool = False
    near_before_minutes: int = 60
    near_after_minutes: int = 60
    ranked_down: bool = True
    stop_factor: float = 1.5

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name.endswith("_minutes") and value is not None and not 0 <= value <= _A_DAY:
                raise ValueError(f"{item.name}: {value}, expected from 0 to {_A_DAY}")
        if not (math.isfinite(self.stop_factor) and self.stop_factor >= 1):
            raise ValueError(f"stop_factor: {self.stop_factor}, expected 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRules:
    """What each kind of event does to entries; results only to those of their company.

    An event blocks entries from a severity of `block_from_severity` on, and is near, ranking them
    down and widening their stops, from `near_from_severity` on; a milder one does neither.
    """

    block_from_severity: float = 0.5
    near_from_severity: float = 0.3
    rbi_policy: EventRule = field(default_factory=EventRule)
    budget: EventRule = field(
        default_factory=lambda: EventRule(near_before_minutes=120, near_after_minutes=270)
    )
    fomc: EventRule = field(default_factory=EventRule)
    cpi: EventRule = field(
        default_factory=lambda: EventRule(near_before_minutes=30, near_after_minutes=30)
    )
    gdp: EventRule = field(
        default_factory=lambda: EventRule(near_before_minutes=30, near_after_minutes=30)
    )
    results: EventRule = field(default_factory=lambda: EventRule(whole_day=True))

    def __post_init__(self) -> None:
        for name in ("block_from_severity", "near_from_severity"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name}: {value}, expected from 0 to 1")

    def rule(self, event: MarketEvent) -> EventRule:
        """Return the rule for the kind of an event."""
        rule: EventRule = getattr(self, event.kind.lower())
        return rule

    def least_severity(self, effects: EventEffects) -> float:
        """Return from which severity on an event has such effects."""
        return self.block_from_severity if effects.blocks else self.near_from_severity


@dataclass(frozen=True, slots=True)
class EventEffects:
    """What a window does to an entry in it; `stop_factor` 1 leaves the stop where it is."""

    blocks: bool
    ranked_down: bool
    stop_factor: float

    def __str__(self) -> str:
        """Say what is done, in words."""
        told = ["no entries"] if self.blocks else []
        told += ["ranked down"] if self.ranked_down else []
        told += [f"stop x{self.stop_factor:g}"] if self.stop_factor != 1 else []
        return ", ".join(told)


BLOCKED = EventEffects(blocks=True, ranked_down=True, stop_factor=1.0)
"""What a window without entries does: what would be refused anyway doesn't take a place."""


@dataclass(frozen=True, slots=True)
class EventWindow:
    """A span in which an event has effects; `until` is not part of it.

    `underlying`: whom it concerns, empty for the whole market. `kind` is the event's;
    `is_derived`: its date was computed from a publication rule, not published.
    """

    kind: str
    name: str
    underlying: str
    begins: datetime
    until: datetime
    effects: EventEffects
    is_derived: bool = False

    @property
    def title(self) -> str:
        """Return the event's name, marked where its date was computed."""
        return f"{self.name} (derived date)" if self.is_derived else self.name

    def is_open(self, at: datetime) -> bool:
        """Say whether `at` lies in it."""
        return self.begins <= at < self.until

    def concerns(self, underlying: str) -> bool:
        """Say whether entries in an underlying are affected."""
        return self.underlying in ("", underlying)

    def __str__(self) -> str:
        """Say which event does what until when."""
        return f"{self.title}, until {self.until.astimezone(IST):%H:%M}: {self.effects}"


@dataclass(frozen=True, slots=True)
class SessionSpan:
    """A session, and since when the market had been closed before it; aware moments."""

    closed_since: datetime
    opens_at: datetime
    closes_at: datetime


def event_windows(
    events: Sequence[MarketEvent], session: SessionSpan, rules: EventRules, block_minutes: int
) -> tuple[EventWindow, ...]:
    """Return the windows of a session's events, in the order of the events; none for most.

    `block_minutes`: the desk's span for rules that give none of their own. What ends at the
    opening or earlier, or begins at the close or later, is left out, and so is what an event is too
    mild for.
    """
    return tuple(
        window
        for event in events
        for window in _windows(event, session, rules.rule(event), timedelta(minutes=block_minutes))
        if event.severity >= rules.least_severity(window.effects)
    )


def _windows(
    event: MarketEvent, session: SessionSpan, rule: EventRule, around: timedelta
) -> Iterator[EventWindow]:
    span = _announced(event, session)
    if span is None:
        return
    first, last = span
    blocked = (
        first - _minutes(rule.block_before_minutes, around),
        last + _minutes(rule.block_after_minutes, around),
    )
    if rule.whole_day and event.day == session.opens_at.astimezone(IST).date():
        blocked = (session.opens_at, session.closes_at)
    is_known = rule.whole_day or event.timing is not Timing.INTRADAY
    if is_known and blocked[0] < session.closes_at and blocked[1] > session.opens_at:
        yield _window(event, *blocked, BLOCKED)
    near = EventEffects(blocks=False, ranked_down=rule.ranked_down, stop_factor=rule.stop_factor)
    begins = first - timedelta(minutes=rule.near_before_minutes)
    acts = session.opens_at if session.closed_since <= last < session.opens_at else last
    until = acts + timedelta(minutes=rule.near_after_minutes)
    if max(begins, session.opens_at) < min(until, session.closes_at) and str(near):
        yield _window(event, begins, until, near)


def _window(
    event: MarketEvent, begins: datetime, until: datetime, effects: EventEffects
) -> EventWindow:
    of = event.underlying
    return EventWindow(event.kind, event.name, of, begins, until, effects, event.is_derived)


def _announced(event: MarketEvent, session: SessionSpan) -> tuple[datetime, datetime] | None:
    """Return between which moments an event is announced; None for one of another session."""
    at = event.starts_at
    if event.timing is Timing.AT:
        return at, at
    today, day = session.opens_at.astimezone(IST).date(), event.day
    if day == today:
        early, late = session.opens_at, session.closes_at
        told = {
            Timing.BEFORE_OPEN: (early, early),
            Timing.INTRADAY: (early, late),
            Timing.AFTER_CLOSE: (late, late),
        }
        return told[event.timing]
    closed = session.closed_since.astimezone(IST).date()
    is_since = day > closed or (day == closed and event.timing is Timing.AFTER_CLOSE)
    return (session.closed_since, session.closed_since) if is_since and day < today else None


def _minutes(own: int | None, around: timedelta) -> timedelta:
    return around if own is None else timedelta(minutes=own)
