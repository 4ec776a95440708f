"""The option chains of a session in Redis, where the live page finds them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from marketdata.built_day import BuiltDay
from marketdata.calendar import IST
from marketdata.tape import Frame, TapeReader
from tests.factories import AccountFactory, ConfigVersionFactory, RunFactory
from tests.made_day import made_day
from tests.own_valkey import OwnValkey
from trading import broadcast_keys as keys
from trading.broadcast import CHAINS_SECONDS, Broadcaster
from trading.broadcast_sink import Sink
from trading.config import Config, document_of
from trading.journal import JournalFile
from trading.models import Run
from trading.services.canonical import canonical

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return made_day(tmp_path_factory.mktemp("chains"), options=True)


@pytest.fixture
def run(built: BuiltDay, tmp_path: Path, db: None) -> Run:
    head = TapeReader(built.tape_path).head
    found: Run = RunFactory(
        account=AccountFactory(code="paper"),
        config_version=ConfigVersionFactory(document=canonical(document_of(Config()))),
        mode="PAPER",
        date=head.date,
        tape_path=str(built.tape_path),
        journal_path=str(tmp_path / "chains.journal"),
    )
    return found


class Recording:
    """A broadcast of a session that hears frames one after the other."""

    def __init__(self, run: Run, valkey: OwnValkey) -> None:
        self._tape = TapeReader(Path(run.tape_path))
        self._journal = JournalFile(Path(run.journal_path))
        self._valkey, self._now, self._frame = valkey, 1_000.0, 0
        self.sink = Sink(valkey.url, "paper")
        self.broadcaster = Broadcaster(run, self.sink, clock=lambda: self._now)

    def hear(self, frames: int, seconds: float) -> Frame:
        """Let some frames come, and the broadcast tell them after `seconds`."""
        for _ in range(frames):
            frame = self._tape.frame(self._frame)
            body = {"at": frame.at.isoformat(), "frame": self._frame}
            self._journal.append("MarketStep", body, incoming=True)
            self._frame += 1
        self._journal.flush()
        self._now += seconds
        self.broadcaster.step(self._frame, 1)
        return frame

    def chains(self) -> list[dict[str, object]]:
        """Return the chains in Redis that the state names."""
        read = self._valkey.client.get
        state = json.loads(read(keys.state_key("paper")))
        found = []
        for key in state["chains"]:
            text = read(keys.chain_key("paper", key["underlying"], key["expiry"]))
            found.append(json.loads(text))
        return found

    def close(self) -> None:
        self.sink.close()
        self._journal.close()


@pytest.fixture
def recording(run: Run, valkey: OwnValkey) -> Iterator[Recording]:
    found = Recording(run, valkey)
    yield found
    found.close()


def test_every_chain_the_state_names_stands_in_redis_at_the_newest_frame(recording: Recording):
    newest = recording.hear(200, 1.0)

    chains = recording.chains()

    assert {chain["underlying"] for chain in chains} == {"NIFTY", "BANKNIFTY"}
    assert {chain["at"] for chain in chains} == {newest.at.astimezone(IST).isoformat()}
    assert all(chain["rows"] and chain["why_not"] == "" for chain in chains)
    assert all(chain["iv_missing"] == "" for chain in chains), "the history beside the tape"


def test_chains_are_stored_anew_every_two_seconds(recording: Recording):
    first = recording.hear(200, 1.0)
    recording.hear(20, CHAINS_SECONDS - 0.5)
    assert {chain["at"] for chain in recording.chains()} == {first.at.astimezone(IST).isoformat()}

    later = recording.hear(20, 0.5)

    assert later.at - first.at > timedelta(seconds=30)
    assert {chain["at"] for chain in recording.chains()} == {later.at.astimezone(IST).isoformat()}
