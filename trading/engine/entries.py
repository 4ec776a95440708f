"""From a ranked opportunity to the gate's answer and, where it says yes, to entry orders.

What happens to a plan once it holds something is the guard's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import structs

from execution.slicing import slices
from risk.breakers import Breakers
from risk.gate import Decision, decide
from risk.hours import Stages
from risk.proposal import GateContext, Proposal
from strategies.opportunities import Opportunity
from strategies.signals import Signal
from strategies.structures import Structure
from trading.engine.actions import AskMargin, SetTimer
from trading.engine.combination_guard import CombinationGuard
from trading.engine.entry_chase import EntryChase
from trading.engine.events import MarginTold
from trading.engine.kill_scopes import KillScope
from trading.engine.looking_back import LookingBack
from trading.engine.margin_asked import (
    Considered,
    Questions,
    after_asking,
    before_asking,
    question,
)
from trading.engine.moves_with import MovesWith
from trading.engine.opinion_notes import decision_note, ranking_note, signal_note
from trading.engine.plan_notes import NotedUnder, combination_note, leg_note, plan_note
from trading.engine.plans import Approved, alone, backstops, stages_of, together
from trading.engine.promises import Promises
from trading.engine.proposals import Asked, proposal_of
from trading.engine.protection import Tools
from trading.engine.quotes import quote_of
from trading.engine.settings import EngineSetup
from trading.engine.trades import PlanState, Trade
from trading.engine.underlying_watch import UnderlyingWatch


@dataclass(frozen=True, slots=True)
class Beside:
    """Who else has a part in an entry: several legs, what moves with it, levels underneath."""

    combined: CombinationGuard
    moves: MovesWith
    by_underlying: UnderlyingWatch


class Entries:
    """Puts opportunities to the gate and opens plans; `killed`: what the kill switch has closed."""

    def __init__(self, setup: EngineSetup, tools: Tools, beside: Beside) -> None:
        self._setup = setup
        self._outbox = tools.outbox
        self._orders = tools.orders
        self._ledger = tools.ledger
        self._dispatch = tools.dispatch
        self._panel = tools.panel
        self._looking_back = LookingBack(tools.ledger)
        self._beside = beside
        self._strategies = {strategy.name: strategy for strategy in setup.strategies}
        self._seen: set[str] = set()
        self._desk: GateContext | None = None
        self._new: list[str] = []
        self._account_seen_at: datetime | None = None
        self._questions = Questions()
        self._promises = Promises(tools.ledger, tools.orders)
        self._chase = EntryChase(tools)
        self.killed: frozenset[KillScope] = frozenset()

    def account_seen(self, at: datetime) -> None:
        """Remember when the broker's book was last found to agree with ours."""
        self._account_seen_at = at

    def _account_age(self, at: datetime) -> float | None:
        seen = self._account_seen_at
        return None if seen is None else (at - seen).total_seconds()

    def begin_cycle(self) -> None:
        """Start counting new plans of a scan cycle anew."""
        self._desk = None
        self._new.clear()
        self._promises.begin_cycle()

    def pass_over(self, at: datetime, signal: Signal, reason: str) -> None:
        """Note an opinion that could not become a contract."""
        self._note_signal(at, signal, None, reason)

    def consider(
        self, at: datetime, opportunity: Opportunity, breakers: Breakers, atr: float
    ) -> None:
        """Note an opportunity; put it to the gate where it was kept; open what is approved.

        `atr`: what the volatility exit measures by, in rupees; only asked where it was kept.
        """
        signal = opportunity.candidate.structure.signal
        signal_id = self._note_signal(at, signal, opportunity, opportunity.why_not)
        if not opportunity.kept:
            return
        considered = Considered(signal_id, opportunity, atr)
        proposal = self._proposal(at, opportunity)
        if not self._setup.asks_margin:
            self._settle(at, considered, proposal, self._judged(at, considered, proposal, breakers))
            return
        asked = self._judged(at, considered, before_asking(proposal), breakers)
        if asked.approved:
            code = self._outbox.code("M")
            self._questions.ask(at, code, considered, asked.quantity)
            self._outbox.emit(AskMargin(at, code, question(asked)))
        else:
            self._settle(at, considered, proposal, self._judged(at, considered, proposal, breakers))

    def margin_told(self, told: MarginTold, breakers: Breakers) -> None:
        """Judge entries anew, as the desk stands now, with the margin that the broker told."""
        for considered, answer in self._questions.take(told):
            self._desk = None
            proposal = self._proposal(told.at, considered.opportunity)
            proposal = after_asking(proposal, considered, answer, self._promises)
            decision = self._judged(told.at, considered, proposal, breakers)
            self._settle(told.at, considered, proposal, decision)

    def _judged(
        self, at: datetime, considered: Considered, proposal: Proposal, breakers: Breakers
    ) -> Decision:
        structure = considered.opportunity.candidate.structure
        if self._desk is None or self._desk.now != at:
            self._desk = self._standing(at, stages_of(self._setup, structure), breakers)
        context = structs.replace(
            self._desk,
            stages=stages_of(self._setup, structure),
            stops=self._stops(structure, proposal),
            taken=self._promises.taken(self._columns_of(structure)),
        )
        return decide(proposal, context, self._setup.limits)

    def _standing(self, at: datetime, stages: Stages, breakers: Breakers) -> GateContext:
        """Return the desk as every opinion of a cycle finds it until one of them is opened."""
        return GateContext(
            now=at,
            stages=stages,
            exposure=self._ledger.exposure(self._panel.last.tolist()),
            breakers=breakers,
            seen=frozenset(self._seen),
            new_underlyings=tuple(self._new),
            banned=self._setup.banned,
            has_ban_list=self._setup.has_ban_list,
            events=tuple(each for each in self._setup.event_windows if each.is_open(at)),
            live=self._setup.live,
            bands=self._dispatch.bands,
            killed=frozenset(map(str, self.killed)),
            account_age_seconds=self._account_age(at),
            results=self._looking_back.results(),
            messages=self._dispatch.sent,
            trades=self._ledger.fills,
        )

    def _settle(
        self, at: datetime, considered: Considered, proposal: Proposal, decision: Decision
    ) -> None:
        """Note what the gate answered, and open what it let through."""
        plan_id = self._outbox.code("P") if decision.approved else ""
        decision_id = self._note_decision(at, considered.signal_id, plan_id, decision)
        if decision.approved:
            self._desk = None
            self._seen.add(proposal.setup)
            self._new.append(proposal.underlying)
            approved = Approved(considered.opportunity, decision, considered.atr)
            self._open(at, plan_id, decision_id, approved)
            self._promises.make(at, plan_id, decision)

    def _stops(self, structure: Structure, proposal: Proposal) -> tuple[tuple[str, Decimal], ...]:
        """Return the prices of every stop that is to rest, with the key of its contract."""
        settings = self._setup.execution
        stops = {0: structure.stop}
        if len(structure.legs) > 1:
            chase = self._setup.limits.chase_ticks
            limits = [leg.limit_price(chase) for leg in proposal.legs]
            known = [limit for limit in limits if limit is not None]
            stops = backstops(structure, known) if len(known) == len(limits) else {}
        found: list[tuple[str, Decimal]] = []
        for place, stop in stops.items():
            leg = structure.legs[place]
            trigger, limit = settings.stop_prices(leg.instrument, leg.direction, stop)
            prices = (trigger,) if settings.stop_is_market else (trigger, limit)
            found.extend((leg.instrument.key, price) for price in prices)
        return tuple(found)

    def _proposal(self, at: datetime, opportunity: Opportunity) -> Proposal:
        structure = opportunity.candidate.structure
        columns = self._columns_of(structure)
        execution = self._setup.execution
        asked = Asked(
            strategy=self._strategies[structure.signal.strategy],
            quotes=tuple(quote_of(self._panel, column) for column in columns),
            ages=tuple(at.timestamp() - float(self._panel.seen_at_us[c]) / 1e6 for c in columns),
            on=self._setup.day,
            with_charges=execution.with_charges,
            fixed_lots=execution.fixed_units if execution.one_unit else None,
            moves_with=self._beside.moves.of(structure.underlying),
            leg_ticks=execution.leg_attempts * execution.leg_chase_ticks * (len(columns) > 1),
        )
        return proposal_of(opportunity, asked)

    def _columns_of(self, structure: Structure) -> list[int]:
        column_of = self._setup.universe.column_of
        return [column_of(leg.instrument.key) for leg in structure.legs]

    def _open(self, at: datetime, plan_id: str, decision_id: str, approved: Approved) -> None:
        """Remember the plan, note it and send its first entry orders."""
        noted = NotedUnder(at, plan_id, decision_id)
        self._outbox.emit(plan_note(noted, approved.structure, approved.decision.legs))
        if len(approved.structure.legs) > 1:
            self._open_together(noted, approved)
        else:
            trade = alone(self._setup, plan_id, approved)
            self._ledger.add(trade)
            self._beside.by_underlying.keep(at, trade, approved.structure.ways_out.underlying)
            self._send(at, trade)

    def _open_together(self, noted: NotedUnder, approved: Approved) -> None:
        codes = (noted.plan_id, *(self._outbox.code("P") for _ in approved.structure.legs))
        plan = together(self._setup, codes, approved)
        self._ledger.combinations[plan.plan_id] = plan
        for leg in plan.legs:
            self._ledger.add(leg)
            self._outbox.emit(leg_note(noted, leg))
        self._outbox.emit(combination_note(noted.at, plan, approved.structure))
        levels = approved.structure.ways_out.underlying
        self._beside.by_underlying.keep(noted.at, plan, levels)
        self._beside.combined.settle(noted.at, plan)

    def _send(self, at: datetime, trade: Trade) -> None:
        freeze = trade.instrument.freeze_quantity
        for part in slices(trade.planned_quantity, trade.instrument.lot_size, freeze):
            request = self._dispatch.entry_order(trade, part)
            if (price := self._chase.price(trade)) is not None:
                request = replace(request, price=price)
            trade.entries.append(request.client_id)
            self._dispatch.place(at, trade, request)
        due = at + timedelta(seconds=self._setup.execution.entry_timeout_seconds)
        self._outbox.emit(SetTimer(at, due, f"entry:{trade.plan_id}"))
        self._chase.begin(at, trade)

    def chase(self, at: datetime, plan_id: str) -> None:
        """Let an entry follow the touch; cancel what is left of it once its time is up."""
        trade = self._ledger.trades[plan_id]
        if self._chase.go_on(at, trade):
            self.cancel(at, trade, "entry not filled while chasing")

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
        if opportunity is not None:
            self._outbox.emit(ranking_note(at, signal_id, opportunity))
        return signal_id

    def _note_decision(self, at: datetime, signal_id: str, plan_id: str, decision: Decision) -> str:
        decision_id = self._outbox.code("D")
        codes = (decision_id, signal_id, plan_id)
        self._outbox.emit(decision_note(at, codes, decision))
        return decision_id
