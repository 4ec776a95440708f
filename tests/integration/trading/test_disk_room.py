"""The engine of a run is told when the disk of its journal runs out of room."""

from __future__ import annotations

from pathlib import Path

import pytest

from marketdata.tape import TapeReader
from tests.made_day import made_day
from trading.config import Config
from trading.disk_room import DISK
from trading.paper_day import open_run
from trading.services.seed import seed
from trading.worker import begin


@pytest.mark.django_db(transaction=True)
def test_an_engine_asks_for_the_room_beside_its_journal(transactional_db, tmp_path: Path):
    tape = TapeReader(made_day(tmp_path / "day").tape_path)
    run = open_run(seed(by="tests").account, Config(), tape, "made", tmp_path / "run")
    trading = begin(run.code, tempo=None, show=lambda *_: None)
    try:
        found = {name: wrong for ask in trading.ears.asks for name, wrong in ask().items()}
        folder = Path(run.journal_path).parent
        folder.rename(folder.with_name("away"))
        lost = {name: wrong for ask in trading.ears.asks for name, wrong in ask().items()}
        folder.with_name("away").rename(folder)
    finally:
        trading.end(finished=False)

    assert found[DISK] == ""
    assert lost[DISK] == f"{folder}: No such file or directory"
