"""Entries that follow the touch: at the best price first, then up to the price that was judged.

How much a chase may cost is the gate's, which judged its last price; legs of several follow by
`combination_entry.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from execution.orders import OrderChange
from marketdata.instruments import PriceDirection
from strategies.direction import Direction
from trading.engine.actions import SetTimer
from trading.engine.protection import Tools
from trading.engine.quotes import quote_of
from trading.engine.settings import EntryStyle
from trading.engine.trades import Trade

CHASE = "chase"
"""Kind of the timers that come back to an entry that follows the touch; the subject is its plan."""
_EVERY = timedelta(seconds=1)


class EntryChase:
    """Prices the entries of plans of one leg where they are to follow the touch."""

    def __init__(self, tools: Tools) -> None:
        self._outbox = tools.outbox
        self._orders = tools.orders
        self._dispatch = tools.dispatch
        self._panel = tools.panel
        self._settings = tools.settings
        self._until: dict[str, datetime] = {}

    def price(self, trade: Trade) -> Decimal | None:
        """Return where an entry goes now: the touch, no dearer than judged; None: as judged."""
        if self._settings.entry_style is not EntryStyle.CHASE:
            return None
        touch = quote_of(self._panel, trade.column).executable(trade.direction)
        if not touch > 0:
            return None
        is_long = trade.direction is Direction.LONG
        way = PriceDirection.UP if is_long else PriceDirection.DOWN
        wanted = trade.instrument.on_grid(round(touch, 6), way)
        judged = trade.expected_entry
        return min(wanted, judged) if is_long else max(wanted, judged)

    def begin(self, at: datetime, trade: Trade) -> None:
        """Come back to an entry that was just sent, where it is to follow."""
        if self._settings.entry_style is EntryStyle.CHASE:
            due = at + timedelta(seconds=self._settings.entry_chase_seconds)
            self._until[trade.plan_id] = due
            self._come_back(at, trade)

    def _come_back(self, at: datetime, trade: Trade) -> None:
        due = min(at + _EVERY, self._until[trade.plan_id])
        self._outbox.emit(SetTimer(at, due, f"{CHASE}:{trade.plan_id}"))

    def go_on(self, at: datetime, trade: Trade) -> bool:
        """Follow the touch with what still works; say whether its time is up.

        An order is changed towards the market only, at most `entry_chase_changes` times, and only
        once the broker has answered the change before.
        """
        working = self._orders.working(trade.entries)
        if not working:
            return False
        if at >= self._until[trade.plan_id]:
            return True
        wanted = self.price(trade)
        for client_id in working:
            resting = self._orders.wanted(client_id).price
            if wanted is None or resting is None or not self._orders.is_free(client_id):
                continue
            is_nearer = (wanted - resting) * int(trade.direction) > 0
            done = self._orders[client_id].modifications
            if is_nearer and done < self._settings.entry_chase_changes:
                self._dispatch.change(at, client_id, OrderChange(price=wanted))
        self._come_back(at, trade)
        return False
