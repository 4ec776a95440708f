"""How often a broker may be asked: budgets over sliding windows, with a share kept for exits.

Windows rather than buckets: a bucket lets up to twice its size through in one window. The budgets
themselves stand in a dated file; sharing them between processes is `trading/rate_limits.py`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from marketdata.calendar import IST
from marketdata.facts import dated_table
from marketdata.tables import DATA, Row, read_toml

_SECOND = 1_000_000
NEVER = math.inf
"""The wait for a budget that is used up for the day."""


class Call(StrEnum):
    """What a broker is asked for, as far as its limits tell calls apart."""

    PLACE = "PLACE"
    MODIFY = "MODIFY"
    CANCEL = "CANCEL"
    QUOTE = "QUOTE"
    HISTORY = "HISTORY"
    OTHER = "OTHER"


class Lane(StrEnum):
    """URGENT: exits, cancellations and the kill switch, which may use all; NORMAL: the rest."""

    URGENT = "URGENT"
    NORMAL = "NORMAL"


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `most` calls in any `seconds`, the last `reserved` of them for URGENT alone.

    `seconds` None: in a day of IST. `per_subject`: each subject has a budget of its own.
    """

    name: str
    calls: frozenset[Call]
    seconds: float | None
    most: int
    reserved: int
    per_subject: bool

    def __post_init__(self) -> None:
        if self.most < 1 or not 0 <= self.reserved < self.most:
            raise ValueError(f"{self.name}: {self.most} with {self.reserved} reserved leaves none")

    def room(self, lane: Lane) -> int:
        """Return how many calls a lane may bring it to."""
        return self.most if lane is Lane.URGENT else self.most - self.reserved

    def share(self, fraction: float) -> Budget:
        """Return a smaller budget, at least one call for each lane that had one."""
        most = max(math.floor(self.most * fraction), 1)
        return replace(self, most=most, reserved=min(math.ceil(self.reserved * fraction), most - 1))

    def scope(self, subject: str, day: date) -> str:
        """Return what is counted together under its name."""
        parts = [str(day)] if self.seconds is None else []
        return ":".join([*parts, subject] if self.per_subject else parts)


Budgets = tuple[Budget, ...]


class OverBudget(Exception):
    """A call that would have had to wait too long for a budget; it was not made."""

    def __init__(self, budget: str, wait: float) -> None:
        told = "used up for the day" if wait == NEVER else f"free again in {wait:.1f} s"
        super().__init__(f"rate budget {budget} is {told}")
        self.budget = budget
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Patience:
    """The seconds for which a lane's calls wait their turn before they are given up."""

    urgent: float = 3.0
    normal: float = 1.0

    def of(self, lane: Lane) -> float:
        """Return a lane's."""
        return self.urgent if lane is Lane.URGENT else self.normal


class Pacer(Protocol):
    """Says when a call may be made."""

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        """Wait for the call's turn and count it. Raises `OverBudget`; then nothing is counted.

        `subject`: what a budget is kept for each of, such as the order that is modified.
        """

    def hold(self, call: Call) -> None:
        """Take note that the broker found the call too much: NORMAL ones wait a little."""


class Windows:
    """The calls made so far, and whether one more fits; time is told, never asked."""

    def __init__(self) -> None:
        self._moments: dict[tuple[str, str], deque[int]] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._held: dict[Call, int] = {}

    def wait(self, budgets: Budgets, asked: Asked, now: datetime) -> tuple[float, str]:
        """Return the seconds until the call fits, and the budget that is in its way; 0 is now."""
        waits = [
            (self._wait_for(budget, asked, now), budget.name)
            for budget in budgets
            if asked.call in budget.calls
        ]
        if asked.lane is Lane.NORMAL:
            held = self._held.get(asked.call, 0) - _microseconds(now)
            waits.append((max(held, 0) / _SECOND, "held"))
        return max(waits, default=(0.0, ""))

    def count(self, budgets: Budgets, asked: Asked, now: datetime) -> None:
        """Count a call as made now."""
        for budget in budgets:
            if asked.call not in budget.calls:
                continue
            key = (budget.name, budget.scope(asked.subject, _day(now)))
            if budget.seconds is None:
                self._counts[key] = self._counts.get(key, 0) + 1
            else:
                self._moments.setdefault(key, deque()).append(_microseconds(now))

    def hold(self, call: Call, until: datetime) -> None:
        """Let NORMAL calls of a kind wait until a moment."""
        self._held[call] = _microseconds(until)

    def _wait_for(self, budget: Budget, asked: Asked, now: datetime) -> float:
        key = (budget.name, budget.scope(asked.subject, _day(now)))
        room = budget.room(asked.lane)
        if budget.seconds is None:
            return 0.0 if self._counts.get(key, 0) < room else NEVER
        moments, present = self._moments.get(key, deque[int]()), _microseconds(now)
        window = round(budget.seconds * _SECOND)
        while moments and moments[0] <= present - window:
            moments.popleft()
        if len(moments) < room:
            return 0.0
        return (min(moments[len(moments) - room], present) + window - present) / _SECOND


@dataclass(frozen=True, slots=True)
class Asked:
    """One call that wants its turn."""

    call: Call
    lane: Lane
    subject: str = ""


HOLD = timedelta(seconds=2)
"""How long NORMAL calls wait after the broker said that it was too much."""


class LocalPacer:
    """A `Pacer` for one process that shares the budgets with nobody."""

    def __init__(
        self,
        budgets: Budgets,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        patience: Patience,
    ) -> None:
        self._budgets = budgets
        self._now = now
        self._sleep = sleep
        self._patience = patience
        self._windows = Windows()

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        """Wait for the call's turn and count it. Raises `OverBudget`."""
        asked, left = Asked(call, lane, subject), self._patience.of(lane)
        while True:
            wait, budget = self._windows.wait(self._budgets, asked, self._now())
            if wait <= 0:
                self._windows.count(self._budgets, asked, self._now())
                return
            if wait > left:
                raise OverBudget(budget, wait)
            left -= wait
            await self._sleep(wait)

    def hold(self, call: Call) -> None:
        """Let NORMAL calls of a kind wait a little."""
        self._windows.hold(call, self._now() + HOLD)


def budgets_on(day: date) -> Budgets:
    """Return the desk's budgets of a day, from the dated file of Kite's limits.

    Raises `DataFileError` where a budget isn't below its published limit, `FactMissing` on a day
    before the file.
    """
    rows = read_toml(DATA / "kite_limits.toml").rows("limits")
    return tuple(limit.at(day) for limit in dated_table(rows, "name", _budget).values())


def _budget(row: Row) -> Budget:
    window = row.text("window")
    seconds = None if window == "day" else float(row.decimal("window"))
    most, published = row.whole("most"), row.whole("published")
    if most > published or (most == published and (seconds is None or seconds <= 1)):
        row.refuse("most", f"a budget below the published {published}")
    return Budget(
        name=row.text("name"),
        calls=frozenset(Call(call) for call in row.texts("calls")),
        seconds=seconds,
        most=most,
        reserved=row.whole("reserved") if row.has("reserved") else 0,
        per_subject=row.choice("per", ("account", "order")) == "order",
    )


def _microseconds(at: datetime) -> int:
    return int(at.timestamp()) * _SECOND + at.microsecond


def _day(now: datetime) -> date:
    return now.astimezone(IST).date()
