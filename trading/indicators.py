"""What indicators say of one instrument at each bar of a session, read again from its tape.

Screen, panel and history are those of the engine; nothing that decides reads anything of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path

from marketdata.bars import BarGrid, BarRow
from marketdata.calendar import IST
from marketdata.features.base import Feature
from marketdata.features.board import FeatureBoard
from marketdata.feed import KeptTape
from marketdata.tape import microseconds
from marketdata.timeframes import Timeframe
from trading.bootstrap import history_on, screen_of, setup_of
from trading.config import Config
from trading.engine.scan import panel_on
from trading.engine.settings import EngineSetup

_TIMES = ("timeframe", "start", "session", "minute")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which indicators of which instrument (`NSE:NIFTY 50`), on bars of which length.

    `is_over`: the session has ended, so its last bar has closed with it.
    """

    key: str
    timeframe: Timeframe
    features: tuple[Feature, ...]
    is_over: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One closed bar, of one column, and what each indicator's outputs said of it, in order."""

    bar: BarRow
    values: tuple[tuple[float, ...], ...]

    @property
    def ends_at(self) -> datetime:
        """Return when the bar closed."""
        return datetime.fromtimestamp(self.bar.start + self.bar.timeframe.seconds, IST)


def readings_of(
    asked: Asked, tape: KeptTape, config: Config, warmup: Path | None
) -> tuple[Reading, ...]:
    """Return the bars of a tape's session that have closed, oldest first, to the column's close.

    `warmup`: the folder of bars before the day, None where there is none. Raises `NotInUniverse`
    for an instrument that the day has no column for, and as the tape's reader does.
    """
    setup = setup_of(config, tape.head, "", banned=frozenset())
    column = setup.universe.column_of(asked.key)
    board = FeatureBoard(asked.features, 1)
    if warmup is not None and column < setup.universe.studied:
        for grid in history_on((asked.timeframe,), setup, warmup).values():
            board.warm(_column_of(grid, column))
    ends_s = int(setup.closes[column].timestamp())
    rows = (row for row in _rows(asked, tape, config, setup) if row.start < ends_s)
    return tuple(_read(board, _in_column(row, column)) for row in rows)


def _rows(asked: Asked, tape: KeptTape, config: Config, setup: EngineSetup) -> Iterator[BarRow]:
    """Tell the bars as they close: each before the frame of the same moment is heard."""
    panel = panel_on([asked.timeframe], setup)
    screen = screen_of(setup, config, tape.head)
    for frame in tape.frames():
        yield from panel.close_bars(int(frame.at.timestamp()))
        panel.apply(screen.screen(frame.ticks, microseconds(frame.at))[0])
    if asked.is_over:
        yield from panel.close_bars(int(setup.closes_at.timestamp()))


def _read(board: FeatureBoard, bar: BarRow) -> Reading:
    said = board.step(bar)
    values = (tuple(float(out[0]) for out in said[each].values()) for each in board.features)
    return Reading(bar, tuple(values))


def _in_column(row: BarRow, column: int) -> BarRow:
    names = [field.name for field in fields(row) if field.name not in _TIMES]
    return replace(row, **{name: getattr(row, name)[column : column + 1] for name in names})


def _column_of(grid: BarGrid, column: int) -> BarGrid:
    names = [field.name for field in fields(grid) if field.name not in _TIMES]
    return replace(grid, **{name: getattr(grid, name)[:, column : column + 1] for name in names})
