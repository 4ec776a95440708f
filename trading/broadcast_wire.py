"""What goes out on the Redis pub/sub channels: versioned JSON, gathered between two editions.

Messages are told at most once and nobody may depend on them; the caches hold the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trading.broadcast_keys import CHANNELS, VERSION
from trading.broadcast_state import DeskState
from trading.journal import Record

_NOUNS = {
    "SignalNoted": "signals",
    "DecisionNoted": "decisions",
    "OrderNoted": "orders",
    "FillNoted": "orders",
    "PositionNoted": "positions",
    "RiskNoted": "risk",
    "EquityNoted": "risk",
    "AlertNoted": "events",
    "StateNoted": "events",
    "CommandDone": "events",
}
"""The channel of each kind of note; `ticks` and `bars` come from the prices."""

_BARS_AN_EDITION = 60
"""Older bars that were never told are left to the cache."""

Message = dict[str, Any]


class Wire:
    """Gathers what happened to one run since the last edition."""

    def __init__(self, account: str, run: str) -> None:
        self._account, self._run = account, run
        self._items: dict[str, list[Message]] = {noun: [] for noun in CHANNELS}
        self._bars_until: dict[str, float] = {}

    def take(self, record: Record) -> None:
        """Take one note in; kinds that no channel tells are left out."""
        noun = _NOUNS.get(record.kind)
        if noun is not None:
            self._items[noun].append({"seq": record.seq, "kind": record.kind, **_plain(record)})

    def drain(self, state: DeskState) -> dict[str, Message]:
        """Return a message for each channel that has something to tell, and begin anew."""
        market = state.market
        held = state.charted
        for key in sorted(key for key in market.touched if market.is_shown(key, held)):
            self._items["ticks"].append({"instrument": key, "last": market.last(key)})
            self._items["bars"] += self._closed(key, market.bars(key))
        told = {
            noun: {
                "version": VERSION,
                "account": self._account,
                "run": self._run,
                "at": state.at,
                "items": items,
            }
            for noun, items in self._items.items()
            if items
        }
        self._items = {noun: [] for noun in CHANNELS}
        return told

    def _closed(self, key: str, bars: list[list[float]]) -> list[Message]:
        """Return the bars that have ended since the last call; the last one may still form."""
        until = self._bars_until.get(key, 0.0)
        ended = [bar for bar in bars[-_BARS_AN_EDITION:-1] if bar[0] > until]
        if ended:
            self._bars_until[key] = ended[-1][0]
        return [{"instrument": key, "minutes": 1, "bar": bar} for bar in ended]


def _plain(record: Record) -> Mapping[str, Any]:
    """Return a note's own fields; its kind of remark is called `name` beside the record's kind."""
    body = dict(record.body)
    if "kind" in body:
        body["name"] = body.pop("kind")
    return body
