"""The broker's books: who may place, change and cancel what, all orders, trades and positions.

How an order moves is `order_path.py`; answers are worded in the `rest_*` modules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from execution.exchange import Exchange, Window
from execution.kitesim.answers import KiteError, bad_input, error_of
from execution.kitesim.changes import changed_form, refuse_change, refuse_request
from execution.kitesim.checks import Checks
from execution.kitesim.faults import FaultKind, Faults
from execution.kitesim.funds import Money
from execution.kitesim.news import Hears, message_of
from execution.kitesim.order_form import ChangeForm, OrderForm
from execution.kitesim.order_path import OrderPath
from execution.kitesim.order_row import FINAL, RESTING, OrderRow, Status
from execution.kitesim.portfolio import Portfolio
from execution.kitesim.prices import Prices
from execution.kitesim.protection import as_protected
from execution.kitesim.refusals import (
    IN_PROCESS,
    MOST_SLICES,
    Rejection,
    not_changeable,
    refuse_form,
    unknown_order,
)
from execution.kitesim.settings import SimSettings
from execution.orders import Fill, OrderRequest
from execution.slicing import slices
from marketdata.instruments import Instrument
from marketdata.tape import Frame


@dataclass(frozen=True, slots=True)
class Account:
    """Whose books they are: Kite's user id, the app's number, and a number of the run, 0 to 998."""

    user_id: str
    app_id: int
    run: int


class Books:
    """All of one account's day at one broker; every call is done at the prices' present time."""

    def __init__(
        self,
        account: Account,
        prices: Prices,
        windows: Mapping[str, Window],
        settings: SimSettings,
        faults: Faults,
    ) -> None:
        self._account = account
        self._prices = prices
        self._windows = windows
        self._settings = settings
        self._faults = faults
        exchange = Exchange(settings.exchange, windows, run=account.run)
        self._path = OrderPath(exchange, settings, faults, self)
        self._rows: dict[str, OrderRow] = {}
        self._alive: list[OrderRow] = []
        self._hearers: list[Hears] = []
        self._number = 0
        self.portfolio = Portfolio()
        self._checks = Checks(prices, settings, self.portfolio, self._working)
        self._carry()

    def on_message(self, hears: Hears) -> None:
        """Have `hears` called with every order message, in order, as it happens."""
        self._hearers.append(hears)

    async def on_frame(self, frame: Frame) -> None:
        """Match what rests against a frame of the market; as `observe`."""
        self._path.observe(frame.at, frame.ticks)

    def advance(self, at: datetime) -> None:
        """Do what is due by a moment without a frame, ends of sessions included."""
        self._path.advance(at)

    def place(self, form: OrderForm) -> OrderRow:
        """Take an order and return it as it stands after its first steps. Raises `KiteError`."""
        row = self._taken(form)
        if self._faults.active(FaultKind.ACCEPT_TWICE, self._now, row.subject) is not None:
            self._start(self._taken(form))
        self._start(row)
        return row

    def place_sliced(self, form: OrderForm) -> tuple[str, list[dict[str, Any]]]:
        """Cut an order at the freeze quantity; return the parent's id and the children.

        A child is `{"order_id"}` or `{"error"}`; an order that needs no cutting has none. Raises
        `KiteError` where the whole is refused.
        """
        instrument = refuse_form(form, self._prices.find(form.exchange, form.symbol))
        if form.quantity % instrument.lot_size:
            return self.place(form).order_id, []
        parts = slices(form.quantity, instrument.lot_size, instrument.freeze_quantity)
        if len(parts) > MOST_SLICES:
            raise bad_input(f"Quantity needs {len(parts)} slices, at most {MOST_SLICES} allowed.")
        if len(parts) == 1:
            return self.place(form).order_id, []
        parent = self._next_id()
        return parent, [self._child(replace(form, quantity=part), parent) for part in parts]

    def modify(self, order_id: str, change: ChangeForm) -> OrderRow:
        """Change a resting order. Raises `KiteError`; then nothing has changed."""
        row = self._changeable(order_id)
        if row.status not in RESTING:
            raise not_changeable(IN_PROCESS)
        form = changed_form(row.form, change)
        request = _request(replace(row, form=form))
        refuse_change(row, request, self._settings.exchange, self._prices.last(row.instrument))
        form, tags = self._as_rests(form, row.instrument)
        request = _request(replace(row, form=form))
        found = self._checks.found(request)
        if found is not None:
            raise found.as_error()
        row.blocked, row.tags = self._checks.needed(request), row.tags + tags
        self._path.change(row, form, self._now)
        return row

    def cancel(self, order_id: str) -> OrderRow:
        """Cancel what is left of an order; accepted is not done. Raises `KiteError`."""
        row = self._changeable(order_id)
        if row.status is Status.CANCEL_PENDING:
            raise not_changeable(IN_PROCESS)
        self._path.cancel(row, self._now)
        return row

    def orders(self) -> list[OrderRow]:
        """Return the day's orders in the order they came."""
        return list(self._rows.values())

    def order(self, order_id: str) -> OrderRow:
        """Return one order. Raises `KiteError`."""
        row = self._rows.get(order_id)
        if row is None:
            raise unknown_order()
        return row

    def money(self) -> Money:
        """Return where the account's money is now."""
        return self._checks.money()

    def judge(self, row: OrderRow) -> Rejection | None:
        """Return what the risk checks find against an order, and block its money if nothing."""
        request = row.request()
        found = self._checks.found(request)
        row.blocked = Decimal(0) if found else self._checks.needed(request)
        return found

    def judge_stop(self, row: OrderRow) -> Rejection | None:
        """Return what is found against a stop's limit in the moment it is triggered."""
        return self._checks.found_in_stop(row.request())

    def tell(self, row: OrderRow, status: Status) -> None:
        """Send the news of an order to all who hear."""
        for hears in self._hearers:
            hears(message_of(row, status, self._account.app_id))

    def book(self, row: OrderRow, fill: Fill) -> None:
        """Take a trade into the portfolio."""
        self.portfolio.book(fill, row.form.product)

    def written(self, at: datetime) -> datetime:
        """Return the time the broker's clock shows at a moment."""
        skew = self._faults.active(FaultKind.CLOCK_SKEW, at)
        return at if skew is None else at + timedelta(seconds=skew.seconds)

    def last(self, row: OrderRow) -> Decimal | None:
        """Return the last price of an order's instrument."""
        return self._prices.last(row.instrument)

    @property
    def _now(self) -> datetime:
        return self._prices.now

    def _taken(self, form: OrderForm, tags: tuple[str, ...] = ()) -> OrderRow:
        """Return a new order that nothing forbids to make. Raises `KiteError`."""
        self._path.advance(self._now)
        instrument = refuse_form(form, self._prices.find(form.exchange, form.symbol))
        row = self._new_row(form, instrument)
        refuse_request(_request(row), self._settings.exchange, self._prices.last(instrument))
        self._closes_at(instrument)
        row.form, added = self._as_rests(form, instrument)
        row.tags = tags + added
        found = self._checks.found(row.request())
        if found is not None and found.check not in self._settings.rejected_later:
            raise found.as_error()
        return row

    def _new_row(self, form: OrderForm, instrument: Instrument) -> OrderRow:
        order_id = self._next_id()
        return OrderRow(
            order_id=order_id,
            account_id=self._account.user_id,
            instrument=instrument,
            form=form,
            placed_at=self.written(self._now),
            guid=f"{self._account.app_id}X{int(order_id):x}",
        )

    def _start(self, row: OrderRow) -> None:
        self._rows[row.order_id] = row
        self._alive.append(row)
        self._path.start(row, self._now, self._closes_at(row.instrument))

    def _child(self, form: OrderForm, parent: str) -> dict[str, Any]:
        try:
            row = self._taken(form, ("autoslice", f"autoslice:{parent}"))
        except KiteError as error:
            return {"error": error_of(error)}
        self._start(row)
        return {"order_id": row.order_id}

    def _as_rests(
        self, form: OrderForm, instrument: Instrument
    ) -> tuple[OrderForm, tuple[str, ...]]:
        if not self._settings.protects_market_orders:
            return form, ()
        return as_protected(form, instrument, self._prices)

    def _changeable(self, order_id: str) -> OrderRow:
        self._path.advance(self._now)
        row = self.order(order_id)
        if row.status in FINAL:
            raise not_changeable(f"Order cannot be changed, it is {row.status}.")
        return row

    def _working(self) -> list[OrderRow]:
        """Return the orders that may still fill; those that ended are passed over once."""
        self._alive = [row for row in self._alive if row.status not in FINAL]
        return self._alive

    def _closes_at(self, instrument: Instrument) -> datetime:
        window = self._windows.get(instrument.key)
        if window is None or not window[0] <= self._now < window[1]:
            raise bad_input(
                "Markets are closed right now. Use GTT for placing long standing orders instead."
            )
        return window[1]

    def _carry(self) -> None:
        for held in self._settings.held:
            exchange, _, symbol = held.key.partition(":")
            instrument = self._prices.find(exchange, symbol)
            if instrument is None:
                raise ValueError(f"held: {held.key} is not an instrument of the day")
            self.portfolio.carry(instrument, held.product, held.quantity, held.price)

    def _next_id(self) -> str:
        self._number += 1
        return f"{self._now:%y%m%d}{self._account.run:03d}{self._number:06d}"


def _request(row: OrderRow) -> OrderRequest:
    try:
        return row.request()
    except ValueError as error:
        raise bad_input(str(error)) from error
