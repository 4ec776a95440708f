"""The recorder: turns the journal of one run into rows, each record exactly once.

What a record becomes is told by `mapping.py` and `recorder_batch.py`; live pages are fed elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from trading.journal import Record, read_records
from trading.mapping import instrument_keys
from trading.mapping_scope import Scope, namespace_of
from trading.models import Instrument, RecorderPosition, Run
from trading.recorder_batch import Batch

BATCH_RECORDS = 5_000


class Recorder:
    """Projects one run's journal. The position moves in the transaction that writes the rows.

    Killed anywhere, it goes on behind the last whole batch; two of them take turns on the
    position's row lock, and the second finds nothing left to do.
    """

    def __init__(self, run: Run, *, batch_records: int = BATCH_RECORDS) -> None:
        self._run = run
        self._batch_records = batch_records
        self._instruments: dict[str, int] = {}
        self._namespace = namespace_of(run.code)
        self.seq = 0
        """Number of the last record known to be rows."""
        self.fencing_token = 0
        """The lease that record was written under."""

    def catch_up(self) -> int:
        """Project every whole record behind the position and return how many there were.

        A journal that doesn't exist yet has none. Raises `JournalCorruptError`, as one of an
        earlier lease is (`StaleLeaseError`),
        `UnknownRecordError`, `UnknownInstrumentError`; what was projected before stays.
        """
        total = 0
        while count := self.project_batch():
            total += count
        return total

    def project_batch(self) -> int:
        """Project at most one batch of records and return how many there were."""
        path = Path(self._run.journal_path)
        if not path.exists():
            return 0
        with transaction.atomic():
            position = self._position()
            behind = read_records(path, position.offset, position.seq, position.fencing_token)
            records = list(islice(behind, self._batch_records))
            if records:
                self._project(position, records)
        self.seq, self.fencing_token = position.seq, position.fencing_token
        return len(records)

    @property
    def ended(self) -> bool:
        """Say whether the run's last record has become rows."""
        return RecorderPosition.objects.filter(run=self._run, ended=True).exists()

    def project_records(self, records: Sequence[Record]) -> int:
        """Project records held in memory, for runs without a journal file; return how many.

        Records at or before the position are left out, so a repeat does nothing.
        """
        with transaction.atomic():
            position = self._position()
            new = [record for record in records if record.seq > position.seq]
            if new:
                self._project(position, new)
        return len(new)

    def _position(self) -> RecorderPosition:
        RecorderPosition.objects.get_or_create(
            run=self._run,
            defaults={"moved_at": timezone.now()},
        )
        return RecorderPosition.objects.select_for_update().get(run=self._run)

    def _project(self, position: RecorderPosition, records: Sequence[Record]) -> None:
        self._look_up_instruments(records)
        batch = Batch(self._scope(), max(position.fencing_token, self._fencing_token()))
        for record in records:
            batch.add(record)
        batch.write()
        position.seq, position.offset = records[-1].seq, records[-1].end
        position.fencing_token = batch.fencing_token
        position.ended = position.ended or batch.ended
        position.moved_at = timezone.now()
        position.save()

    def _fencing_token(self) -> int:
        """Return the run's present lease, for records that don't tell theirs."""
        return Run.objects.values_list("fencing_token", flat=True).get(pk=self._run.pk)

    def _scope(self) -> Scope:
        return Scope(
            run_id=self._run.pk,
            account_id=self._run.account_id,
            config_version_id=self._run.config_version_id,
            namespace=self._namespace,
            instruments=self._instruments,
        )

    def _look_up_instruments(self, records: Sequence[Record]) -> None:
        named = {key for record in records for key in instrument_keys(record.kind, record.body)}
        missing = named - self._instruments.keys() - {""}
        if not missing:
            return
        wanted = Q()
        for exchange, _, symbol in (key.partition(":") for key in missing):
            wanted |= Q(exchange=exchange, symbol=symbol)
        rows = Instrument.objects.filter(wanted, day=self._run.date)
        self._instruments.update({row.key: row.pk for row in rows})
