"""Processes of a running desk killed, or stopped and continued, in mid-day: alone and in pairs.

A few days run with the other tests; `make faults` runs every process and every pair.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest

from tests.integration.faulty_day import Books, undisturbed_books
from tests.integration.live_desk import NAMES, OVER, ROOT, LiveDesk, Pace, open_folder

PACE = Pace(seed=1, seconds=5, speed=600)
SLOWER = Pace(seed=1, seconds=5, speed=300)
"""For the days of the matrix, which have more faults in them; the same day."""
BACK_SECONDS = 45.0
DAY_SECONDS = 300.0
STOPPED_SECONDS = 7.0
MORNING = "T10:00"
BLOCKS = {"postgres": "database", "valkey": "redis", "recorder": "recorder"}
"""Processes without which entries stop, and the condition that says so."""
EVENING = [("square_off", "DONE"), ("verify_flat", "DONE"), ("post_market_report", "DONE")]
_EVENING = (
    "SELECT name, outcome FROM trading_taskrun WHERE name IN "
    "('square_off', 'verify_flat', 'post_market_report') ORDER BY due_at"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the supervisor runs on Linux"),
]


@dataclass(frozen=True, slots=True)
class Fault:
    """Processes harmed at one moment: killed, or stopped for some seconds where `seconds` > 0."""

    names: tuple[str, ...]
    seconds: float = 0.0

    def __str__(self) -> str:
        how = "stopped" if self.seconds else "killed"
        return f"{'+'.join(self.names)}-{how}"


@dataclass(slots=True)
class Struck:
    """What a fault met: the plans that were held, and the records before and after."""

    fault: Fault
    held: set[str]
    at: str
    began: int
    ended: int = 0
    back_seconds: float = 0.0


@dataclass(slots=True)
class FaultyDay:
    """A desk's day with faults in it, one after another, and its books afterwards."""

    desk: LiveDesk
    struck: list[Struck] = field(default_factory=list)

    def books(self) -> Books:
        """Return the journal of the run, once the desk has begun one."""
        self.desk.wait_until("a console", lambda: self.desk.answer("/health") == 200)
        rows = self.desk.query("SELECT journal_path FROM trading_run")
        return Books(Path(rows[0][0]))

    def strike(self, fault: Fault, books: Books) -> None:
        """Harm while a position is open; wait until everything runs and says it is ready."""
        desk = self.desk
        desk.wait_until("a ready desk", lambda: desk.answer("/ready") == 200, DAY_SECONDS)
        desk.wait_until(
            f"an open position to meet {fault}",
            lambda: OVER in desk.told or (books.read().held() and books.now[10:] > MORNING),
            DAY_SECONDS,
        )
        assert OVER not in desk.told, f"the day ended before {fault}"
        before = desk.processes()
        assert sorted(before) == sorted(NAMES)
        met = Struck(fault, books.held(), books.now, books.records[-1].seq)
        harm(desk, fault)
        began, written = time.monotonic(), books.read().records[-1].seq
        desk.wait_until(
            f"all back after {fault}", lambda: is_back(desk, fault, before), BACK_SECONDS
        )
        desk.wait_until("rows that follow the journal", lambda: desk.recorded() > written + 20)
        met.ended, met.back_seconds = books.read().records[-1].seq, time.monotonic() - began
        sys.stdout.write(
            f"{fault}: at {met.at[11:16]} with {len(met.held)} held, back after "
            f"{met.back_seconds:.1f} s at {books.now[11:16]}\n"
        )
        self.struck.append(met)


def harm(desk: LiveDesk, fault: Fault) -> None:
    """Kill, or stop, wait and continue, every process of a fault."""
    if not fault.seconds:
        for name in fault.names:
            desk.harm(name, signal.SIGKILL)
        return
    for name in fault.names:
        desk.harm(name, signal.SIGSTOP)
    time.sleep(fault.seconds)
    for name in fault.names:
        desk.harm(name, signal.SIGCONT)


def is_back(desk: LiveDesk, fault: Fault, before: dict[str, int]) -> bool:
    """Say whether all processes run, killed ones anew and no other, and the desk is ready."""
    now = desk.processes()
    changed = {name for name in NAMES if now.get(name) != before[name]}
    killed = set() if fault.seconds else set(fault.names)
    return set(now) == set(NAMES) and killed <= changed and desk.answer("/ready") == 200


def judge(day: FaultyDay, books: Books, reference: Books) -> None:
    """Check a day that is over, by its rows, its journal and its own report."""
    desk, told = day.desk, day.desk.told
    assert re.search(r"trades, net [-\d,.]+ INR, flat\.\n", told), told[-800:]
    assert "checks failed" not in told, told[-800:]
    assert books.read().doubled() == []
    assert books.held() == set()
    [(orders, tags, brokers)] = desk.query(
        "SELECT count(*), count(DISTINCT client_id), count(DISTINCT broker_id) FROM trading_order"
    )
    assert orders == tags == brokers == len(books.of("PlaceOrder"))
    for outage in books.outages():
        assert books.placed(outage, entries=True) == [], f"entries while {set(outage.names)} bad"
    if any(met.fault.seconds for met in day.struck) and books.outages():
        assert any(map(books.protected, books.outages())), "no exit and no stop moved in any outage"
    if not books.conditions():
        assert books.decisions == reference.decisions
        assert books.bookings() == reference.bookings()
    earlier: set[str] = set()
    for met in day.struck:
        judge_conditions(met, earlier, books)
        earlier = set(met.fault.names)
    desk.wait_until("the evening's tasks", lambda: desk.query(_EVENING) == EVENING, 90)
    over = datetime.now(UTC)
    desk.wait_until("a sign of life sent by beat", lambda: desk.worker_seen_at() > over, 60)


def blocked_by(names: set[str]) -> set[str]:
    """Return the conditions that may turn bad: without its database the recorder stands, too."""
    found = {BLOCKS[name] for name in names if name in BLOCKS}
    return found | {"recorder"} if "postgres" in names else found


def judge_conditions(met: Struck, earlier: set[str], books: Books) -> None:
    """Entries stop for what must stop them, and for nothing else; exits go on meanwhile."""
    fault, names = met.fault, set(met.fault.names)
    may, must = blocked_by(names), blocked_by(names) if fault.seconds else set()
    inside = [r for r in books.of("ConditionChanged") if met.began < r.seq <= met.ended]
    turned_bad = {r.body["name"] for r in inside if not r.body["good"]}
    assert turned_bad <= may | blocked_by(earlier), f"{fault}: {inside}"
    if "engine" in names:
        return
    if "postgres" in names:
        must = (must | {"database"}) - {"recorder"}
    assert must <= turned_bad, f"{fault}: entries were stopped by {turned_bad} only"
    for outage in books.outages():
        if met.began < outage.begins <= met.ended:
            assert books.stepped(outage), f"{fault}: the engine stood still"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return undisturbed_books(PACE, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """Return a folder whose servers stand and whose schema is made, to be copied."""
    with open_folder() as folder:
        command = [sys.executable, "-m", "aitrapp.supervisor", "exec", "--data", str(folder)]
        environ = {"DATABASE_URL": "", "REDIS_URL": "", "PATH": "/usr/bin:/bin"}
        manage = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run([*command, "--", *manage], cwd=ROOT, env=environ, check=True)
        yield folder


def lived(made: Path, reference: Books, faults: tuple[Fault, ...], pace: Pace) -> None:
    """Let a desk live a day with faults in it, and judge it."""
    with open_folder() as data:
        subprocess.run(["cp", "-a", f"{made}/.", str(data)], check=True)
        desk = LiveDesk(data, pace)
        try:
            day = FaultyDay(desk)
            books = day.books()
            for fault in faults:
                day.strike(fault, books)
            desk.wait_until("the end of the day", lambda: OVER in desk.told, DAY_SECONDS)
            judge(day, books, reference)
        except AssertionError as error:
            error.add_note(desk.words())
            raise
        finally:
            left = desk.close()
        assert left == []
        assert "Traceback" not in desk.told


def killed(*names: str) -> Fault:
    return Fault(names)


def stopped(*names: str) -> Fault:
    return Fault(names, STOPPED_SECONDS)


SOME = (
    (killed("web"), killed("worker"), killed("beat"), killed("engine"), stopped("engine")),
    (killed("recorder"), killed("valkey"), killed("postgres"), killed("valkey", "postgres")),
    (stopped("postgres"), stopped("valkey"), stopped("recorder")),
)
"""Days that run with the other tests: each process killed alone, and the two servers together."""


def matrix() -> Iterator[tuple[Fault, ...]]:
    """Yield days with every process and every pair killed, and stopped, in a few faults a day.

    Faults that must change nothing stand in days of their own, to be held to just that.
    """
    alone_and_pairs = [(name,) for name in NAMES] + list(combinations(NAMES, 2))
    quiet = [names for names in alone_and_pairs if not BLOCKS.keys() & set(names)]
    loud = [names for names in alone_and_pairs if BLOCKS.keys() & set(names)]
    for harm_by, most in ((killed, 10), (stopped, 6)):
        for group in (*pieces(quiet, most), *pieces(loud, 6)):
            yield tuple(harm_by(*names) for names in group)


def pieces(whole: list[tuple[str, ...]], size: int) -> list[list[tuple[str, ...]]]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]


def named(faults: tuple[Fault, ...]) -> str:
    return ",".join(str(fault) for fault in faults)


def shortly(faults: tuple[Fault, ...]) -> str:
    return f"{faults[0]}-to-{faults[-1]}"


@pytest.mark.parametrize("faults", SOME, ids=named)
def test_a_day_with_faults_ends_flat_with_books_that_add_up(made, reference, faults):
    lived(made, reference, faults, PACE)


@pytest.mark.matrix
@pytest.mark.parametrize("faults", tuple(matrix()), ids=shortly)
def test_every_process_and_every_pair_may_fail(made, reference, faults):
    lived(made, reference, faults, SLOWER)
