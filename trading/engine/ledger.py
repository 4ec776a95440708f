"""Money: fills booked once, charges by order, the balance, and what is at risk now.

Nothing here decides; the guard and the gate ask.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from execution.charges import charges_for_order
from execution.orders import Fill, Order, Role
from execution.positions import apply as fold
from execution.positions import unrealised
from risk.exposure import Exposure, Held, OpenRisk, risk_at_stop
from trading.engine.actions import EquityNoted, FillNoted, LedgerNoted
from trading.engine.order_book import OrderBook
from trading.engine.outbox import Outbox
from trading.engine.settings import EngineSetup
from trading.engine.trades import Trade

_ZERO = Decimal(0)
_PAISA = Decimal("0.01")


def money(price: float) -> Decimal:
    """Return a column's price as Decimal rupees, to the paisa."""
    return Decimal(repr(round(price, 2))).quantize(_PAISA)


class Ledger:
    """The account of one run: every plan, the balance in rupees, every booking noted."""

    def __init__(self, setup: EngineSetup, outbox: Outbox, orders: OrderBook) -> None:
        self.start = setup.capital
        self.balance = setup.capital
        self.trades: dict[str, Trade] = {}
        self._by_order: dict[str, str] = {}
        self._day = setup.day
        self._limits = setup.limits
        self._outbox = outbox
        self._orders = orders
        self._with_charges = setup.execution.with_charges

    def opened(self, at: datetime) -> None:
        """Note the opening balance."""
        code = self._outbox.code("L")
        self._outbox.emit(
            LedgerNoted(at, code, "START", "", "", self.start, self.balance, "opening balance")
        )

    def own(self, client_id: str, trade: Trade) -> None:
        """Remember which plan an order belongs to."""
        self._by_order[client_id] = trade.plan_id

    def trade_of(self, client_id: str) -> Trade:
        """Return the plan an order belongs to."""
        return self.trades[self._by_order[client_id]]

    def alive(self) -> list[Trade]:
        """Return the plans that hold or may come to hold something, oldest first."""
        return [trade for trade in self.trades.values() if not trade.is_over]

    def book(self, trade: Trade, order: Order, fill: Fill) -> None:
        """Take one new fill into the position and book what it realised and cost."""
        expected = trade.expected_entry if order.request.role is Role.ENTRY else None
        self._outbox.emit(
            FillNoted(
                at=fill.at,
                trade_id=fill.trade_id,
                client_id=fill.client_id,
                broker_id=fill.broker_id,
                plan_id=trade.plan_id,
                instrument=fill.instrument.key,
                side=fill.side,
                quantity=fill.quantity,
                price=fill.price,
                expected_price=expected,
            )
        )
        trade.position = fold(trade.position, fill)
        if order.request.role is Role.ENTRY:
            trade.opened_quantity += fill.quantity
        realised = trade.position.realised - trade.booked_realised
        if realised:
            trade.booked_realised += realised
            self._note(fill.at, "REALISED", realised, fill, trade.plan_id)
        if self._with_charges:
            self._charge(trade, order, fill)

    def _charge(self, trade: Trade, order: Order, fill: Fill) -> None:
        request = order.request
        total = charges_for_order(
            instrument=request.instrument,
            side=request.side,
            quantity=order.filled_quantity,
            value=order.filled_value,
            product=request.product,
            on=self._day,
        ).total
        due = total - trade.order_charges.get(request.client_id, _ZERO)
        trade.order_charges[request.client_id] = total
        trade.charges += due
        if due:
            self._note(fill.at, "CHARGES", -due, fill, trade.plan_id)

    def _note(self, at: datetime, kind: str, amount: Decimal, fill: Fill, plan_id: str) -> None:
        self.balance += amount
        code = self._outbox.code("L")
        self._outbox.emit(
            LedgerNoted(
                at, code, kind, plan_id, fill.client_id, amount, self.balance, fill.trade_id
            )
        )

    def open_profit(self, last: list[float]) -> Decimal:
        """Return the open profit at the last prices (by column), in rupees before charges."""
        return sum(
            (
                unrealised(trade.position, money(last[trade.column]))
                for trade in self.alive()
                if trade.open_quantity
            ),
            _ZERO,
        )

    def exposure(self, last: list[float]) -> Exposure:
        """Return the account as the gate sees it; working entries count as filled."""
        open_ = tuple(self._open_risk(trade) for trade in self.alive())
        return replace(self.standing(last), open=open_)

    def standing(self, last: list[float]) -> Exposure:
        """Return the account's money alone, without what is at risk."""
        profit = self.open_profit(last)
        return Exposure(
            equity_inr=self.balance + profit,
            day_start_equity_inr=self.start,
            realised_inr=self.balance - self.start,
            unrealised_inr=profit,
            open=(),
        )

    def _open_risk(self, trade: Trade) -> OpenRisk:
        working = sum(self._orders.open_quantity(client_id) for client_id in trade.entries)
        quantity = trade.open_quantity + working
        stop = money(trade.exit_state.stop)
        allowed = max(
            self._limits.slippage_ticks * trade.instrument.tick_size,
            self._limits.slippage_share * stop,
        )
        entry = trade.position.average_price or trade.expected_entry
        risk = risk_at_stop(
            Held(trade.direction, quantity, entry),
            stop,
            exit_costs_inr=money(trade.exit_plan.costs_per_unit) * quantity,
            slippage=allowed,
        )
        return OpenRisk(
            key=trade.instrument.key,
            underlying=trade.underlying,
            strategy=trade.strategy,
            direction=trade.direction,
            quantity=quantity,
            margin_inr=trade.margin_per_unit * quantity,
            risk_inr=risk if quantity else _ZERO,
            working=trade.open_quantity == 0,
        )

    def note_equity(self, at: datetime, last: list[float]) -> None:
        """Note the account as it stands."""
        exposure = self.exposure(last)
        self._outbox.emit(
            EquityNoted(
                at=at,
                balance=self.balance,
                unrealised=exposure.unrealised_inr,
                equity=exposure.equity_inr,
                heat=exposure.heat_inr,
                open_positions=sum(1 for trade in self.alive() if trade.open_quantity),
            )
        )
