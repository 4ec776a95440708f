from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from aitrapp.supervisor.__main__ import main
from aitrapp.supervisor.errors import SupervisorError
from aitrapp.supervisor.kill import engines_below, remains
from trading.engine.events import BOOK
from trading.journal import JournalFile
from trading.journal_holder import Holder
from trading.kill_file import NAME


def journal(folder: Path, *records: tuple[str, dict[str, Any]]) -> Path:
    path = folder / "2026-10-06-K7.journal"
    file = JournalFile(path)
    for kind, body in records:
        file.append(kind, body, incoming=kind != "StateNoted")
    file.close()
    return path


def filled(client_id: str, side: str, quantity: int) -> tuple[str, dict[str, Any]]:
    fill = {
        "trade_id": f"T-{client_id}",
        "instrument": {"exchange": "NFO", "symbol": "NIFTY26OCTFUT"},
        "side": side,
        "quantity": quantity,
    }
    update = {"client_id": client_id, "state": "FILLED", "fills": [fill]}
    return "BrokerSaid", {"update": update}


KILLED = ("StateNoted", {"state": "FLATTENING"})
UNLOCKED = ("StateNoted", {"state": "OPEN"})
BOUGHT, SOLD = filled("E1", "BUY", 65), filled("X1", "SELL", 65)


def book(*, good: bool, detail: str = "") -> tuple[str, dict[str, Any]]:
    return "ConditionChanged", {"name": BOOK, "good": good, "detail": detail}


@pytest.mark.parametrize(
    ("records", "left"),
    [
        ((BOUGHT, SOLD), "the engine has not answered yet"),
        ((KILLED, UNLOCKED), "the engine has not answered yet"),
        ((BOUGHT, KILLED), "held: +65 NFO:NIFTY26OCTFUT; working orders: 0"),
        ((BOUGHT, KILLED, SOLD), ""),
        ((BOUGHT, KILLED, SOLD, book(good=True)), ""),
        (
            (BOUGHT, KILLED, SOLD, book(good=False, detail="foreign-position NFO:X: 0, 50")),
            "the broker's book: foreign-position NFO:X: 0, 50",
        ),
    ],
)
def test_what_is_left_is_what_the_broker_itself_said(
    tmp_path: Path, records: tuple[Any, ...], left: str
) -> None:
    assert remains(journal(tmp_path, *records)) == left


def test_an_order_without_an_answer_counts_as_working(tmp_path: Path) -> None:
    sent = ("PlaceOrder", {"request": {"client_id": "X9"}})

    assert "working orders: 1" in remains(journal(tmp_path, KILLED, sent))


def test_an_engine_is_found_by_the_lock_on_its_journal(tmp_path: Path) -> None:
    path = journal(tmp_path)
    held = JournalFile(path)

    try:
        assert engines_below([tmp_path]) == (Holder(path, os.getpid()),)
    finally:
        held.close()
    assert engines_below([tmp_path]) == ()


def test_without_an_engine_what_is_held_is_told_and_the_file_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal(tmp_path, BOUGHT)

    code = main(["kill", "--data", str(tmp_path), "--reason", "fire"])

    told = capsys.readouterr()
    assert code == 1
    assert "no engine, held: +65 NFO:NIFTY26OCTFUT" in told.out + told.err
    assert '"fire"' in (tmp_path / NAME).read_text()


def test_a_folder_that_takes_no_file_keeps_no_other_from_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        journal(folder, BOUGHT)
    (first / NAME / "in the way").mkdir(parents=True)

    code = main(["kill", "--data", str(tmp_path), "--reason", "fire"])

    told = capsys.readouterr()
    assert code == 1
    assert '"fire"' in (second / NAME).read_text()
    assert f"{first / NAME}: Is a directory, expected a place to write" in told.out + told.err


def test_where_no_file_can_be_written_at_all_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal(tmp_path, BOUGHT)
    (tmp_path / NAME / "in the way").mkdir(parents=True)

    assert main(["kill", "--data", str(tmp_path)]) == 2

    told = capsys.readouterr()
    assert "expected a place to write" in told.out + told.err
    assert "no engine" not in told.out + told.err


def test_of_a_journal_that_is_damaged_it_is_said_that_nobody_knows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = journal(tmp_path, BOUGHT, SOLD)
    path.write_bytes(b"damaged\n" + path.read_bytes())
    other = tmp_path / "other"
    other.mkdir()
    journal(other, BOUGHT)

    code = main(["kill", "--data", str(tmp_path)])

    told = capsys.readouterr()
    assert code == 1
    assert "no engine, what is held isn't known" in told.out + told.err
    assert "no engine, held: +65 NFO:NIFTY26OCTFUT" in told.out + told.err


def test_the_file_is_lifted_again(tmp_path: Path) -> None:
    journal(tmp_path)
    main(["kill", "--data", str(tmp_path)])

    assert main(["kill", "--data", str(tmp_path), "--lift"]) == 0
    assert not (tmp_path / NAME).exists()


def test_a_folder_without_journals_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["kill", "--data", str(tmp_path)]) == 2

    told = capsys.readouterr()
    assert f"{tmp_path}: no journal below it" in told.out + told.err


def test_a_system_that_tells_no_locks_is_named(tmp_path: Path) -> None:
    journal(tmp_path)

    with pytest.raises(SupervisorError, match="no-locks: No such file"):
        engines_below([tmp_path], locks=tmp_path / "no-locks")
