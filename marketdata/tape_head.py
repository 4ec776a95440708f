"""What stands at the head of a tape: whose day it is, its instruments and what in it was modelled.

The frames behind the head and the file they stand in are in `tape.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import msgspec

from marketdata.calendar import IST
from marketdata.instruments import Instrument


@dataclass(frozen=True, slots=True)
class TapeHead:
    """One day told before its first frame.

    `source`: where the prices come from; `made_by`: what wrote the tape. `previous_close`: token
    and last price of the session before, in rupees. `session_open`, `session_close`: aware, the
    first and last moment at which any of the instruments trades continuously. `notes`: one remark
    for each thing that was modelled, left out or is known to be wrong.
    """

    date: date
    source: str
    made_by: str
    instruments: tuple[Instrument, ...]
    previous_close: tuple[tuple[int, float], ...]
    session_open: datetime
    session_close: datetime
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.session_open.tzinfo is None or self.session_close.tzinfo is None:
            raise ValueError("session_open, session_close: expected aware datetimes")
        if self.session_open >= self.session_close:
            raise ValueError(f"session_close: {self.session_close} is not after the open")
        tokens = [instrument.token for instrument in self.instruments]
        if len(set(tokens)) != len(tokens):
            raise ValueError("instruments: a token appears twice")


def head_to_json(head: TapeHead) -> bytes:
    """Return the head as JSON; decimals and dates are told as text."""
    return msgspec.json.encode(head)


def head_from_json(text: bytes) -> TapeHead:
    """Return the head told by `text`, times in IST. Raises `ValueError` naming a bad field."""
    head = msgspec.json.decode(text, type=TapeHead)
    return replace(
        head,
        session_open=head.session_open.astimezone(IST),
        session_close=head.session_close.astimezone(IST),
    )
