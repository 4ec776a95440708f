"""What the journal of a disturbed day says: what was held, what was blocked, what was ordered.

The desk whose day it is, and how it is harmed, stand in `live_desk.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marketdata.tape import TapeReader
from tests.integration.live_desk import Pace
from trading.bootstrap import PaperDay, paper_runner, undisturbed
from trading.bootstrap_tapes import warmup_path
from trading.config import Config
from trading.journal import JournalFile, Record, read_records
from trading.made_days import DATES, make_day
from trading.research.audit_replay import decision_hash

BOOKED = ("at", "plan_id", "instrument", "side", "quantity", "price", "amount", "balance")
ENTRY = "ENTRY"


@dataclass(frozen=True, slots=True)
class Outage:
    """A span in which something blocked entries, from record to record; `names` tells what."""

    names: frozenset[str]
    begins: int
    ends: int


class Books:
    """A journal read as far as it is written; `read` goes on where the last call ended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: list[Record] = []

    def read(self) -> Books:
        if self.path.exists():
            last = self.records[-1] if self.records else None
            self.records += read_records(
                self.path, last.end if last else 0, last.seq if last else 0
            )
        return self

    def of(self, *kinds: str) -> list[Record]:
        return [record for record in self.records if record.kind in kinds]

    @property
    def now(self) -> str:
        """Return the moment the run has come to, as text that sorts."""
        steps = self.of("MarketStep")
        return str(steps[-1].body["at"]) if steps else ""

    def held(self) -> set[str]:
        """Return the plans that hold something at the end of what is read."""
        quantity = {r.body["plan_id"]: r.body["quantity"] for r in self.of("PositionNoted")}
        return {plan for plan, units in quantity.items() if units}

    def conditions(self) -> list[tuple[str, bool]]:
        return [(r.body["name"], r.body["good"]) for r in self.of("ConditionChanged")]

    def outages(self) -> list[Outage]:
        """Return every span in which at least one condition was bad."""
        found, bad, seen, begins = [], set(), set(), 0
        for record in self.of("ConditionChanged"):
            was_good = not bad
            (bad.discard if record.body["good"] else bad.add)(record.body["name"])
            if was_good and bad:
                seen, begins = set(bad), record.seq
            seen |= bad
            if not was_good and not bad:
                found.append(Outage(frozenset(seen), begins, record.seq))
        if bad:
            found.append(Outage(frozenset(seen), begins, self.records[-1].seq))
        return found

    def placed(self, outage: Outage, *, entries: bool) -> list[Record]:
        """Return the orders that left within an outage: those that enter, or all others."""
        orders = [r for r in self.of("PlaceOrder") if outage.begins < r.seq < outage.ends]
        return [r for r in orders if (r.body["request"]["role"] == ENTRY) == entries]

    def stepped(self, outage: Outage) -> int:
        """Return how many prices were looked at, and so exits judged, within an outage."""
        return sum(outage.begins <= r.seq <= outage.ends for r in self.of("MarketStep"))

    def protected(self, outage: Outage) -> list[Record]:
        """Return what was done for open positions within an outage: stops moved, exits, fills."""
        within = [r for r in self.records if outage.begins < r.seq < outage.ends]
        moved = [r for r in within if r.kind in ("ModifyOrder", "FillNoted")]
        return moved + self.placed(outage, entries=False)

    def bookings(self) -> list[tuple[Any, ...]]:
        """Return what was traded and booked, without the run's own ids."""
        rows = self.of("FillNoted", "LedgerNoted")
        return [(r.kind, *(r.body.get(name) for name in BOOKED)) for r in rows]

    @property
    def decisions(self) -> str:
        return decision_hash(self.path)

    def doubled(self) -> list[str]:
        """Return every order that left twice, and every intent or order known under two names."""
        sent = Counter(r.body["request"]["client_id"] for r in self.of("PlaceOrder"))
        entered = Counter(
            r.body["request"]["plan_id"]
            for r in self.of("PlaceOrder")
            if r.body["request"]["role"] == ENTRY
        )
        answers = {
            (r.body["update"]["client_id"], r.body["update"]["broker_id"])
            for r in self.of("BrokerSaid")
            if r.body["update"]["broker_id"]
        }
        ours, theirs = Counter(a for a, _ in answers), Counter(b for _, b in answers)
        fills = Counter(r.body["trade_id"] for r in self.of("FillNoted"))
        counted = (sent, entered, ours, theirs, fills)
        return sorted({key for one in counted for key, times in one.items() if times > 1})


def undisturbed_books(pace: Pace, folder: Path) -> Books:
    """Trade the day of a desk by itself, in this process and without a pause."""
    day = DATES[pace.seed % len(DATES)]
    made = make_day(pace.seed, day, folder, seconds_per_tick=pace.seconds, options=True)
    tape = TapeReader(made.tape_path)
    journal = JournalFile(folder / "undisturbed.journal")
    paper = PaperDay(Config(), tape, None, warmup_path(tape.path), "UNTOLD", 1, frozenset())
    runner = paper_runner(paper, journal, undisturbed())
    asyncio.run(runner.run({}, runner.engine.setup.closes_at))
    journal.close()
    return Books(folder / "undisturbed.journal").read()
