"""How a raw tape stands after its process has died, or its disk was full."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from marketdata.kite.raw_tape import RawTapeReader, RawTapeWriter
from tests.kite_frames import head
from tests.unit.marketdata.kite.raw_tapes import SMALL, as_live, live, step, told

ROOT = Path(__file__).resolve().parents[4]


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    folders = f"{ROOT}{os.pathsep}{Path(__file__).parent}"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": folders},
        text=True,
        check=False,
    )


def test_a_process_that_dies_loses_nothing_it_synced(tmp_path):
    code = (
        "import os, sys; from pathlib import Path\n"
        "from raw_tapes import record\n"
        "record(Path(sys.argv[1]), range(500), block=20_000, close=False).sync()\n"
        "print('synced', flush=True); os._exit(9)"
    )
    done = run(code, str(tmp_path / "day.raw"))

    assert (done.stdout.strip(), done.returncode) == ("synced", 9), done.stderr
    assert len(RawTapeReader(tmp_path / "day.raw")) == 500
    writer = RawTapeWriter(tmp_path / "day.raw", head())
    assert writer.steps == 500
    writer.close()
    assert as_live(RawTapeReader(tmp_path / "day.raw").frames()) == live(range(500))


def test_a_process_that_dies_at_once_keeps_every_step_that_was_safe_and_a_beginning(tmp_path):
    code = (
        "import os, sys; from pathlib import Path\n"
        "from raw_tapes import record\n"
        "writer = record(Path(sys.argv[1]), range(500), block=20_000, close=False)\n"
        "print(writer.safe_steps, flush=True); os._exit(9)"
    )
    done = run(code, str(tmp_path / "day.raw"))

    kept = told(RawTapeReader(tmp_path / "day.raw"))
    assert int(done.stdout) <= len(kept) <= 500, done.stderr
    assert kept == [step(number) for number in range(len(kept))]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from marketdata.kite.raw_tape import RawTapeWriteError
from raw_tapes import head, step, RawTapeWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = RawTapeWriter(Path(sys.argv[1]), head(), block_bytes=int(sys.argv[2]))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for _ in range(2):
    try:
        for number in range(10_000_000):
            writer.append(*step(writer.steps))
    except RawTapeWriteError as error:
        print(type(error).__name__, writer.steps, writer.safe_steps)
"""


@pytest.mark.parametrize("block", [1 << 30, SMALL])
def test_a_full_disk_is_an_error_and_costs_nothing_that_was_safe(tmp_path, block):
    """The first block size fills the spool, the second the tape."""
    done = run(FULL_DISK, str(tmp_path / "day.raw"), str(block))

    first, second = done.stdout.splitlines()
    assert first == second, done.stderr
    name, appended, safe = first.split()
    assert name == "RawTapeWriteError"
    kept = told(RawTapeReader(tmp_path / "day.raw"))
    assert kept == [step(index) for index in range(len(kept))]
    assert max(20, int(safe)) <= len(kept) <= int(appended)
