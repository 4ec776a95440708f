"""Finding one opinion by what a person calls it.

What is told of it stands in `explanation.py`.
"""

from __future__ import annotations

from uuid import UUID

from trading.models import Signal


class UnknownSignalError(LookupError):
    """No opinion answers to a name, or several do."""


def signal_called(name: str, run: str) -> Signal:
    """Return the opinion of an id, or of a code within `run`; of all runs where it is empty.

    Raises `UnknownSignalError` naming the runs that have one where there are several.
    """
    rows = Signal.objects.select_related("run", "instrument", "traded", "config_version")
    if run:
        rows = rows.filter(run__code=run)
    row_id = _row_id(name)
    found = list(rows.filter(code=name) if row_id is None else rows.filter(pk=row_id))
    if len(found) > 1:
        runs = ", ".join(sorted(row.run.code for row in found))
        raise UnknownSignalError(f"signal {name!r}: one in each of {runs}, expected --run")
    if not found:
        where = f" in run {run}" if run else ""
        raise UnknownSignalError(f"signal {name!r}: unknown{where}, expected a signal's code or id")
    return found[0]


def _row_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
