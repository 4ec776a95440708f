"""What must be true on any day before Kite, asked at every second and again at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from execution.kitesim.order_row import Status
from tests.faults.kite.agreement import differences, held_and_covered, own_rows
from tests.faults.kite.street import TRADED
from trading.journal import read_records

if TYPE_CHECKING:
    from tests.faults.kite.world import World

NAKED_SECONDS = 5


@dataclass(slots=True)
class Watch:
    """Follows one day; `faults` tells what was wrong, in words.

    `naked` counts the seconds since the desk's time began, `altogether` all of them.
    """

    world: World
    faults: list[str] = field(default_factory=list)
    naked: Counter[str] = field(default_factory=Counter)
    altogether: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    longest: int = 0

    def look(self, at: datetime) -> None:
        """Measure for how long something has been held that no exit at Kite covers.

        Time in which the desk is dead, or Kite can't be reached or wants a login, doesn't count,
        and each blow against a call, or an exit that Kite rejects, gives the desk its five
        seconds again; `longest` tells how long it was with all such blows together.
        """
        engine = self.world.engine
        if engine is None or not self._is_able():
            self.naked.clear()
            self.altogether.clear()
            return
        rows = own_rows(engine, self.world.books.orders())
        rejected = Counter(row.instrument.key for row in rows if row.status is Status.REJECTED)
        for item in TRADED:
            key = item.key
            held, covered = held_and_covered(rows, key)
            if abs(held) <= covered:
                self.naked[key] = self.altogether[key] = 0
                continue
            self.naked[key] += 1
            self.altogether[key] += 1
            self.longest = max(self.longest, self.altogether[key])
            if rejected[key] != self.rejected[key]:
                self.blow(key)
            if self.naked[key] == NAKED_SECONDS + 1:
                text = f"{at:%H:%M:%S} {item.symbol}: {held} held, {covered} covered for over 5 s"
                self.faults.append(text)
        self.rejected = rejected

    def blow(self, key: str) -> None:
        """Let the desk's time to protect an instrument begin again."""
        self.naked[key] = 0

    def end(self) -> None:
        """Hold the desk's books against Kite's after the last moment of the day."""
        engine, world = self.world.engine, self.world
        assert engine is not None
        told = [
            record.body["text"]
            for record in read_records(world.journal)
            if record.kind == "RiskNoted"
        ]
        self.faults += differences(engine, world.books.orders(), told)
        for tag, times in world.gate.posted.items():
            if times > 1:
                self.faults.append(f"{tag}: sent {times} times")
        for what, name in (("death", "broker-session is bad"), ("outage", "broker-book is bad")):
            if world.strikes[what] and not any(name in text for text in told):
                self.faults.append(f"{what}: not named")

    def _is_able(self) -> bool:
        world = self.world
        return world.desk is not None and not world.gate.is_down and world.gate.token != "dead"
