from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.journal import (
    JournalBusyError,
    JournalCorruptError,
    JournalFile,
    MemoryJournal,
    StaleLeaseError,
    read_records,
)


def written(path: Path, count: int = 3) -> bytes:
    """Write a journal of `count` records and return its bytes."""
    journal = JournalFile(path)
    for number in range(count):
        journal.append("TimerFired", {"key": f"bar {number}"}, incoming=True)
    journal.close()
    return path.read_bytes()


def told(path: Path) -> list[tuple[int, str, bool, Any]]:
    return [(r.seq, r.kind, r.incoming, r.body) for r in read_records(path)]


def test_records_read_back_in_order_with_numbers_without_gaps(tmp_path: Path):
    path = tmp_path / "day.journal"

    data = written(path, 2)

    assert told(path) == [
        (1, "TimerFired", True, {"key": "bar 0"}),
        (2, "TimerFired", True, {"key": "bar 1"}),
    ]
    assert [record.end for record in read_records(path)][-1] == len(data)


def test_nothing_is_in_the_file_before_it_is_written(tmp_path: Path):
    path = tmp_path / "day.journal"
    journal = JournalFile(path)
    journal.append("TimerFired", {}, incoming=True)
    assert path.read_bytes() == b""

    journal.write()

    assert len(told(path)) == 1
    journal.close()


def test_a_journal_opened_again_goes_on_behind_its_last_record(tmp_path: Path):
    path = tmp_path / "day.journal"
    written(path, 2)
    journal = JournalFile(path)

    number = journal.append("TimerFired", {}, incoming=True)

    assert number == 3
    assert [record.seq for record in journal.recovered] == [1, 2]
    journal.close()


def test_a_reader_comes_back_for_what_was_written_since(tmp_path: Path):
    path = tmp_path / "day.journal"
    written(path, 2)
    first = list(read_records(path))
    journal = JournalFile(path)
    journal.append("TimerFired", {"key": "new"}, incoming=True)
    journal.close()

    more = list(read_records(path, start=first[-1].end, after=first[-1].seq))

    assert [(record.seq, record.body) for record in more] == [(3, {"key": "new"})]


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 1))
def test_a_journal_torn_anywhere_keeps_its_whole_records(
    share: float, tmp_path_factory: pytest.TempPathFactory
):
    path = tmp_path_factory.mktemp("torn") / "day.journal"
    data = written(path, 5)
    whole = list(read_records(path))
    size = int(len(data) * share)
    path.write_bytes(data[:size])

    journal = JournalFile(path)

    kept = [record for record in whole if record.end <= size]
    assert list(journal.recovered) == kept
    journal.close()
    assert path.stat().st_size == (kept[-1].end if kept else 0)


def test_damage_before_the_end_is_corruption(tmp_path: Path):
    path = tmp_path / "day.journal"
    data = bytearray(written(path))
    data[20] ^= 1
    path.write_bytes(bytes(data))

    with pytest.raises(JournalCorruptError, match="damaged record at byte 0"):
        list(read_records(path))


def test_a_missing_record_is_corruption(tmp_path: Path):
    path = tmp_path / "day.journal"
    lines = written(path).splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])

    with pytest.raises(JournalCorruptError, match="record 3 follows 1"):
        list(read_records(path))


def test_a_journal_has_one_writer(tmp_path: Path):
    path = tmp_path / "day.journal"
    journal = JournalFile(path)

    with pytest.raises(JournalBusyError):
        JournalFile(path)

    journal.close()
    JournalFile(path).close()


def test_the_journal_in_memory_keeps_what_it_is_told_to_keep():
    kept, forgotten = MemoryJournal(), MemoryJournal(keep=False)
    for journal in (kept, forgotten):
        journal.append("TimerFired", {"key": "bar"}, incoming=True)

    assert kept.records == [("TimerFired", True, {"key": "bar"})]
    assert (forgotten.records, forgotten.seq) == ([], 1)


def test_records_from_a_number_on_can_be_kept_back(tmp_path: Path):
    journal = JournalFile(tmp_path / "day.journal")
    for number in range(4):
        journal.append("Note", {"number": number}, incoming=False)

    journal.write(3)
    early = [record.seq for record in read_records(tmp_path / "day.journal")]
    journal.write(2)
    same = [record.seq for record in read_records(tmp_path / "day.journal")]
    journal.flush()

    assert (early, same) == ([1, 2], [1, 2])
    assert [record.seq for record in read_records(tmp_path / "day.journal")] == [1, 2, 3, 4]
    journal.close()


def test_each_record_tells_the_lease_it_was_written_under(tmp_path: Path):
    path = tmp_path / "day.journal"
    journal = JournalFile(path)
    for token in (0, 3, 3, 4):
        if token:
            journal.lead(token)
        journal.append("TimerFired", {}, incoming=True)
    journal.close()

    assert [record.token for record in read_records(path)] == [0, 3, 3, 4]
    assert JournalFile(path).token == 4


def test_an_earlier_lease_may_not_write_behind_a_later_one(tmp_path: Path):
    path = tmp_path / "day.journal"
    journal = JournalFile(path)
    journal.lead(4)
    journal.append("TimerFired", {}, incoming=True)
    journal.close()

    again = JournalFile(path)
    again.lead(4)
    with pytest.raises(StaleLeaseError, match="lease 3, but 4 has written"):
        again.lead(3)

    again.let_go()


def test_a_record_of_an_earlier_lease_is_refused_wherever_reading_begins(tmp_path: Path):
    path = tmp_path / "day.journal"
    newer, older = tmp_path / "newer", tmp_path / "older"
    for source, token in ((newer, 4), (older, 3)):
        journal = JournalFile(source)
        journal.lead(token)
        journal.append("TimerFired", {}, incoming=True)
        journal.append("TimerFired", {}, incoming=True)
        journal.close()
    first = newer.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(first + older.read_bytes().splitlines(keepends=True)[1])

    with pytest.raises(StaleLeaseError, match="record 2 was written under lease 3, after 4"):
        list(read_records(path))
    with pytest.raises(StaleLeaseError, match="after 4"):
        list(read_records(path, start=len(first), after=1, token=4))
    assert [r.seq for r in read_records(path, start=len(first), after=1)] == [2]


def test_a_journal_that_is_let_go_loses_what_was_not_written(tmp_path: Path):
    path = tmp_path / "day.journal"
    journal = JournalFile(path)
    journal.append("TimerFired", {}, incoming=True)
    journal.flush()
    journal.append("TimerFired", {}, incoming=True)

    journal.let_go()

    assert len(told(path)) == 1
    JournalFile(path).close()
