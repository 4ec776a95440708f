"""How events and actions are written into a journal and read back from one.

The file itself is `trading.journal`'s; which records exist is said by `events.py` and `actions.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from trading.engine import actions as out
from trading.engine.events import (
    BandsTold,
    BrokerSaid,
    ChangeRefused,
    CommandIssued,
    ConditionChanged,
    DataFault,
    Event,
    ForeignSeen,
    MarginTold,
    MarketStep,
    StrategyOverran,
    TimerFired,
    TwinFound,
)

_EVENTS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        BandsTold,
        BrokerSaid,
        ChangeRefused,
        CommandIssued,
        ConditionChanged,
        DataFault,
        ForeignSeen,
        MarginTold,
        StrategyOverran,
        TimerFired,
        TwinFound,
    )
}
_encode = msgspec.json.Encoder(decimal_format="string").encode
_decode = msgspec.json.Decoder().decode


class FrameTaken(msgspec.Struct, frozen=True, gc=False):
    """What is written down of a frame of the tape: when it came, and its number."""

    at: datetime
    frame: int


def told(thing: Event | out.Action) -> object:
    """Return what is written down of an event or action, a value that is encoded as it stands.

    A market step is told by its frame's number on the tape.
    """
    return FrameTaken(thing.at, thing.frame) if isinstance(thing, MarketStep) else thing


def body_of(thing: Event | out.Action) -> msgspec.Raw:
    """Return the body of a record as it stands in a journal."""
    return msgspec.Raw(_encode(told(thing)))


def plain(body: msgspec.Raw) -> Any:
    """Return a body as it reads back from a journal: texts, numbers, lists and mappings."""
    return _decode(body)


def event_of(kind: str, body: dict[str, Any]) -> Event:
    """Return the event of a record. Raises `ValueError` for a kind that is not self-contained."""
    if kind not in _EVENTS:
        raise ValueError(f"kind: {kind!r}, expected one of {', '.join(sorted(_EVENTS))}")
    return msgspec.convert(body, _EVENTS[kind], strict=False)
