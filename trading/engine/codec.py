"""How events and actions are written into a journal and read back from one.

The file itself is `trading.journal`'s; which records exist is said by `events.py` and `actions.py`.
"""

from __future__ import annotations

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
        StrategyOverran,
        TimerFired,
        TwinFound,
    )
}
_encode = msgspec.json.Encoder(decimal_format="string").encode
_decode = msgspec.json.Decoder().decode


def body_of(thing: Event | out.Action) -> msgspec.Raw:
    """Return the body of a record; a market step is told by its frame's number on the tape."""
    if isinstance(thing, MarketStep):
        return msgspec.Raw(_encode({"at": thing.at, "frame": thing.frame}))
    return msgspec.Raw(_encode(thing))


def plain(body: msgspec.Raw) -> Any:
    """Return a body as it reads back from a journal: texts, numbers, lists and mappings."""
    return _decode(body)


def event_of(kind: str, body: dict[str, Any]) -> Event:
    """Return the event of a record. Raises `ValueError` for a kind that is not self-contained."""
    if kind not in _EVENTS:
        raise ValueError(f"kind: {kind!r}, expected one of {', '.join(sorted(_EVENTS))}")
    return msgspec.convert(body, _EVENTS[kind], strict=False)
