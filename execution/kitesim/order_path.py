"""The way of an order from its receipt to its end, with the faults that can meet it there.

Who may send what is asked before (`books.py`); matching is the exchange's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from execution.broker import Refused
from execution.exchange import Exchange
from execution.kitesim.agenda import Agenda
from execution.kitesim.changes import order_change
from execution.kitesim.faults import FaultKind, Faults
from execution.kitesim.order_form import OrderForm
from execution.kitesim.order_row import FINAL, RESTING, OrderRow, Status
from execution.kitesim.refusals import Rejection
from execution.kitesim.settings import SimSettings
from execution.orders import Fill, OrderRequest, OrderState, OrderUpdate
from marketdata.ticks import Ticks

_SESSION_CLOSED = "session closed"


class Desk(Protocol):
    """What the way of an order needs of the broker around it."""

    def judge(self, row: OrderRow) -> Rejection | None:
        """Return what the risk checks find against an order, and block its money if nothing."""

    def judge_stop(self, row: OrderRow) -> Rejection | None:
        """Return what is found against a stop's limit in the moment it is triggered."""

    def tell(self, row: OrderRow, status: Status) -> None:
        """Send the news of an order."""

    def book(self, row: OrderRow, fill: Fill) -> None:
        """Take a trade into the portfolio."""

    def written(self, at: datetime) -> datetime:
        """Return the time the broker's clock shows at a moment."""

    def last(self, row: OrderRow) -> Decimal | None:
        """Return the last price of an order's instrument, None before the first."""


class OrderPath:
    """Moves orders along, at their moments, and keeps what is between broker and exchange."""

    def __init__(
        self, exchange: Exchange, settings: SimSettings, faults: Faults, desk: Desk
    ) -> None:
        self._exchange = exchange
        self._settings = settings
        self._faults = faults
        self._desk = desk
        self._agenda = Agenda()
        self._sent: dict[str, OrderRow] = {}
        self._outliving: list[tuple[datetime, OrderRow]] = []
        self._late_trades = 0

    def start(self, row: OrderRow, at: datetime, closes_at: datetime) -> None:
        """Receive an order; its instrument's session ends at `closes_at`."""
        self._move(row, Status.RECEIVED, at)
        self._note(row, at + self._settings.delays.received, self._validate)
        if row.form.ttl_minutes:
            ends_at = at + timedelta(minutes=row.form.ttl_minutes)
            self._note(row, ends_at, self._expire)
        self._note(row, closes_at, self._close)
        self._agenda.run(at)

    def change(self, row: OrderRow, form: OrderForm, at: datetime) -> None:
        """Modify a resting order; the exchange may still refuse it, then it rests as before."""
        self._move(row, Status.MODIFY_VALIDATION_PENDING, at)
        self._move(row, Status.MODIFY_PENDING, at)
        due = at + self._settings.delays.modified
        self._agenda.note(due, lambda moment: self._modify(row, form, moment))
        self._agenda.run(at)

    def cancel(self, row: OrderRow, at: datetime) -> None:
        """Cancel what is left of an order once the exchange has been told."""
        outlives = self._faults.active(FaultKind.FILL_AFTER_CANCEL, at, row.subject)
        self._move(row, Status.CANCEL_PENDING, at)
        delay = self._settings.delays.cancelled
        if outlives is not None:
            delay = max(delay, timedelta(seconds=outlives.seconds))
        self._agenda.note(
            at + delay, lambda moment: self._cancel(row, moment, outlives=outlives is not None)
        )
        self._agenda.run(at)

    def advance(self, at: datetime) -> None:
        """Do what is due by a moment, ends of sessions included."""
        self._agenda.run(at)
        for update in self._exchange.close_session(at):
            self._apply(update)

    def observe(self, at: datetime, ticks: Ticks) -> None:
        """Go on to a step of the market and match the orders that rest."""
        self.advance(at)
        outliving, self._outliving = self._outliving, []
        for update in self._exchange.on_ticks(ticks, at):
            self._apply(update)
        for row_at, row in outliving:
            self._fill_after_cancel(row, max(at, row_at))

    def _validate(self, row: OrderRow, at: datetime) -> None:
        self._move(row, Status.VALIDATION_PENDING, at)
        self._note(row, at + self._settings.delays.validated, self._send)

    def _send(self, row: OrderRow, at: datetime) -> None:
        found = self._desk.judge(row)
        if found is not None:
            self._end(row, Status.REJECTED, at, found.message)
            return
        self._move(row, Status.OPEN_PENDING, at)
        stuck = self._faults.active(FaultKind.STUCK_OPEN_PENDING, at, row.subject)
        if stuck is None:
            self._note(row, at + self._settings.delays.pending, self._arrive)
        elif stuck.seconds > 0:
            self._note(row, at + timedelta(seconds=stuck.seconds), self._arrive)

    def _arrive(self, row: OrderRow, at: datetime) -> None:
        request = self._as_sent(row, at)
        try:
            update = self._exchange.place(request, at)
        except Refused as error:
            self._end(row, Status.REJECTED, at, str(error))
            return
        row.sent_quantity = request.quantity
        row.exchange_order_id = update.broker_id
        self._sent[row.order_id] = row
        self._move(row, row.rest_status(), at)

    def _as_sent(self, row: OrderRow, at: datetime) -> OrderRequest:
        """Return the request for the exchange, halved where its rest is to be rejected."""
        request = row.request()
        lot = row.instrument.lot_size
        lots = request.quantity // lot
        fault = FaultKind.PARTIAL_THEN_REJECT
        if lots < 2 or self._faults.active(fault, at, row.subject) is None:
            return request
        return replace(request, quantity=lots // 2 * lot)

    def _modify(self, row: OrderRow, form: OrderForm, at: datetime) -> None:
        if row.status in FINAL:
            return
        try:
            self._exchange.modify(row.order_id, order_change(row, form), at)
        except Refused as error:
            row.message = str(error)
            self._move(row, row.rest_status(), at)
            return
        row.triggered = row.triggered and row.form.trigger_price == form.trigger_price
        row.sent_quantity += form.quantity - row.form.quantity
        row.rewrite(form)
        self._move(row, Status.MODIFIED, at)
        self._move(row, row.rest_status(), at)
        self._desk.tell(row, Status.UPDATE)

    def _cancel(self, row: OrderRow, at: datetime, *, outlives: bool) -> None:
        if row.status in FINAL:
            return
        if row.order_id in self._sent:
            try:
                self._exchange.cancel(row.order_id, at)
            except Refused:
                return
        if outlives:
            self._outliving.append((at, row))
        self._end(row, Status.CANCELLED, at, None)

    def _expire(self, row: OrderRow, at: datetime) -> None:
        self._cancel(row, at, outlives=False)

    def _close(self, row: OrderRow, at: datetime) -> None:
        if row.order_id not in self._sent:
            self._end(row, Status.CANCELLED, at, _SESSION_CLOSED)

    def _apply(self, update: OrderUpdate) -> None:
        """Take the exchange's word on an order: trades first, then its state."""
        row, at = self._sent[update.client_id], update.at
        fresh = update.fills[len(row.fills) :]
        for fill in fresh:
            self._book(row, fill)
        row.triggered = row.triggered or update.triggered
        if update.state is OrderState.CANCELLED:
            self._end(row, Status.CANCELLED, at, update.reason)
        elif row.left == 0:
            self._end(row, Status.COMPLETE, at, None)
        elif fresh and row.sent_quantity < row.form.quantity:
            self._reject_rest(row, at)
        elif fresh:
            self._rest(row, at, Status.UPDATE)
        elif update.triggered:
            self._arm(row, at)

    def _arm(self, row: OrderRow, at: datetime) -> None:
        found = self._desk.judge_stop(row)
        if found is None:
            self._rest(row, at, Status.OPEN)
            return
        self._exchange.cancel(row.order_id, at)
        self._end(row, Status.REJECTED, at, found.message)

    def _reject_rest(self, row: OrderRow, at: datetime) -> None:
        if row.filled < row.sent_quantity:
            self._exchange.cancel(row.order_id, at)
        self._end(row, Status.REJECTED, at, "Rejected by the exchange after a part was filled.")

    def _fill_after_cancel(self, row: OrderRow, at: datetime) -> None:
        """Fill at the order's own price what its cancellation was too late for."""
        price = row.form.price or row.form.trigger_price or self._desk.last(row)
        if price is None:
            return
        self._late_trades += 1
        number = f"{at:%y%m%d}999{self._late_trades:06d}"
        row.exchange_order_id = row.exchange_order_id or number
        fill = Fill(
            trade_id=number,
            client_id=row.order_id,
            broker_id=row.exchange_order_id,
            instrument=row.instrument,
            side=row.form.side,
            quantity=row.form.quantity - row.filled,
            price=price,
            at=at,
        )
        self._book(row, fill)
        self._end(row, Status.COMPLETE, at, None)

    def _book(self, row: OrderRow, fill: Fill) -> None:
        row.fills.append(fill)
        self._desk.book(row, fill)

    def _rest(self, row: OrderRow, at: datetime, told: Status) -> None:
        """Note what happened to a resting order; one that is being changed stays so."""
        if row.status in RESTING:
            self._move(row, row.rest_status(), at)
        self._desk.tell(row, told)

    def _end(self, row: OrderRow, status: Status, at: datetime, message: str | None) -> None:
        row.message, row.blocked = message, Decimal(0)
        self._move(row, status, at)
        self._desk.tell(row, status)

    def _move(self, row: OrderRow, status: Status, at: datetime) -> None:
        row.move(status, at, self._desk.written)

    def _note(
        self, row: OrderRow, due: datetime, deed: Callable[[OrderRow, datetime], None]
    ) -> None:
        """Note a step of an order's way; it is left out where the order has ended before."""
        self._agenda.note(due, lambda at: None if row.status in FINAL else deed(row, at))
