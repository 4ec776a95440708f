"""Volatility by day: taken from the day's tape in the evening, laid beside a tape in the morning.

What it is and where a new one stands among those before is `marketdata/options`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from marketdata.options.iv_file import FILE, write_histories
from marketdata.options.iv_history import IvDay as StoredDay
from trading.bootstrap_tapes import open_tape
from trading.models import IvDay, Run
from trading.services.square_off import runs_of
from trading.services.task_runs import Occasion, Result

if TYPE_CHECKING:
    from trading.iv_of_tape import DayVolatility

KEPT_SESSIONS = 300
"""How many days before go beside a tape; a configuration counts no more."""


def store_volatility(occasion: Occasion) -> Result:
    """Store what the options of the day's sessions told; say which underlyings told nothing."""
    runs = [run for run in runs_of(occasion) if run.tape_path]
    if not runs:
        return Result.skipped("no session today")
    return Result.done("; ".join(f"{run.code}: {_stored(run)}" for run in runs))


def _stored(run: Run) -> str:
    # Imported when it is needed: the compiled arithmetic would weigh on every worker process.
    from trading.iv_of_tape import iv_of_tape

    found = iv_of_tape(open_tape(Path(run.tape_path)))
    for one in found:
        if one.is_known:
            store(one, run=run)
    told = [f"{one.underlying} {_words(one)}" for one in found]
    return ", ".join(told) or "no options are told"


def _words(found: DayVolatility) -> str:
    return f"{found.volatility:.1%}" if found.is_known else "unknown"


@transaction.atomic
def store(found: DayVolatility, *, run: Run) -> IvDay:
    """Store one underlying's volatility of a run's day, in place of an earlier one."""
    row, _ = IvDay.objects.update_or_create(
        day=run.date,
        underlying=found.underlying,
        source=run.source,
        defaults={
            "volatility": found.volatility,
            "expiries": [
                {"years": point.years, "volatility": point.volatility} for point in found.points
            ],
            "run": run,
            "taken_at": timezone.now(),
        },
    )
    return row


def histories_before(day: date, source: str) -> Mapping[str, tuple[StoredDay, ...]]:
    """Return the days before `day` by underlying, oldest first, of one source of prices."""
    rows = IvDay.objects.filter(source=source, day__lt=day).order_by("underlying", "-day")
    found: dict[str, list[StoredDay]] = {}
    for row in rows:
        days = found.setdefault(row.underlying, [])
        if len(days) < KEPT_SESSIONS:
            days.append(StoredDay(row.day, row.volatility))
    return {underlying: tuple(days[::-1]) for underlying, days in found.items()}


def keep_histories(folder: Path, *, day: date, source: str) -> bool:
    """Lay what is known of days before beside a tape, once; say whether anything lies there.

    What lies there already stays, so that the day can be lived again as it began.
    """
    if (folder / FILE).is_file():
        return True
    histories = histories_before(day, source)
    if not histories:
        return False
    write_histories(folder, histories, source)
    return True
