"""Which candles are still to be fetched, in spans that one answer may hold, and what has been.

Fetching and judging them is `history_download.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec

from marketdata.facts import dated_table
from marketdata.history import HistoryError
from marketdata.sources import Interval
from marketdata.tables import DATA, read_toml

_FILE = "fetched.json"

Span = tuple[date, date]
"""First and last day, both included."""


def most_days(interval: Interval, on: date) -> int:
    """Return how many days one answer may span. Raises `FactMissing` before the dated table."""
    rows = read_toml(DATA / "kite_history.toml").rows("span")
    return dated_table(rows, "interval", lambda row: row.whole("days"))[interval].at(on)


def missing_spans(sessions: Sequence[date], done: Iterable[date], most: int) -> tuple[Span, ...]:
    """Return the spans that hold every session not done, oldest first, each of at most `most` days.

    A span never reaches over a session that is done. `sessions`: oldest first.
    """
    known = frozenset(done)
    spans: list[Span] = []
    is_joined = False
    for day in sessions:
        if day in known:
            is_joined = False
        elif is_joined and (day - spans[-1][0]).days < most:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
            is_joined = True
    return tuple(spans)


@dataclass(slots=True)
class Fetched:
    """What a folder of bars has been asked for and given, whether or not there were bars.

    `interval`: of all bars in the folder. `days`: by symbol, as date ordinals.
    """

    interval: Interval
    days: dict[str, set[int]] = field(default_factory=dict)

    def done(self, symbol: str) -> frozenset[date]:
        """Return the sessions of a symbol that need not be asked for again."""
        return frozenset(map(date.fromordinal, self.days.get(symbol, ())))

    def note(self, symbol: str, sessions: Iterable[date]) -> None:
        """Take note that the answers for these sessions are in the symbol's file."""
        self.days.setdefault(symbol, set()).update(day.toordinal() for day in sessions)

    def write(self, folder: Path) -> None:
        """Write the notes whole, or leave those that are there."""
        told = {symbol: sorted(days) for symbol, days in sorted(self.days.items())}
        draft = folder / f"{_FILE}.draft"
        draft.write_bytes(msgspec.json.encode({"interval": self.interval, "days": told}))
        draft.replace(folder / _FILE)


def read_fetched(folder: Path, interval: Interval) -> Fetched:
    """Return a folder's notes, none for a new one. Raises `HistoryError` for another interval."""
    path = folder / _FILE
    if not path.exists():
        return Fetched(interval)
    try:
        told = msgspec.json.decode(path.read_bytes(), type=_Told)
    except msgspec.MsgspecError as error:
        raise HistoryError(path, "file", f"the notes of a download ({error})") from error
    if told.interval is not interval:
        raise HistoryError(path, "interval", f"{interval}, the folder holds {told.interval}")
    return Fetched(interval, {symbol: set(days) for symbol, days in told.days.items()})


class _Told(msgspec.Struct):
    interval: Interval
    days: Mapping[str, tuple[int, ...]]
