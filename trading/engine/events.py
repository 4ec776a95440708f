"""Everything that can come in through the engine's one door; what goes out is in `actions.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from execution.orders import OrderUpdate

if TYPE_CHECKING:
    from marketdata.ticks import Ticks


@dataclass(frozen=True, slots=True)
class MarketStep:
    """New prices: frame number `frame` of the day's tape, screened, as of `at`."""

    at: datetime
    frame: int
    ticks: Ticks


@dataclass(frozen=True, slots=True)
class BrokerSaid:
    """News of one order: an answer to a call, a message, or what reconciliation found."""

    at: datetime
    update: OrderUpdate


@dataclass(frozen=True, slots=True)
class ChangeRefused:
    """A modification or cancellation did not happen; `proven` is false where that is unknown."""

    at: datetime
    client_id: str
    reason: str
    proven: bool


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A moment of the timeline has come; `key` says which (`bar`, `stage:…`, `entry:…`)."""

    at: datetime
    key: str


class CommandKind(StrEnum):
    """What an operator can ask for."""

    PAUSE = "PAUSE"
    RESUME = "RESUME"
    FLATTEN = "FLATTEN"
    CLOSE_POSITION = "CLOSE_POSITION"
    UNLOCK = "UNLOCK"


@dataclass(frozen=True, slots=True)
class CommandIssued:
    """An operator's wish; `command_id` is the row it was read from, `subject` a position id."""

    at: datetime
    command_id: int
    kind: CommandKind
    by: str
    reason: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class DataFault:
    """Ticks the screen refused since the last report, by reason; `symbol` names the instrument."""

    at: datetime
    symbol: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class ConditionChanged:
    """Something outside turned good or bad; while bad, `name` blocks entries, never exits."""

    at: datetime
    name: str
    good: bool
    detail: str = ""


Event = (
    MarketStep
    | BrokerSaid
    | ChangeRefused
    | TimerFired
    | CommandIssued
    | DataFault
    | ConditionChanged
)
