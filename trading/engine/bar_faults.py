"""What is wrong with the bars of a minute that has closed, named for the operator.

Ticks that are refused before they come to any bar are told by `fault_tally.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from marketdata.bars import BarRow
from marketdata.panel import Panel
from marketdata.timeframes import Timeframe
from trading.engine.outbox import Outbox
from trading.engine.settings import EngineSetup


class BarFaults:
    """Names minutes in which a contract wasn't heard of, and ticks that came behind their bar."""

    def __init__(self, setup: EngineSetup, panel: Panel, outbox: Outbox) -> None:
        self._setup = setup
        self._panel = panel
        self._outbox = outbox
        self._late_told = 0

    def name(self, at: datetime, rows: Sequence[BarRow]) -> None:
        """Note what is wrong with the minutes among `rows`.

        A contract counts as missing that has traded today and was not heard of for a whole minute.
        """
        minutes = [row for row in rows if row.timeframe is Timeframe.MINUTE]
        for row in minutes:
            for column in np.flatnonzero(row.gap & ~np.isnan(row.close)):
                stages = self._setup.stages[column]
                if stages is not None and at <= stages.flat_by:
                    symbol = self._setup.instrument(int(column)).symbol
                    self._outbox.risk(at, "data-fault", f"{symbol}: missing-minute x 1")
        if minutes:
            self._name_late(at)

    def _name_late(self, at: datetime) -> None:
        late = self._panel.late_ticks
        if late > self._late_told:
            count = late - self._late_told
            self._late_told = late
            self._outbox.risk(at, "data-fault", f"ticks behind their bar: late-tick x {count}")
