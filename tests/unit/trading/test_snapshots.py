from __future__ import annotations

import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from marketdata import panel_kernels
from marketdata.features.atr import ATR
from trading.engine.lived import Lived
from trading.snapshots import EVERY_SECONDS, Kept, RunKept, Snapshots, ToldRun, code_stamp


def lived(**parts: Any) -> Lived:
    told: dict[str, Any] = {
        "seq": 7,
        "frames": 3,
        "engine": SimpleNamespace(setup="how it trades"),
        "timeline": None,
        "screen": None,
        "venue": None,
        "faults": None,
        "commands": {4},
        "invariants": None,
    }
    return Lived(**(told | parts))


def keep(keeping: RunKept, told: Lived) -> int:
    """Keep a run; return how often it stood still meanwhile."""
    return sum(1 for _ in keeping.keep(told))


def again(tmp_path: Path, thing: object) -> Any:
    """Return a thing as it comes back."""
    snapshots = Snapshots(tmp_path / "day.journal", "code")
    snapshots.write(Kept(lived(), thing))
    kept = snapshots.take(7)
    assert kept is not None
    return kept.feed


def test_what_is_kept_is_found_once(tmp_path: Path):
    snapshots = Snapshots(tmp_path / "day.journal", "code")
    snapshots.write(Kept(lived(), "feed"))

    assert snapshots.path.stat().st_mode & 0o777 == 0o600
    assert snapshots.take(9) == Kept(lived(), "feed")
    assert snapshots.take(9) is None


def test_nothing_is_found_where_nothing_was_kept(tmp_path: Path):
    assert Snapshots(tmp_path / "day.journal", "code").take(9) is None


def test_what_other_code_kept_is_forgotten(tmp_path: Path):
    Snapshots(tmp_path / "day.journal", "code before").write(Kept(lived(), None))
    snapshots = Snapshots(tmp_path / "day.journal", "code")

    assert snapshots.take(9) is None
    assert not snapshots.path.exists()


def test_what_tells_more_than_the_journal_is_forgotten(tmp_path: Path):
    snapshots = Snapshots(tmp_path / "day.journal", "code")
    snapshots.write(Kept(lived(seq=8), None))

    assert snapshots.take(7) is None
    assert not snapshots.path.exists()


@pytest.mark.parametrize("cut", [0, 3, 30, 120, -1])
def test_what_was_not_written_whole_is_forgotten(cut: int, tmp_path: Path):
    snapshots = Snapshots(tmp_path / "day.journal", "code")
    snapshots.write(Kept(lived(), "feed"))
    snapshots.path.write_bytes(snapshots.path.read_bytes()[:cut])

    assert snapshots.take(9) is None
    assert not snapshots.path.exists()


def test_a_changed_byte_is_noticed(tmp_path: Path):
    snapshots = Snapshots(tmp_path / "day.journal", "code")
    snapshots.write(Kept(lived(), "feed"))
    told = bytearray(snapshots.path.read_bytes())
    told[-3] ^= 1
    snapshots.path.write_bytes(told)

    assert snapshots.take(9) is None


def test_a_folder_that_is_gone_is_no_end_of_the_run(tmp_path: Path):
    snapshots = Snapshots(tmp_path / "gone" / "day.journal", "code", clock=lambda: 5.0)

    snapshots.write(Kept(lived(), None))

    assert not snapshots.path.exists()
    assert not snapshots.is_due()


def test_what_cannot_be_kept_is_tried_once(tmp_path: Path):
    now = [0.0]
    snapshots = Snapshots(tmp_path / "day.journal", "code", clock=lambda: now[0])

    snapshots.write(Kept(lived(), lambda: None))
    now[0] = 1e9

    assert not snapshots.is_due()
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_kept_at_once_and_then_every_so_often(tmp_path: Path):
    now = [100.0]
    snapshots = Snapshots(tmp_path / "day.journal", "code", clock=lambda: now[0])

    assert snapshots.is_due()
    snapshots.write(Kept(lived(), None))
    now[0] += EVERY_SECONDS - 1
    assert not snapshots.is_due()
    now[0] += 1
    assert snapshots.is_due()


def test_a_run_that_takes_long_to_write_is_kept_less_often(tmp_path: Path):
    moments = iter((100.0, 100.2, 299.9, 300.1))
    snapshots = Snapshots(tmp_path / "day.journal", "code", clock=lambda: next(moments))

    snapshots.write(Kept(lived(), None))

    assert not snapshots.is_due()
    assert snapshots.is_due()


def test_a_run_is_not_kept_while_its_feed_is_ahead(tmp_path: Path):
    snapshots, taken = Snapshots(tmp_path / "day.journal", "code"), [4]
    keeping = RunKept(snapshots, lambda: ("board", taken[0]))

    keep(keeping, lived(frames=3))
    assert not snapshots.path.exists()
    taken[0] = 3
    keep(keeping, lived(frames=3))
    keeping.settle()

    assert snapshots.take(9) == Kept(lived(frames=3), "board")


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_what_is_told_in_slices_is_what_is_told_at_once(seconds: float, tmp_path: Path):
    things = [SimpleNamespace(prices=np.arange(float(size))) for size in range(20)]
    keeping = RunKept(
        Snapshots(tmp_path / "day.journal", "code"), lambda: (things, 3), slice_seconds=seconds
    )

    pauses = keep(keeping, lived())
    keeping.settle()

    assert (pauses >= len(things)) if seconds == 0.0 else (pauses == 0)
    kept = keeping.snapshots.take(9)
    assert kept is not None
    assert [each.prices.tolist() for each in kept.feed] == [each.prices.tolist() for each in things]


def test_what_is_given_up_is_not_kept_and_due_again_by_the_time_it_took(tmp_path: Path):
    now = [100.0]
    snapshots = Snapshots(tmp_path / "day.journal", "code", clock=lambda: now[0])
    keeping = RunKept(snapshots, lambda: (np.arange(2.0), 3), slice_seconds=0.0)

    pieces = keeping.keep(lived())
    next(pieces)
    now[0] = 100.005
    pieces.close()

    assert list(tmp_path.iterdir()) == []
    assert not keeping.is_due()
    now[0] = 105.001
    assert keeping.is_due()


def test_what_somebody_changes_meanwhile_is_tried_again_later(tmp_path: Path):
    now = [100.0]
    snapshots = Snapshots(tmp_path / "day.journal", "code", clock=lambda: now[0])
    changing = {number: np.arange(2.0) for number in range(9)}
    keeping = RunKept(snapshots, lambda: (changing, 3), slice_seconds=0.0)

    for number, _ in enumerate(keeping.keep(lived())):
        changing[100 + number] = np.arange(2.0)

    assert list(tmp_path.iterdir()) == []
    now[0] += EVERY_SECONDS
    assert keeping.is_due()


def test_arrays_that_share_their_memory_do_so_again(tmp_path: Path):
    whole = np.arange(12, dtype=np.int64).reshape(3, 4).copy()
    column, words = whole[:, 2], whole.reshape(-1).view(np.float64)

    found, found_column, found_words = again(tmp_path, (whole, column, words))
    found[1, 2] = 99

    assert found_column.tolist() == [2, 99, 10]
    assert found_words.view(np.int64)[6] == 99
    assert found_column.strides == column.strides
    assert found_words.flags.c_contiguous
    assert whole[1, 2] == 6


def test_an_array_that_may_not_be_written_may_not_be_again(tmp_path: Path):
    fixed = np.arange(3.0)
    fixed.setflags(write=False)

    found = again(tmp_path, fixed)

    assert found.tolist() == [0.0, 1.0, 2.0]
    assert not found.flags.writeable


def test_compiled_loops_come_back_by_their_names(tmp_path: Path):
    feature = ATR(3)
    state = feature.new_state(2)
    told = {
        "kernels": panel_kernels,
        "write": panel_kernels.write,
        "line": (state, feature.kept(state)),
    }

    found = again(tmp_path, told)

    assert found["kernels"] is panel_kernels
    assert found["write"] is panel_kernels.write
    back, kept = found["line"]
    assert kept.state is back
    assert kept.loop is feature.kept(state).loop
    assert kept.parameters == feature.kept(state).parameters


def test_the_stamp_of_the_code_changes_with_any_file_of_it(tmp_path: Path):
    for room in ("execution", "marketdata", "risk", "strategies", "trading"):
        (tmp_path / room / "inner").mkdir(parents=True)
    rule = tmp_path / "risk" / "inner" / "rules.py"
    rule.write_text("one")
    first = code_stamp(tmp_path)
    (tmp_path / "risk" / "__pycache__").mkdir()
    (tmp_path / "risk" / "__pycache__" / "rules.pyc").write_text("compiled")
    assert code_stamp(tmp_path) == first

    rule.write_text("another")

    assert code_stamp(tmp_path) != first
    assert code_stamp() == code_stamp()


def test_a_run_is_not_kept_again_while_it_is_being_written(tmp_path: Path):
    go_on = threading.Event()

    class SlowDisk(Snapshots):
        """Writes once it may."""

        def put(self, run: ToldRun) -> None:
            go_on.wait()
            Snapshots.put(self, run)

    path = tmp_path / "day.journal"
    keeping = RunKept(SlowDisk(path, "code", clock=lambda: 5.0, every_seconds=0.0))
    assert keeping.is_due()

    keep(keeping, lived())

    assert not keeping.is_due()
    assert not keeping.snapshots.path.exists()
    go_on.set()
    keeping.settle()
    assert keeping.is_due()
    assert keeping.snapshots.take(9) == Kept(lived(), None)


def test_a_file_whose_foot_tells_other_lengths_is_forgotten(tmp_path: Path):
    snapshots = Snapshots(tmp_path / "day.journal", "code")
    snapshots.write(Kept(lived(), "feed"))
    body, _, foot = snapshots.path.read_bytes().rpartition(b"\n")
    told = json.loads(foot)
    told["objects"][-1] -= 1
    snapshots.path.write_bytes(body + b"\n" + json.dumps(told).encode())

    assert snapshots.take(9) is None
