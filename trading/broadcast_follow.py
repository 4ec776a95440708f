"""A run's journal followed record by record, with the prices its steps name.

Reading on is all that happens here; when and to whom the state is told is decided in
`broadcast.py`.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from marketdata.feed import KeptTape
from trading.bootstrap_tapes import grown
from trading.broadcast_run import facts_of, tape_of
from trading.broadcast_state import DeskState
from trading.broadcast_wire import Wire
from trading.journal import Record, read_records
from trading.metrics import DeskMetrics
from trading.models import Run

RECORDS_AT_ONCE = 5_000


class Follower:
    """The state, the figures and the messages of one run, as far as its journal was read.

    `seq`: the number of the last record read. What was there before the present end was first
    reached is history: it makes the state, but no messages.
    """

    def __init__(self, run: Run) -> None:
        self._path = Path(run.journal_path)
        self._tape: KeptTape | None = tape_of(run)
        self.state = DeskState(facts_of(run, self._tape))
        self.metrics = DeskMetrics()
        self.wire = Wire(run.account.code, run.code)
        self.seq = self._offset = 0
        self.has_caught_up = False

    def read(self) -> bool:
        """Fold what the journal has more, `RECORDS_AT_ONCE` at most; say whether more may be left.

        Raises `JournalCorruptError`, `TapeCorruptError`.
        """
        count = 0
        if self._path.exists():
            for record in islice(read_records(self._path, self._offset, self.seq), RECORDS_AT_ONCE):
                self._take(record)
                self.seq, self._offset = record.seq, record.end
                count += 1
        self.has_caught_up = self.has_caught_up or count < RECORDS_AT_ONCE
        return count == RECORDS_AT_ONCE

    def _take(self, record: Record) -> None:
        if record.kind == "MarketStep":
            self._price(record.body["frame"])
        self.state.take(record)
        self.metrics.take(record)
        if self.has_caught_up:
            self.wire.take(record)

    def _price(self, index: int) -> None:
        """Take the frame's prices; a tape that is still being written is looked at again."""
        if self._tape is not None and index >= len(self._tape):
            self._tape = grown(self._tape)
        if self._tape is not None and index < len(self._tape):
            self.state.prices(self._tape.frame(index))
