"""The drills in short: an engine that trades live before a kitesim, killed over real sockets."""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path

import pytest

from tests.drills.crash import crash_day
from tests.drills.report import Drill, spread, table, write


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(sys.platform != "linux", reason="the supervisor runs on Linux")
def test_a_killed_engine_comes_back_to_protect_and_the_books_agree(
    transactional_db, tmp_path: Path, settings
):
    drills = asyncio.run(crash_day(tmp_path, settings, kills=1))
    gc.collect()

    sys.stdout.write(table(drills))
    assert drills[0].name == "killed at a fill"
    assert drills[0].to_protected is not None
    assert drills[-2].to_flat is not None
    assert (drills[-1].twice, drills[-1].differences) == (0, ())
    assert drills[-1].sent > 0


def test_a_report_has_a_row_and_the_spread_of_its_spans(tmp_path: Path):
    drills = [Drill(f"kill {n}", to_protected=float(n), cpu=0.5) for n in range(1, 101)]
    drills.append(Drill("books", sent=3, twice=1, differences=("holds +75 X",)))

    written = write(tmp_path, drills).read_text()

    assert spread([d.to_protected for d in drills if d.to_protected]) == {
        "count": 100,
        "p50": 50.5,
        "p95": 96.0,
        "p99": 100.0,
        "worst": 100.0,
    }
    assert '"p99": 100.0' in written
    assert table(drills).splitlines()[-1].split("  ")[-1] == "holds +75 X"
    assert spread([]) == {}
