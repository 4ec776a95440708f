"""Adding bars to the file of a symbol: what is there stays, what is new is put in its place.

Judging the bars comes before, in `bar_checks.py`; reading them back is `history.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from marketdata.bar_grids import GridError, bar_length
from marketdata.bars import Ints
from marketdata.history import BAR_SCHEMA, HistoryError


def joined(path: Path, table: pa.Table) -> tuple[pa.Table, int]:
    """Return the bars of a file and a table together, and how many the file had already.

    The file need not exist. A bar that it has is not changed. Raises `HistoryError` for a file of
    another schema.
    """
    if not path.exists():
        return table, 0
    there = _read(path)
    old, new = _starts(there), _starts(table)
    fresh = ~np.isin(new, old)
    both = pa.concat_tables([there, table.filter(pa.array(fresh))])
    known = int((~fresh).sum())
    return both.take(pa.array(np.argsort(_starts(both), kind="stable"))), known


def check_length(path: Path, table: pa.Table) -> None:
    """Raise `HistoryError` for bars of another length than those of the file; it may be missing."""
    if not path.exists():
        return
    try:
        parts = (_starts(_read(path)), _starts(table))
        lengths = {bar_length(path.stem, part) for part in parts if len(part) > 1}
    except GridError as error:
        raise HistoryError(path, "ts", f"bars of 1, 5 or 15 minutes ({error})") from error
    if len(lengths) > 1:
        names = " and ".join(sorted(length.name for length in lengths))
        raise HistoryError(path, "ts", f"bars of one length, would hold {names}")


def write_bars(table: pa.Table, path: Path) -> None:
    """Write a file whole, or leave the one that is there."""
    draft = path.with_suffix(".parquet.draft")
    pq.write_table(table, draft, compression="zstd")
    draft.replace(path)


def _read(path: Path) -> pa.Table:
    try:
        there = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise HistoryError(path, "file", f"a Parquet file ({error})") from error
    if not there.schema.equals(BAR_SCHEMA):
        raise HistoryError(path, "schema", "the bar schema")
    return there


def _starts(table: pa.Table) -> Ints:
    micros: Ints = table["ts"].cast(pa.int64()).to_numpy()
    return micros // 1_000_000
