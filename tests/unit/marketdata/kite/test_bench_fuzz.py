from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from marketdata.kite.bench_fuzz import FuzzReport, Model, fuzz_frames, mutated
from tests.unit.marketdata.kite import packets as wire

ROOT = Path(__file__).resolve().parents[4]


def test_mutated_frames_are_refused_whole_or_taken_exactly():
    report = fuzz_frames(5_000, seed=3)

    assert report.frames == report.refused + report.empty + report.taken == 5_000
    assert report.refused > 2_000
    assert report.taken > 300


def test_the_same_seed_throws_the_same_frames():
    assert fuzz_frames(300, seed=4) == fuzz_frames(300, seed=4) != fuzz_frames(300, seed=5)


def test_no_index_lies_outside_its_array():
    """The loops run as plain Python, where NumPy checks every index."""
    done = subprocess.run(
        [sys.executable, "-m", "marketdata.kite.bench_fuzz", "400", "6"],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.strip() == str(fuzz_frames(400, 6))


def test_a_report_counts_what_it_threw():
    assert fuzz_frames(0, 1) == FuzzReport(0, 0, 0, 0)


def test_a_mutated_frame_is_another():
    random = np.random.default_rng(1)
    frame = wire.frame(wire.full(258, 100), wire.ltp(258, 100))

    assert sum(mutated(frame, random) != frame for _ in range(100)) > 80


@pytest.mark.parametrize(
    ("frame", "packets"),
    [
        (b"", None),
        (b"\0", []),
        (b"\0\0", []),
        (b"\0\1", None),
        (wire.frame(b"abc", b""), [b"abc", b""]),
        (wire.frame(b"abc")[:-1], None),
        (wire.frame(b"abc") + b"x", None),
    ],
)
def test_the_plain_reading_knows_whole_frames_from_others(frame, packets):
    assert Model.packets(frame) == packets
