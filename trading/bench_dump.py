"""What taking over a real-size instrument dump costs, in a process of its own; nothing is asserted.

The dump is made up; see `marketdata/made_dump.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from marketdata.calendar import Calendar
from marketdata.dump_checks import rules_on
from marketdata.instruments import Exchange
from marketdata.made_dump import REAL_SIZE, made_dump
from trading.bench import Figure
from trading.services.instrument_files import take_over

DAY = date(2026, 10, 6)
_KIB = 1024


def dump_figures(manage: list[str]) -> list[Figure]:
    """Measure the first taking over of a day's files and a repeat. `manage`: calls `manage.py`.

    The tables must be there; the rows that are made are taken away again. Raises
    `subprocess.CalledProcessError` where the measuring process fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        for exchange, raw in made_dump(DAY, Calendar.load(), REAL_SIZE).items():
            (Path(folder) / f"{exchange}.csv").write_bytes(raw)
        done = subprocess.run(
            [*manage, "bench_dump", "--take", folder], check=True, capture_output=True, text=True
        )
    told = json.loads(done.stdout.splitlines()[-1])
    return [Figure(name, value, unit) for name, value, unit in told]


def measured(folder: Path) -> list[tuple[str, float, str]]:
    """Take the files of a folder over twice; return times and this process's peak memory.

    Linux only: the kernel's own high-water mark.
    """
    files = {Exchange(path.stem): path.read_bytes() for path in sorted(folder.glob("*.csv"))}
    rows = sum(raw.count(b"\n") - 1 for raw in files.values())
    return [
        ("dump: rows", float(rows), "rows"),
        ("dump: parsed, checked, staged and swapped", _timed(files), "s"),
        ("dump: the same files again", _timed(files), "s"),
        ("dump: peak memory of the process", _peak_mib(), "MiB"),
    ]


def _timed(files: Mapping[Exchange, bytes]) -> float:
    began = time.perf_counter()
    take_over(files, rules_on(DAY, practice=False), "bench")
    return time.perf_counter() - began


def _peak_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / _KIB
    raise OSError(f"peak memory is not told on {sys.platform}")
