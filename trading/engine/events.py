"""Everything that can come in through the engine's one door; what goes out is in `actions.py`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from execution.broker import OrderLine
from execution.foreign import ForeignPosition
from execution.orders import OrderUpdate

if TYPE_CHECKING:
    from marketdata.ticks import Ticks

SESSION = "broker-session"
"""Condition that is bad while the broker wants a new login."""
BOOK = "broker-book"
"""Condition that is bad while the broker's book cannot be read or does not agree with ours; told
good again and again while it does."""
UNREAD = "not read yet"
"""What is wrong with the book of a desk that has just begun."""


class MarketStep(Struct, frozen=True, gc=False):
    """New prices: frame number `frame` of the day's tape, screened, as of `at`."""

    at: datetime
    frame: int
    ticks: Ticks


class BrokerSaid(Struct, frozen=True, gc=False):
    """News of one order: an answer to a call, a message, or what reconciliation found.

    `answers`: the number of the change that it is the answer to, 0 where it answers none.
    """

    at: datetime
    update: OrderUpdate
    answers: int = 0


class TwinFound(Struct, frozen=True, gc=False):
    """The broker made a second order of the request of `client_id`: what its book says of that one.

    `update` carries the client id of the first, and the trades of the second. `by_other`: it is
    no second order but somebody else's, by which the plan's position was reduced at the broker.
    """

    at: datetime
    client_id: str
    update: OrderUpdate
    by_other: bool = False


class ChangeRefused(Struct, frozen=True, gc=False):
    """A modification or cancellation did not happen; `proven` is false where that is unknown.

    `number`: of the change, 0 for a cancellation, or for all changes that were on their way.
    `later`: it was never sent, for want of a turn; the order can still be changed.
    """

    at: datetime
    client_id: str
    reason: str
    proven: bool
    number: int = 0
    later: bool = False


class TimerFired(Struct, frozen=True, gc=False):
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
    RELEASE_STRATEGY = "RELEASE_STRATEGY"


class CommandIssued(Struct, frozen=True, gc=False):
    """An operator's wish; `command_id` is the row it was read from.

    `subject`: a position's code, or the strategy to release, where the kind needs one; of FLATTEN
    and UNLOCK a kill scope (`strategy:NAME`, `underlying:NAME`), empty for the whole desk.
    """

    at: datetime
    command_id: int
    kind: CommandKind
    by: str
    reason: str
    subject: str = ""


class DataFault(Struct, frozen=True, gc=False):
    """Ticks the screen refused since the last report, by reason; `symbol` names the instrument."""

    at: datetime
    symbol: str
    reason: str
    count: int


class ConditionChanged(Struct, frozen=True, gc=False):
    """Something outside turned good or bad; while bad, `name` blocks entries, never exits."""

    at: datetime
    name: str
    good: bool
    detail: str = ""


class BandsTold(Struct, frozen=True, gc=False):
    """Lowest and highest price that orders may have, as the exchange told them at `told_at`.

    `bands`: key of the contract, lowest, highest in rupees; what is not in it stays as it was.
    """

    at: datetime
    source: str
    told_at: datetime
    bands: tuple[tuple[str, Decimal, Decimal], ...]


class StrategyOverran(Struct, frozen=True, gc=False):
    """A strategy has taken longer than it may, measured around the engine; it is put aside."""

    at: datetime
    strategy: str
    detail: str


class ForeignSeen(Struct, frozen=True, gc=False):
    """All that is not ours in the broker's account; empty where nothing of it is left."""

    at: datetime
    orders: tuple[OrderLine, ...]
    positions: tuple[ForeignPosition, ...]


class MarginTold(Struct, frozen=True, gc=False):
    """The broker's answer to `AskMargin(code)`: margin needed and margin free, in rupees.

    Both None where there is no answer; `reason` says why.
    """

    at: datetime
    code: str
    required_inr: Decimal | None
    free_inr: Decimal | None
    reason: str = ""


Event = (
    MarketStep
    | BrokerSaid
    | TwinFound
    | ChangeRefused
    | TimerFired
    | CommandIssued
    | DataFault
    | ConditionChanged
    | StrategyOverran
    | BandsTold
    | MarginTold
    | ForeignSeen
)
