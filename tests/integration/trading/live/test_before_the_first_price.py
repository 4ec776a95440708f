"""The state of a live day followed from before its first price, as on a morning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from marketdata.kite.news import WireFrame
from marketdata.kite.raw_tape import RawTapeWriter
from tests.factories import AccountFactory, ConfigVersionFactory, RunFactory
from tests.kite_frames import DAY, NIFTY, SHARE, Packet, at, frame, head, index_packet
from trading.broadcast_follow import Follower
from trading.journal import JournalFile
from trading.models import Run

pytestmark = pytest.mark.django_db


class Morning:
    """A day whose tape was begun and holds nothing yet, and the journal of its engine."""

    def __init__(self, folder: Path) -> None:
        self.tape = RawTapeWriter(folder / "day.raw", head())
        self.journal = JournalFile(folder / "day.journal")
        self.run: Run = RunFactory(
            account=AccountFactory(code="paper"),
            config_version=ConfigVersionFactory(),
            mode="PAPER",
            date=DAY,
            tape_path=str(folder / "day.raw"),
            journal_path=str(folder / "day.journal"),
        )

    def trade(self, number: int, last: int) -> None:
        """Let an index and a share be told at `last` paise, and the engine take them in."""
        when = at(9, 15) + timedelta(seconds=number)
        data = frame(
            index_packet(NIFTY, last * 16, when), Packet(SHARE, last, 75 + number, told_at=when)
        )
        self.tape.append(when, [WireFrame(when, data)])
        self.tape.sync()
        self.journal.append("MarketStep", {"at": when.isoformat(), "frame": number}, incoming=True)
        self.journal.write()

    def close(self) -> None:
        self.tape.close()
        self.journal.close()


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    begun = Morning(tmp_path)
    yield begun
    begun.close()


def test_a_day_followed_from_before_its_first_price_shows_all_prices(morning):
    follower = Follower(morning.run)
    follower.read()
    morning.trade(0, 1_500_00)
    morning.trade(1, 1_501_50)

    follower.read()

    shown = {entry["instrument"]: entry for entry in follower.state.document()["watch"]}
    assert shown["NSE:INFY"]["last"] == 1501.5
    assert shown["NSE:INFY"]["change_pct"] == 0.1
    assert [bar[1:5] for bar in follower.state.market.bars("NSE:INFY")] == [
        [1500.0, 1501.5, 1500.0, 1501.5]
    ]
    assert shown.keys() == {"NSE:INFY", "NSE:NIFTY 50"}
