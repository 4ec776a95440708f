"""Death between two effects: the places at which a desk can die, and the journal it leaves.

What is done after a death is told by `day.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trading.journal import JournalFile, Record
from trading.simulation.troubles import Trouble

_PLACES = 25


class Died(BaseException):
    """The process is no more; nothing catches this but the day around it."""


class Mortality:
    """Counts effects of the desk and says after which of them it dies."""

    def __init__(self) -> None:
        self._left: int | None = None
        self.cause: Trouble | None = None

    def doom(self, trouble: Trouble) -> None:
        """Let the desk die within the next effects, at the one that the trouble picks."""
        if self._left is None:
            self._left, self.cause = trouble.pick % _PLACES, trouble

    def renew(self) -> None:
        """Begin another life."""
        self._left, self.cause = None, None

    def strikes(self) -> bool:
        """Say whether the desk dies at this effect."""
        if self._left is None:
            return False
        self._left -= 1
        return self._left == -1

    def point(self) -> None:
        """Raise `Died` where the desk dies at this effect."""
        if self.strikes():
            raise Died


class MortalJournal:
    """The real journal file, with a death before and after each of its effects.

    `intents` are the client ids whose placing is flushed; `durable` is the size that a machine
    without power still has.
    """

    def __init__(self, path: Path, mortality: Mortality) -> None:
        self._inner = JournalFile(path)
        self._path, self._mortality = path, mortality
        self._coming: list[str] = []
        self.intents = {
            str(record.body["request"]["client_id"])
            for record in self._inner.recovered
            if record.kind == "PlaceOrder"
        }
        self.durable = path.stat().st_size

    @property
    def recovered(self) -> Sequence[Record]:
        """Return the records that stand in it from a life before."""
        return self._inner.recovered

    @property
    def seq(self) -> int:
        """Return the number of the last record."""
        return self._inner.seq

    def intend(self, client_id: str) -> None:
        """Take note that an order is about to be written down."""
        self._coming.append(client_id)

    def append(self, kind: str, body: object, *, incoming: bool) -> int:
        """Add a record to the batch and return its number."""
        return self._inner.append(kind, body, incoming=incoming)

    def write(self, before: int | None = None) -> None:
        """Hand the batch to the system."""
        self._inner.write(before)

    def flush(self) -> None:
        """Write the batch and have it on the disk."""
        self._mortality.point()
        self._inner.write()
        self._mortality.point()
        self._inner.flush()
        self.durable = self._path.stat().st_size
        self.intents.update(self._coming)
        self._coming.clear()
        self._mortality.point()

    def let_go(self) -> None:
        """Close the file as a process that has died does; what it left was read before."""
        self._inner.close()
