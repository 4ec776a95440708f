"""What must be true on any day before Kite, asked at every second and again at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tests.faults.kite.agreement import differences, held_and_covered
from tests.faults.kite.naked import NakedClock
from tests.faults.kite.street import TRADED
from trading.journal import read_records

if TYPE_CHECKING:
    from tests.faults.kite.world import World

NAKED_SECONDS = 5.0


@dataclass(slots=True)
class Watch:
    """Follows one day; `faults` tells what was wrong, in words."""

    world: World
    faults: list[str] = field(default_factory=list)
    naked: NakedClock = field(default_factory=NakedClock)

    def look(self, at: datetime) -> None:
        """Measure for how long something has been held that no exit at Kite covers."""
        rows, cause = self.world.books.orders(), self._cause()
        for item in TRADED:
            held, covered = held_and_covered(rows, item.key)
            self.naked.look(at, item.key, max(abs(held) - covered, 0), cause)

    def _cause(self) -> str:
        """Return why no desk could do anything now, empty where one can."""
        world = self.world
        if world.desk is None:
            return "process dead"
        if world.gate.is_down:
            return "kite unreachable"
        return "token dead" if world.gate.token == "dead" else ""

    def end(self) -> None:
        """Hold the desk's books against Kite's after the last moment of the day."""
        engine, world = self.world.engine, self.world
        assert engine is not None
        told = [
            record.body["text"]
            for record in read_records(world.journal)
            if record.kind == "RiskNoted"
        ]
        self.faults += [str(span) for span in self.naked.end() if span.seconds > NAKED_SECONDS]
        self.faults += differences(engine, world.books.orders(), told)
        for tag, times in world.gate.posted.items():
            if times > 1:
                self.faults.append(f"{tag}: sent {times} times")
        for what, name in (("death", "broker-session is bad"), ("outage", "broker-book is bad")):
            if world.strikes[what] and not any(name in text for text in told):
                self.faults.append(f"{what}: not named")
