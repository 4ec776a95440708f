"""After the day: journals and tapes packed for good, and what nobody needs any more taken away.

The last copy of a journal is never removed; a plain file goes only when its archive is proven
equal and the run has ended long enough ago. Audit entries, orders and money are kept for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from marketdata.calendar import IST
from marketdata.tape import compress
from trading.bootstrap_tapes import is_raw
from trading.models import Delivery, Instrument, Run, RunState, TaskRun
from trading.services.task_runs import Occasion, Result

HOT = timedelta(days=30)
"""How long plain journals and tapes of ended runs, and unused instrument lists, are kept."""
HISTORY = timedelta(days=90)
"""How long the history of tasks and deliveries is kept."""
_PIECE = 1 << 20


def archive(occasion: Occasion) -> Result:
    """Pack the journal and the tape of every ended run that isn't packed yet."""
    ended = Run.objects.exclude(state=RunState.RUNNING.value)
    packed, missing = 0, []
    for run in ended.filter(date__lte=occasion.day).order_by("-date")[:200]:
        for path in _files(run):
            if _packed(path).exists():
                continue
            if not path.exists():
                missing.append(path.name)
                continue
            compress(path) if path == Path(run.tape_path) else _pack(path)
            packed += 1
    text = f"{packed} files packed"
    return Result.done(f"{text}; gone: {', '.join(missing)}" if missing else text)


def prune(occasion: Occasion) -> Result:
    """Remove plain files whose archives are proven, and old history; say what went."""
    files = sum(
        _remove(path)
        for run in _cold(occasion.at)
        for path in _files(run)
        if path.exists() and not _is_used_later(path, occasion.at)
    )
    before = occasion.at - HISTORY
    tasks, _ = TaskRun.objects.filter(due_at__lt=before).delete()
    told, _ = Delivery.objects.filter(made_at__lt=before).delete()
    lists, _ = (
        Instrument.objects.filter(day__lt=(occasion.at - HOT).astimezone(IST).date())
        .exclude(day__in=Run.objects.values("date"))
        .delete()
    )
    return Result.done(f"{files} files, {tasks} task runs, {told} deliveries, {lists} instruments")


def _cold(at: datetime) -> list[Run]:
    ended = Run.objects.exclude(state=RunState.RUNNING.value)
    return list(ended.filter(ended_at__lt=at - HOT, date__lt=(at - HOT).astimezone(IST).date()))


def _is_used_later(path: Path, at: datetime) -> bool:
    """Say whether a younger run, or one that runs, was made from the same file."""
    runs = Run.objects.filter(tape_path=str(path))
    ended_before = runs.exclude(state=RunState.RUNNING.value).filter(ended_at__lt=at - HOT)
    return runs.count() > ended_before.count()


def _files(run: Run) -> list[Path]:
    """Return what of a run is to be packed; raw tapes are as small as they get."""
    named = (Path(name) for name in (run.journal_path, run.tape_path) if name)
    return [path for path in named if path.suffix != ".gz" and not is_raw(path)]


def _packed(path: Path) -> Path:
    return path.with_name(path.name + ".gz")


def _pack(path: Path) -> None:
    """Write the archive beside the file; the same content gives the same bytes."""
    part = path.with_name(path.name + ".gz.part")
    with (
        path.open("rb") as plain,
        part.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed,
    ):
        shutil.copyfileobj(plain, packed, _PIECE)
    part.replace(_packed(path))


def _remove(path: Path) -> int:
    """Remove a file whose archive holds the same; return how many went."""
    archived = _packed(path)
    if not archived.exists() or _digest(path, packed=False) != _digest(archived, packed=True):
        return 0
    path.unlink()
    return 1


def _digest(path: Path, *, packed: bool) -> str:
    digest = hashlib.sha256()
    with gzip.open(path) if packed else path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
