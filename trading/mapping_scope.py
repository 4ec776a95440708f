"""What all rows of one run share: its keys, the ids its codes stand for, its instruments' rows.

Which columns a record becomes is told by `mapping.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

_RUNS = uuid.UUID("6f1c8a52-7b53-4f0e-9a53-0d5c2a3f7e11")


class UnknownInstrumentError(Exception):
    """A journal names an instrument that has no row for the run's day."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What every row of one run shares.

    `namespace`: from `namespace_of`; makes ids that are the same however often a journal is
    projected. `instruments`: row id by key, for the run's day.
    """

    run_id: int
    account_id: int
    config_version_id: int
    namespace: uuid.UUID
    instruments: Mapping[str, int]

    def row_id(self, noun: str, code: str) -> uuid.UUID:
        """Return the id of the row a code of this run stands for."""
        return uuid.uuid5(self.namespace, f"{noun}/{code}")

    def optional_id(self, noun: str, code: str) -> uuid.UUID | None:
        """Return the id of the row, or None for an empty code."""
        return self.row_id(noun, code) if code else None

    def instrument(self, key: str) -> int:
        """Return the row id of an instrument. Raises `UnknownInstrumentError`."""
        try:
            return self.instruments[key]
        except KeyError:
            raise UnknownInstrumentError(
                f"{key}: no row on the run's day; sync the run's instruments before recording"
            ) from None


def namespace_of(run_code: str) -> uuid.UUID:
    """Return the namespace in which the row ids of one run are made."""
    return uuid.uuid5(_RUNS, run_code)
