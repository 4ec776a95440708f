"""The whole desk on the prices of a kitesim: fed over sockets, traded on paper, recorded raw."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.faulty_day import Books
from tests.integration.live_desk import OVER, LiveDesk, Pace, open_folder
from trading.bootstrap import PaperDay, paper_runner, undisturbed
from trading.bootstrap_tapes import open_tape, warmup_path
from trading.config import Config
from trading.journal import JournalFile
from trading.services.price_bands import bands_path

PACE = Pace(seed=1, seconds=5, speed=600)
DAY_SECONDS = 240.0
MORNING = "T10:00"
_RUN = "SELECT state, source, tape_path, decision_hash, journal_path FROM trading_run"
_OPEN = "SELECT count(*) FROM trading_position WHERE quantity <> 0"
_TRADED = "SELECT count(*) FROM trading_position WHERE opened_quantity > 0"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the supervisor runs on Linux"),
]


@dataclass(frozen=True, slots=True)
class FedDesk:
    """A desk that is fed by a kitesim."""

    desk: LiveDesk

    def books(self) -> Books:
        """Return the journal of the run, once the desk has begun one."""
        self.desk.wait_until("a console", lambda: self.desk.answer("/health") == 200, DAY_SECONDS)
        return Books(Path(self.desk.query(_RUN)[0][4]))

    def sim(self) -> dict[str, Any]:
        """Return where the desk's kitesim stands."""
        told = json.loads((self.desk.data / "kitesim.json").read_bytes())
        parts = urlsplit(told["root"])
        asked = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            asked.request("GET", "/sim/state")
            state: dict[str, Any] = json.loads(asked.getresponse().read())["data"]
            return state
        finally:
            asked.close()


@contextmanager
def fed_desk() -> Iterator[FedDesk]:
    """Start a desk on a kitesim's prices; at the end nothing of it may be left."""
    with open_folder() as data:
        desk = LiveDesk(data, PACE, "--feed", "kitesim")
        try:
            yield FedDesk(desk)
        except AssertionError as error:
            error.add_note(desk.words())
            raise
        finally:
            left = desk.close()
        assert left == []
        assert "Traceback" not in desk.told


def judge(fed: FedDesk, books: Books) -> None:
    """Check a day that is over, by its rows, its journal, its report and its kitesim."""
    desk, told = fed.desk, fed.desk.told
    assert re.search(r"trades, net [-\d,.]+ INR, flat\.\n", told), told[-800:]
    assert "checks failed" not in told, told[-800:]
    [(state, source, tape, digest, _)] = desk.query(_RUN)
    assert (state, source) == ("FINISHED", "kitesim")
    assert digest == books.read().decisions
    assert desk.query(_OPEN) == [(0,)]
    assert desk.query(_TRADED)[0][0] > 0
    assert books.held() == set()
    assert books.doubled() == []
    assert len(open_tape(Path(tape))) == len(books.of("Frame"))
    assert ledger_gap(desk) == 0
    assert bands_path(Path(tape)).exists()
    assert books.of("BandsTold")
    assert ("price-bands", True) in books.conditions()
    sim = fed.sim()
    assert sim["has_ended"]
    assert (sim["orders"], sim["trades"]) == (0, 0), "in paper no order leaves the process"


def connections(books: Books) -> list[bool]:
    """Return whether the sockets stood, each time it was told."""
    return [good for name, good in books.conditions() if name == "feed-connection"]


def ledger_gap(desk: LiveDesk) -> Decimal:
    """Return by how much the newest balance differs from the sum of all bookings."""
    [(gap,)] = desk.query(
        "SELECT (SELECT sum(amount) FROM trading_ledgerentry)"
        " - (SELECT balance FROM trading_ledgerentry ORDER BY id DESC LIMIT 1)"
    )
    return Decimal(gap)


def played_again(tape: Path, folder: Path) -> Books:
    """Trade the day as it was recorded, in this process and without a pause."""
    journal = JournalFile(folder / "again.journal")
    again = PaperDay(Config(), open_tape(tape), None, warmup_path(tape), "UNTOLD", 1, frozenset())
    runner = paper_runner(again, journal, undisturbed())
    asyncio.run(runner.run({}, runner.engine.setup.closes_at))
    journal.close()
    return Books(folder / "again.journal").read()


def test_a_day_over_sockets_ends_flat_and_is_recorded_as_it_was_traded(tmp_path: Path):
    with fed_desk() as fed:
        books = fed.books()
        fed.desk.wait_until("the end of the day", lambda: OVER in fed.desk.told, DAY_SECONDS)

        judge(fed, books)
        assert connections(books) == [False, True]
        again = played_again(Path(fed.desk.query(_RUN)[0][2]), tmp_path)
        if {name for name, good in books.conditions() if not good} == {"feed-connection"}:
            assert again.decisions == books.decisions
            assert again.bookings() == books.bookings()


def test_a_killed_engine_goes_on_with_a_market_that_has_gone_on():
    with fed_desk() as fed:
        desk, books = fed.desk, fed.books()
        desk.wait_until(
            "an open position",
            lambda: books.read().held() and books.now[10:] > MORNING,
            DAY_SECONDS,
        )
        killed = desk.harm("engine", signal.SIGKILL)
        before = books.read().records[-1].seq
        desk.wait_until(
            "another engine", lambda: desk.processes().get("engine") not in (None, killed)
        )
        desk.wait_until("more prices", lambda: len(books.read().records) > before + 50)
        desk.wait_until("the end of the day", lambda: OVER in desk.told, DAY_SECONDS)

        judge(fed, books)
        assert connections(books) == [False, True, False, True]
