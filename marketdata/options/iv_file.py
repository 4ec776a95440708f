"""The volatility of days before as a file beside a day's tape, so that a run always starts alike.

Who writes it knows where the days come from: `synthetic.py` for made days, a service for others.
"""

from __future__ import annotations

import csv
from pathlib import Path

from marketdata.options.iv_history import IvDay, IvHistories, check_history
from marketdata.tables import DataFileError, read_csv

FILE = "atm_iv.csv"
"""Its name in the folder of what came before a day."""

_COLUMNS = ("underlying", "day", "volatility", "source")


def write_histories(folder: Path, histories: IvHistories, source: str) -> Path:
    """Write what is known into a folder, which is made; the same days give the same bytes.

    Raises `ValueError` where days of a history aren't in order.
    """
    for history in histories.values():
        check_history(history)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(_COLUMNS)
        table.writerows(
            (underlying, day.day, repr(day.volatility), source)
            for underlying in sorted(histories)
            for day in histories[underlying]
        )
    part.replace(path)
    return path


def read_histories(folder: Path | None) -> IvHistories:
    """Return the histories in a folder; none where there is no file or no folder.

    Raises `DataFileError` naming line and field.
    """
    if folder is None or not (folder / FILE).is_file():
        return {}
    found: dict[str, list[IvDay]] = {}
    for row in read_csv(folder / FILE, _COLUMNS):
        row.text("source")
        try:
            day = IvDay(row.day("day"), float(row.decimal("volatility")))
        except ValueError as error:
            raise DataFileError(f"{row.where}: {error}") from error
        found.setdefault(row.text("underlying"), []).append(day)
    for underlying, history in found.items():
        try:
            check_history(history)
        except ValueError as error:
            raise DataFileError(f"{folder / FILE}: {underlying}: {error}") from error
    return {underlying: tuple(history) for underlying, history in found.items()}
