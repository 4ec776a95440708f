from __future__ import annotations

from pathlib import Path

import pytest

from marketdata.tape import TapeReader
from trading.desk_days import NoSuchDayError, day_asked


def test_a_tape_that_stands_is_taken_as_it_is(tmp_path: Path):
    tape = tmp_path / "mine.tape"
    tape.touch()

    assert day_asked(str(tape), tmp_path, tmp_path / "out") == ("tape", tape.resolve())
    assert not (tmp_path / "out").exists()


def test_a_tape_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(NoSuchDayError, match=r"--day: .*mine\.tape\.gz, expected a file"):
        day_asked(str(tmp_path / "mine.tape.gz"), tmp_path, tmp_path)


def test_a_made_day_is_told_at_the_number_of_seconds_asked_for(tmp_path: Path):
    source, path = day_asked("synthetic:3:60", tmp_path, tmp_path)

    frames = [frame.at for frame, _ in zip(TapeReader(path).frames(), range(2), strict=False)]
    assert source == "synthetic"
    assert (frames[1] - frames[0]).total_seconds() == 60


@pytest.mark.parametrize("text", ["synthetic:x", "synthetic:1:0", "synthetic:1:5:9", "2021-04-31"])
def test_a_day_that_cannot_be_is_refused_with_what_was_expected(text: str, tmp_path: Path):
    with pytest.raises(NoSuchDayError, match=f"--day: {text}, expected synthetic"):
        day_asked(text, tmp_path, tmp_path)
