from __future__ import annotations

from pathlib import Path

from trading.simulation.batch import outcome_of
from trading.simulation.results import Basis, DayResult, Results, code_digest, result_of
from trading.simulation.troubles import Kind

BASIS = Basis("c0de", "all")


def day(name: str, *found: str, events: int = 400) -> DayResult:
    return DayResult(name, "f", events, 10, 8, 5, 2, 1.25, 0.2, {"crash": 2}, found)


def test_what_was_kept_of_a_day_is_there_in_the_next_run(tmp_path: Path):
    Results(tmp_path, BASIS).add(day("1.1"))

    again = Results(tmp_path, BASIS)

    assert again.days == {"1.1": day("1.1")}
    assert again.missing(["1.1", "2.1"]) == ["2.1"]


def test_days_of_other_code_or_other_faults_are_neither_counted_nor_lost(tmp_path: Path):
    Results(tmp_path, BASIS).add(day("1.1"))

    for other in (Basis("0ther", "all"), Basis("c0de", "none")):
        assert Results(tmp_path, other).missing(["1.1"]) == ["1.1"]
    assert Results(tmp_path, BASIS).missing(["1.1"]) == []


def test_a_last_line_that_was_cut_short_is_played_again(tmp_path: Path):
    results = Results(tmp_path, BASIS)
    results.add(day("1.1"))
    results.add(day("2.1"))
    file = tmp_path / BASIS.file
    file.write_bytes(file.read_bytes()[:-20])

    again = Results(tmp_path, BASIS)
    again.add(day("3.1"))

    assert list(Results(tmp_path, BASIS).days) == ["1.1", "3.1"]


def test_all_days_of_a_folder_are_summed_up(tmp_path: Path):
    Results(tmp_path, BASIS).add(day("1.1", events=100))
    results = Results(tmp_path, BASIS)
    results.add(day("2.1", "something broke", events=300))

    told = results.summary()

    assert (told["days"], told["events"], told["lives"]) == (2, 400, 4)
    assert told["troubles"] == {"crash": 4}
    assert told["failed"] == ["2.1"]


def test_without_a_folder_nothing_is_written_and_all_is_counted():
    results = Results(None, BASIS)

    results.add(day("1.1"))

    assert results.summary()["days"] == 1


def test_what_is_kept_of_a_day_is_what_was_told_of_it():
    outcome = outcome_of("5.1", (Kind.REJECT,))

    kept = result_of(outcome)

    assert kept.name == "5.1"
    assert (kept.fingerprint, kept.events) == (outcome.told.fingerprint, outcome.told.events)
    assert kept.troubles == {"reject": len(outcome.told.troubles)}
    assert kept.seconds > 0


def test_the_digest_of_the_code_changes_with_the_code_and_with_nothing_else(tmp_path: Path):
    code = tmp_path / "risk" / "rules.py"
    code.parent.mkdir()
    code.write_text("LIMIT = 1")
    before = code_digest(tmp_path)

    (tmp_path / "notes.py").write_text("")
    (tmp_path / "risk" / "notes.md").write_text("")
    assert code_digest(tmp_path) == before

    code.write_text("LIMIT = 2")
    assert code_digest(tmp_path) != before
