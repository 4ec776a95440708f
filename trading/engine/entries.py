"""From a ranked opportunity to the gate's answer and, where it says yes, to entry orders.

What happens to a plan once it holds something is the guard's.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from decimal import Decimal

from execution.orders import OrderRequest, OrderType, Role
from execution.positions import Position
from execution.slicing import slices
from risk.breakers import Breakers
from risk.exits import ExitPlan, opened
from risk.gate import Decision, decide
from risk.hours import Stages
from risk.proposal import GateContext, Proposal
from strategies.opportunities import Opportunity
from strategies.signals import Signal
from strategies.structures import Structure
from trading.engine.actions import LegNote, PlanNoted, SetTimer
from trading.engine.opinion_notes import decision_note, signal_note
from trading.engine.proposals import Asked, proposal_of, quote_of, side_of
from trading.engine.protection import Tools
from trading.engine.settings import EngineSetup, EntryStyle
from trading.engine.trades import PlanState, Trade


class Entries:
    """Puts opportunities to the gate and opens plans."""

    def __init__(self, setup: EngineSetup, tools: Tools) -> None:
        self._setup = setup
        self._outbox = tools.outbox
        self._orders = tools.orders
        self._ledger = tools.ledger
        self._dispatch = tools.dispatch
        self._panel = tools.panel
        self._strategies = {strategy.name: strategy for strategy in setup.strategies}
        self._seen: set[str] = set()
        self._new: list[str] = []

    def begin_cycle(self) -> None:
        """Start counting new plans of a scan cycle anew."""
        self._new.clear()

    def pass_over(self, at: datetime, signal: Signal, reason: str) -> None:
        """Note an opinion that could not become a contract."""
        self._note_signal(at, signal, None, reason)

    def consider(
        self, at: datetime, opportunity: Opportunity, breakers: Breakers, atr: float
    ) -> None:
        """Note an opportunity; put it to the gate where it was kept; open what is approved."""
        structure = opportunity.candidate.structure
        signal_id = self._note_signal(at, structure.signal, opportunity, opportunity.why_not)
        if not opportunity.kept:
            return
        proposal = self._proposal(at, opportunity)
        column = self._setup.universe.column_of(structure.legs[0].instrument.key)
        context = GateContext(
            now=at,
            stages=self._stages(column),
            exposure=self._ledger.exposure(self._panel.last.tolist()),
            breakers=breakers,
            seen=frozenset(self._seen),
            new_underlyings=tuple(self._new),
            banned=self._setup.banned,
            has_ban_list=self._setup.has_ban_list,
            events=tuple(
                (f"until {until:%H:%M}", "")
                for start, until in self._setup.event_windows
                if start <= at < until
            ),
            live=self._setup.live,
        )
        decision = decide(proposal, context, self._setup.limits)
        plan_id = self._outbox.code("P") if decision.approved else ""
        decision_id = self._note_decision(at, signal_id, plan_id, decision)
        if decision.approved:
            self._seen.add(proposal.setup)
            self._new.append(proposal.underlying)
            trade = self._trade(plan_id, opportunity, decision, atr)
            self._open(at, trade, decision_id, structure, decision)

    def _stages(self, column: int) -> Stages:
        stages = self._setup.stages[column]
        if stages is None:
            raise ValueError(f"stages: none for column {column}, expected the session's")
        return stages

    def _proposal(self, at: datetime, opportunity: Opportunity) -> Proposal:
        structure = opportunity.candidate.structure
        column = self._setup.universe.column_of(structure.legs[0].instrument.key)
        execution = self._setup.execution
        asked = Asked(
            strategy=self._strategies[structure.signal.strategy],
            quote=quote_of(self._panel, column),
            age_seconds=at.timestamp() - float(self._panel.seen_at_us[column]) / 1e6,
            on=self._setup.day,
            with_charges=execution.with_charges,
            one_unit=execution.one_unit,
        )
        return proposal_of(opportunity, asked)

    def _exit_plan(
        self, column: int, structure: Structure, decision: Decision, atr: float
    ) -> ExitPlan:
        return ExitPlan(
            direction=structure.direction,
            entry=structure.entry,
            stop=structure.stop,
            target1=structure.target1,
            target2=structure.target2,
            quantity=decision.quantity,
            lot_size=structure.legs[0].instrument.lot_size,
            opened_at_s=math.inf,
            entry_atr=atr,
            costs_per_unit=float(decision.costs_inr) / decision.quantity,
            rules=self._setup.exits,
            tighten_at_s=self._stages(column).tighten_at.timestamp(),
            hard_stop_rests=True,
        )

    def _trade(
        self, plan_id: str, opportunity: Opportunity, decision: Decision, atr: float
    ) -> Trade:
        structure = opportunity.candidate.structure
        instrument = structure.legs[0].instrument
        column = self._setup.universe.column_of(instrument.key)
        plan = self._exit_plan(column, structure, decision, atr)
        return Trade(
            plan_id=plan_id,
            strategy=structure.signal.strategy,
            underlying=structure.underlying,
            instrument=instrument,
            column=column,
            opinion_column=opportunity.candidate.column,
            direction=structure.direction,
            planned_quantity=decision.quantity,
            expected_entry=decision.legs[0].limit_price,
            margin_per_unit=decision.margin_inr / decision.quantity,
            exit_plan=plan,
            exit_state=opened(plan),
            position=Position(instrument),
        )

    def _open(
        self,
        at: datetime,
        trade: Trade,
        decision_id: str,
        structure: Structure,
        decision: Decision,
    ) -> None:
        self._ledger.trades[trade.plan_id] = trade
        limit = decision.legs[0].limit_price
        side = side_of(trade.direction)
        legs = (LegNote(trade.instrument.key, side, trade.planned_quantity, limit),)
        self._outbox.emit(
            PlanNoted(
                at=at,
                plan_id=trade.plan_id,
                decision_id=decision_id,
                strategy=trade.strategy,
                direction=int(trade.direction),
                legs=legs,
                entry=structure.entry,
                stop=structure.stop,
                target1=structure.target1,
                target2=structure.target2,
            )
        )
        freeze = trade.instrument.freeze_quantity
        for part in slices(trade.planned_quantity, trade.instrument.lot_size, freeze):
            request = self._entry_order(trade, part, limit)
            trade.entries.append(request.client_id)
            self._dispatch.place(at, trade, request)
        due = at + timedelta(seconds=self._setup.execution.entry_timeout_seconds)
        self._outbox.emit(SetTimer(at, due, f"entry:{trade.plan_id}"))

    def _entry_order(self, trade: Trade, quantity: int, limit: Decimal) -> OrderRequest:
        settings = self._setup.execution
        at_market = settings.entry_style is EntryStyle.MARKET
        return OrderRequest(
            client_id=self._outbox.client_id(Role.ENTRY),
            instrument=trade.instrument,
            side=side_of(trade.direction),
            quantity=quantity,
            order_type=OrderType.MARKET if at_market else OrderType.LIMIT,
            role=Role.ENTRY,
            plan_id=trade.plan_id,
            price=None if at_market else limit,
            market_protection=settings.market_protection if at_market else None,
        )

    def time_out(self, at: datetime, plan_id: str) -> None:
        """Cancel what is left of an entry that has had its time."""
        self.cancel(at, self._ledger.trades[plan_id], "entry timed out")

    def cancel(self, at: datetime, trade: Trade, reason: str) -> None:
        """Cancel what still works of a plan's entry; what it holds stays."""
        working = self._orders.working(trade.entries)
        if working and trade.state is PlanState.PENDING_ENTRY:
            trade.exit_reason = reason
        for client_id in working:
            self._dispatch.cancel(at, client_id)

    # notes -------------------------------------------------------------------------------------

    def _note_signal(
        self, at: datetime, signal: Signal, opportunity: Opportunity | None, why_not: str
    ) -> str:
        signal_id = self._outbox.code("S")
        self._outbox.emit(signal_note(at, signal_id, signal, opportunity, why_not))
        return signal_id

    def _note_decision(self, at: datetime, signal_id: str, plan_id: str, decision: Decision) -> str:
        decision_id = self._outbox.code("D")
        codes = (decision_id, signal_id, plan_id)
        self._outbox.emit(decision_note(at, codes, decision))
        return decision_id
