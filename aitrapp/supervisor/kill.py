"""`make kill`: flatten every engine below a folder without database, store, feed or page.

A file and a signal ask for it; what is left is read from the journals, where the broker's own
answers stand. The engine's side is `trading/kill_file.py`.
"""

from __future__ import annotations

import argparse
import getpass
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from aitrapp.supervisor.errors import SupervisorError
from aitrapp.supervisor.place import ROOT, default_data
from aitrapp.supervisor.supervision import say
from trading.engine.events import BOOK
from trading.journal import JournalCorruptError, Record, read_records
from trading.journal_holder import LOCKS, Holder, holder_of
from trading.kill_file import LOOK_SIGNAL, NAME, write_kill
from trading.services.broker_book import broker_book

LEFT = 1
"""Exit code where something is left, or no engine was there to flatten."""
_LOOK_SECONDS = 0.2


def add_kill(parser: argparse.ArgumentParser) -> None:
    """Add the options of `kill` to its parser."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="the folder of the journals")
    parser.add_argument("--reason", default="make kill", help="why, for the record")
    parser.add_argument("--wait", type=float, default=60.0, help="seconds until flat, at most")
    parser.add_argument("--lift", action="store_true", help="take the file away again")


def kill(options: argparse.Namespace) -> int:
    """Write the file beside every journal, signal the engines and say what is left.

    Returns 0 once all of them are flat. Raises `SupervisorError` where nothing could be asked.
    """
    roots = (options.data,) if options.data else (default_data(), ROOT / "var")
    folders = {path.parent for root in roots for path in root.rglob("*.journal")}
    if not folders:
        raise SupervisorError(f"{roots[0]}: no journal below it, expected the desk's data folder")
    if options.lift:
        return _lift(folders)
    by = f"{getpass.getuser()} (make kill)"
    failed = [_write(folder, by, options.reason) for folder in sorted(folders)]
    if all(failed):
        raise SupervisorError("; ".join(failed))
    engines = engines_below(folders)
    for engine in engines:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(engine.pid, LOOK_SIGNAL)
        say(f"{engine.journal.stem}: told process {engine.pid} to flatten")
    if not engines:
        return _without_engine(folders)
    return _watch(engines, time.time(), options.wait)


def _write(folder: Path, by: str, reason: str) -> str:
    """Write the file into one folder and return what was wrong, empty for nothing.

    One that can't be written must not keep the engines of all others from theirs.
    """
    try:
        told, wrong = f"wrote {write_kill(folder, by=by, reason=reason)}", ""
    except OSError as error:
        told = wrong = f"{folder / NAME}: {error.strerror}, expected a place to write"
    say(told)
    return wrong


def _lift(folders: Iterable[Path]) -> int:
    for folder in sorted(folders):
        (folder / NAME).unlink(missing_ok=True)
    say("the kill file is gone; the desk stays locked until a person unlocks it in the console")
    return 0


def engines_below(folders: Iterable[Path], locks: Path = LOCKS) -> tuple[Holder, ...]:
    """Return every engine that holds a journal in one of the folders, by the system's locks."""
    journals = sorted(path for folder in folders for path in folder.glob("*.journal"))
    try:
        held = [holder_of(path, locks) for path in journals]
    except OSError as error:
        text = f"{locks}: {error.strerror}, expected the system's locks: watch the broker's page"
        raise SupervisorError(f"{text}; engines that live find the file by themselves") from error
    return tuple(holder for holder in held if holder is not None)


def _watch(engines: Iterable[Holder], asked_at: float, seconds: float) -> int:
    """Wait until every engine's broker is flat; say how long it took, or what is left."""
    left, until = list(engines), time.monotonic() + seconds
    while left and time.monotonic() < until:
        for engine in list(left):
            if not remains(engine.journal):
                took = time.time() - asked_at
                say(f"{engine.journal.stem}: flat after {took:.1f} s by the broker's own answers")
                left.remove(engine)
        time.sleep(_LOOK_SECONDS if left else 0)
    for engine in left:
        say(f"{engine.journal.stem}: NOT FLAT, {remains(engine.journal)}")
    if left:
        say("close what is left at the broker itself (Kite: Positions, Exit all)")
    return LEFT if left else 0


def _without_engine(folders: Iterable[Path]) -> int:
    """Tell the books of journals that did not end flat: nobody is there to close what they hold."""
    journals = sorted(path for folder in folders for path in folder.glob("*.journal"))
    for path in journals:
        try:
            book = broker_book(path)
        except JournalCorruptError as error:
            say(f"{path.stem}: no engine, what is held isn't known ({error})")
        else:
            if not book.is_flat:
                say(f"{path.stem}: no engine, {book}")
    say("no engine is at work: one that is started finds the file and flattens first")
    return LEFT


def remains(journal: Path) -> str:
    """Return what the broker still has by a journal, empty where it is flat.

    The engine must have taken the kill switch up, and the broker's own book, in a run that reads
    one, must not hold anything against ours.
    """
    records = tuple(read_records(journal))
    if not _is_killed(records):
        return "the engine has not answered yet"
    book = broker_book(journal)
    if not book.is_flat:
        return str(book)
    return _disagreement(records)


def _is_killed(records: Iterable[Record]) -> bool:
    """Say whether the desk is closed down as last noted; it may have been unlocked in between."""
    states = [record.body["state"] for record in records if record.kind == "StateNoted"]
    return bool(states) and states[-1] in ("FLATTENING", "HALTED")


def _disagreement(records: Iterable[Record]) -> str:
    """Return what the broker's own list holds against ours, as last read; empty for nothing."""
    told = [
        record.body
        for record in records
        if record.kind == "ConditionChanged" and record.body["name"] == BOOK
    ]
    return "" if not told or told[-1]["good"] else f"the broker's book: {told[-1]['detail']}"
