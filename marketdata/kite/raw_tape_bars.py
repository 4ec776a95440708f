"""A recorded day as one-minute bars in the store of bars, for backtests.

Ticks pass the same screen and the same panel as live, so the bars are the ones the desk saw;
downloading a day's candles instead is the work of the history client.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from marketdata.bars import BarRow
from marketdata.built_day import bars_symbol
from marketdata.history import BAR_SCHEMA, HistoryError, bars_path, bars_table
from marketdata.instruments import Instrument, Kind
from marketdata.kite.raw_tape_reader import RawTapeReader
from marketdata.minute_bars import midnight, next_midnight
from marketdata.panel import Panel
from marketdata.quality import ScreenedTokens, ScreenSettings, TickScreen
from marketdata.tape import microseconds
from marketdata.tape_head import TapeHead
from marketdata.timeframes import Timeframe

_OPTIONS = frozenset({Kind.CALL, Kind.PUT})
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class WrittenBars:
    """The file of one instrument's bars, and how many of them are of the recorded day."""

    path: Path
    bars: int


def minute_bars(tape: RawTapeReader, screen: ScreenSettings) -> dict[int, pa.Table]:
    """Return by token the day's one-minute bars in which something ticked, oldest first.

    An instrument without one has no entry. Open interest is told of derivatives only. Raises as
    `RawTapeReader.steps`.
    """
    rows = list(_closed(tape, screen))
    tables = {}
    for column, item in enumerate(tape.head.instruments):
        ticked = [row for row in rows if not row.gap[column]]
        if ticked:
            tables[item.token] = _table(ticked, column, item)
    return tables


def write_minute_bars(
    tape: RawTapeReader, screen: ScreenSettings, folder: Path
) -> tuple[WrittenBars, ...]:
    """Put the day's bars into the files of `folder`, in place of what they hold of that day.

    Raises `HistoryError` for a file of another schema, else as `RawTapeReader.steps`.
    """
    tables = minute_bars(tape, screen)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for item in tape.head.instruments:
        if item.token in tables:
            path = bars_path(folder, bars_symbol(item))
            table = tables[item.token]
            _replace(path, _with_other_days(path, table, tape))
            written.append(WrittenBars(path, table.num_rows))
    return tuple(written)


def _closed(tape: RawTapeReader, settings: ScreenSettings) -> Iterator[BarRow]:
    head = tape.head
    watched = _watched(head)
    panel = Panel(
        tokens=watched.tokens,
        timeframes=[Timeframe.MINUTE],
        opens_at_s=round(head.session_open.timestamp()),
        session=head.date.toordinal(),
        volume_from=None,
        previous_close=watched.reference,
    )
    screen = TickScreen(watched, settings)
    ends = round(head.session_close.timestamp())
    for frame in tape.frames():
        at = microseconds(frame.at)
        yield from panel.close_bars(min(at // _SECOND, ends))
        panel.apply(screen.screen(frame.ticks, at)[0])
    yield from panel.close_bars(ends)


def _watched(head: TapeHead) -> ScreenedTokens:
    before = dict(head.previous_close)
    return ScreenedTokens(
        tokens=np.array([item.token for item in head.instruments], np.int64),
        reference=np.array([before.get(item.token, np.nan) for item in head.instruments]),
        may_leap=np.array([item.kind in _OPTIONS for item in head.instruments], np.bool_),
        opens_at_us=microseconds(head.session_open),
    )


def _table(rows: list[BarRow], column: int, item: Instrument) -> pa.Table:
    columns = {"start": np.array([row.start for row in rows], np.int64)}
    for name in ("open", "high", "low", "close", "volume", "oi"):
        columns[name] = np.array([getattr(row, name)[column] for row in rows])
    known = np.full(len(rows), item.kind in _OPTIONS or item.kind is Kind.FUTURE)
    return bars_table(columns, known)


def _with_other_days(path: Path, table: pa.Table, tape: RawTapeReader) -> pa.Table:
    if not path.exists():
        return table
    there = pq.ParquetFile(path).read()
    if not there.schema.equals(BAR_SCHEMA):
        raise HistoryError(path, "schema", "the bar schema")
    at = np.asarray(there["ts"].cast(pa.int64()).to_numpy())
    before, after = at < midnight(tape.head.date), at >= next_midnight(tape.head.date)
    parts = [there.filter(pa.array(before)), table, there.filter(pa.array(after))]
    return pa.concat_tables(parts)


def _replace(path: Path, table: pa.Table) -> None:
    draft = path.with_suffix(".parquet.draft")
    pq.write_table(table, draft, compression="zstd")
    draft.replace(path)
