from __future__ import annotations

import threading
import time
from pathlib import Path

from backoffice.bench.journal import Happenings
from trading.journal import JournalFile


def test_only_the_steps_written_while_it_is_watched_are_told(tmp_path: Path):
    journal = JournalFile(tmp_path / "day.journal")
    step = {"at": "2026-10-05T09:00:00+05:30", "frame": 1}
    journal.append("MarketStep", step, incoming=True)
    journal.flush()
    happened = Happenings(tmp_path / "day.journal")
    watch = threading.Thread(target=happened.watch)
    watch.start()

    deadline = time.monotonic() + 20
    while not happened.steps and time.monotonic() < deadline:
        journal.append("MarketStep", {**step, "at": "2026-10-05T09:00:05+05:30"}, incoming=True)
        journal.append("StateNoted", step, incoming=False)
        journal.write()
    happened.stop()
    watch.join()
    journal.close()

    assert {at for at, _ in happened.steps} == {1_791_171_005.0}
