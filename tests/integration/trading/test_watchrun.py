"""What the desk's terminal runs beside itself, and how it is told to stop."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from trading.management.commands.watchrun import run_beside

WAITING = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpgrp())); time.sleep(60)"


def test_a_program_beside_the_desk_runs_to_its_end(tmp_path: Path):
    told = threading.Event()

    run_beside(("-c", "import sys; open(sys.argv[1], 'w')", str(tmp_path / "mark")), told)

    assert (tmp_path / "mark").exists()


def test_a_ctrl_c_reaches_no_program_beside_the_desk_and_ends_it_without_a_word(
    tmp_path: Path, capfd
):
    mark, told = tmp_path / "mark", threading.Event()
    beside = threading.Thread(target=run_beside, args=(("-c", WAITING, str(mark)), told))
    beside.start()
    until = time.monotonic() + 20
    while not (mark.exists() and mark.read_text()) and time.monotonic() < until:
        time.sleep(0.02)

    told.set()
    beside.join(timeout=10)

    assert not beside.is_alive()
    assert int(mark.read_text()) != os.getpgrp()
    assert capfd.readouterr().err == ""


def test_after_being_told_nothing_more_is_begun(tmp_path: Path):
    told = threading.Event()
    told.set()

    run_beside(("-c", "import sys; open(sys.argv[1], 'w')", str(tmp_path / "mark")), told)

    assert not (tmp_path / "mark").exists()
