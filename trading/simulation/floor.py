"""The broker and the exchange behind it, which go on whatever becomes of the desk.

How calls get here and answers back is `line.py`; what must hold of it all is `watch.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import NamedTuple

import numpy as np

from execution.broker import Refused
from execution.exchange import Exchange, ExchangeSettings
from execution.orders import Fill, OrderChange, OrderRequest, OrderState, OrderUpdate
from marketdata.ticks import Ticks
from trading.simulation.market import CLOSES, OPENS, OPTIONS, STAND
from trading.simulation.story import Story
from trading.simulation.troubles import Kind, Occasions
from trading.simulation.virtual_time import VirtualClock

Listener = Callable[[OrderUpdate], None]


@dataclass(slots=True)
class Row:
    """One order as the broker has it; `key` is its name at the exchange, `tag` our client id.

    `word`: what the broker says of it now; `bare`: the same without its fills.
    """

    key: str
    tag: str
    broker_id: str
    request: OrderRequest
    word: OrderUpdate
    is_there: bool = False
    bare: OrderUpdate = field(init=False)

    def __post_init__(self) -> None:
        self.say(self.word)

    def say(self, word: OrderUpdate) -> None:
        """Take over what the broker says of it now."""
        self.word, self.bare = word, replace(word, fills=()) if word.fills else word

    @property
    def left(self) -> int:
        """Return the units that may still fill."""
        if self.word.state.is_final:
            return 0
        return self.request.quantity - self.word.filled_quantity


@dataclass(slots=True)
class Surface:
    """What everybody on a day shares: clock, story, troubles and what struck of them, chance."""

    clock: VirtualClock
    story: Story
    occasions: Occasions
    chance: Random
    strikes: list[tuple[float, Kind]] = field(default_factory=list)

    def strike(self, kind: Kind) -> float | None:
        """Say whether a trouble strikes here, and for how many seconds; it enters the story."""
        trouble = self.occasions.strike(kind, self.clock.gone())
        if trouble is None:
            return None
        self.strikes.append((self.clock.gone(), kind))
        self.story.tell(f"!! {kind}")
        return trouble.seconds


class Shown(NamedTuple):
    """A line of the book of orders: what it says with and without fills, and what rests of it."""

    word: OrderUpdate
    bare: OrderUpdate
    request: OrderRequest


class _Summed(NamedTuple):
    """The book as of a version: its orders and trades, and the signed units by instrument key."""

    version: int
    orders: tuple[Shown, ...]
    trades: tuple[Fill, ...]
    net: Mapping[str, int]


@dataclass(slots=True)
class Floor:
    """Takes orders, keeps them and tells of them; `version` rises with everything that changes."""

    surface: Surface
    listener: Listener
    rows: dict[str, Row] = field(default_factory=dict)
    halted: set[int] = field(default_factory=set)
    version: int = 0
    _hidden: set[str] = field(default_factory=set)
    _lost: int = 0
    _by_key: dict[str, Row] = field(default_factory=dict)
    _summed: _Summed = field(default_factory=lambda: _Summed(-1, (), (), {}))
    _exchange: Exchange = field(init=False)

    def __post_init__(self) -> None:
        keys = ("NFO:NIFTY26OCTFUT", "NSE:RELIANCE", "NSE:TCS", *(o.key for o in OPTIONS))
        self._exchange = Exchange(ExchangeSettings(), dict.fromkeys(keys, (OPENS, CLOSES)))

    # what is asked of it ----------------------------------------------------------------------

    def place(self, request: OrderRequest) -> OrderUpdate:
        """Make an order of a request. Raises `Refused`."""
        if self.surface.strike(Kind.REFUSE) is not None:
            raise Refused("Insufficient funds.")
        if self.surface.strike(Kind.TWIN) is not None:
            self._made(request, f"{request.client_id}T")
        unlisted = self.surface.strike(Kind.UNLISTED)
        if unlisted is not None and self.surface.chance.random() < 0.5:
            self._lost += 1
            return OrderUpdate(
                request.client_id, f"L{self._lost:06d}", self.surface.clock.now(), OrderState.OPEN
            )
        row = self._made(request, request.client_id)
        if unlisted is not None:
            self._hide(row, unlisted)
        return row.word

    def _hide(self, row: Row, seconds: float) -> None:
        """Let the list of orders lack one that works; whoever asks for it by itself is told."""
        self._list(row.broker_id, is_hidden=True)
        self._later(seconds, lambda: self._list(row.broker_id, is_hidden=False))

    def _list(self, broker_id: str, *, is_hidden: bool) -> None:
        (self._hidden.add if is_hidden else self._hidden.discard)(broker_id)
        self.version += 1

    @property
    def is_hiding(self) -> bool:
        """Say whether the list of orders lacks one that works, so that it proves no absence."""
        return bool(self._hidden)

    def modify(self, broker_id: str, change: OrderChange) -> OrderUpdate:
        """Change an order that rests. Raises `Refused`."""
        row = self._row(broker_id)
        if not row.is_there:
            raise Refused("The order is still on its way to the exchange.")
        update = self._exchange.modify(row.key, change, self.surface.clock.now())
        self._told(update)
        return row.word

    def cancel(self, broker_id: str) -> OrderUpdate:
        """Begin to cancel an order; until it is done the order may fill. Raises `Refused`."""
        row = self._row(broker_id)
        if row.word.state.is_final:
            raise Refused(f"Order {broker_id} cannot be cancelled, it is {row.word.state}.")
        seconds = self.surface.strike(Kind.LATE_CANCEL)
        delay = self.surface.chance.uniform(0.01, 0.1) if seconds is None else seconds
        self._later(delay, lambda: self._cancel(row, "cancelled by user"))
        return row.word

    def _made(self, request: OrderRequest, key: str) -> Row:
        now, broker_id = self.surface.clock.now(), f"B{len(self.rows) + 1:06d}"
        if key in self._by_key:
            key += str(len(self.rows))
        word = OrderUpdate(request.client_id, broker_id, now, OrderState.OPEN)
        row = Row(key, request.client_id, broker_id, request, word)
        self.rows[broker_id] = self._by_key[key] = row
        self.version += 1
        if self.surface.strike(Kind.REJECT) is not None:
            self._later(0.02, lambda: self._end(row, OrderState.REJECTED, "rejected by RMS"))
            return row
        stuck = self.surface.strike(Kind.STUCK)
        if stuck is None:
            self._arrive(row)
        else:
            self._later(stuck, lambda: self._arrive(row))
        return row

    def _arrive(self, row: Row) -> None:
        if row.word.state.is_final:
            return
        request = replace(row.request, client_id=row.key)
        try:
            update = self._exchange.place(request, self.surface.clock.now())
        except Refused as error:
            self._end(row, OrderState.REJECTED, str(error))
            return
        row.is_there = True
        self._told(update)

    def _cancel(self, row: Row, reason: str) -> None:
        if row.word.state.is_final:
            return
        if not row.is_there:
            self._end(row, OrderState.CANCELLED, reason)
            return
        update = self._exchange.cancel(row.key, self.surface.clock.now())
        self._told(replace(update, reason=reason))

    def _row(self, broker_id: str) -> Row:
        if broker_id not in self.rows:
            raise Refused(f"Couldn't find the order {broker_id}.")
        return self.rows[broker_id]

    # what happens by itself -------------------------------------------------------------------

    def observe(self, ticks: Ticks) -> None:
        """Match what rests against a step of the market; what is halted doesn't trade."""
        trading = ticks[~np.isin(ticks["token"], list(self.halted))] if self.halted else ticks
        for update in self._exchange.on_ticks(trading, self.surface.clock.now()):
            self._told(update)

    def close(self) -> None:
        """Cancel everything that still rests at the close."""
        for update in self._exchange.close_session(CLOSES):
            self._told(update)

    def drop(self, pick: int) -> None:
        """Let the exchange cancel one of the orders that rest."""
        alive = [row for row in self.rows.values() if row.left and row.is_there]
        if alive:
            row = alive[pick % len(alive)]
            self.surface.story.tell(f"!! the exchange cancels {row.tag}")
            self._cancel(row, "cancelled by the exchange")

    def halt(self, pick: int, *, on: bool) -> None:
        """Let one instrument trade no more, or again."""
        tokens = list(STAND)[1:]
        (self.halted.add if on else self.halted.discard)(tokens[pick % len(tokens)])

    def _end(self, row: Row, state: OrderState, reason: str) -> None:
        now = self.surface.clock.now()
        self._say(row, replace(row.word, at=now, state=state, reason=reason))

    def _told(self, update: OrderUpdate) -> None:
        """Take over what the exchange says of an order, under the broker's names."""
        row = self._by_key[update.client_id]
        if update.request is not None:
            row.request = replace(update.request, client_id=row.tag)
        tag, broker_id = row.tag, row.broker_id
        fills = tuple(replace(fill, client_id=tag, broker_id=broker_id) for fill in update.fills)
        self._say(
            row, replace(update, client_id=tag, broker_id=broker_id, fills=fills, request=None)
        )

    def _say(self, row: Row, word: OrderUpdate) -> None:
        row.say(word)
        self.version += 1
        done = f" {word.filled_quantity}/{row.request.quantity}" if word.filled_quantity else ""
        self.surface.story.tell(f"   {row.tag} {row.broker_id} {word.state}{done} {word.reason}")
        self.listener(word)

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, what)

    # what it knows ----------------------------------------------------------------------------

    def orders(self) -> tuple[Shown, ...]:
        """Return the book of orders, the same value for as long as nothing of it changes."""
        return self._sum().orders

    def word_of(self, broker_id: str) -> OrderUpdate:
        """Return the last word on an order, listed or not. Raises `Refused`."""
        return self._row(broker_id).word

    def trades(self) -> tuple[Fill, ...]:
        """Return every trade."""
        return self._sum().trades

    def net(self) -> Mapping[str, int]:
        """Return the signed units held by instrument key."""
        return self._sum().net

    def _sum(self) -> _Summed:
        if self._summed.version != self.version:
            rows = tuple(self.rows.values())
            listed = [row for row in rows if row.broker_id not in self._hidden]
            self._summed = _summed(self.version, rows, listed)
        return self._summed


def _summed(version: int, rows: Sequence[Row], listed: Sequence[Row]) -> _Summed:
    trades = tuple(fill for row in rows for fill in row.word.fills)
    held: dict[str, int] = {}
    for fill in trades:
        key = fill.instrument.key
        held[key] = held.get(key, 0) + fill.side.sign * fill.quantity
    orders = tuple(Shown(row.word, row.bare, row.request) for row in listed)
    return _Summed(version, orders, trades, held)
