"""What must hold after every event of a simulated day, seen from outside the engine.

The engine's own books are checked by its runner; the end of the day is judged by `books.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from execution.orders import Role
from trading.engine.actions import Action, DecisionNoted, PlaceOrder
from trading.engine.core import Engine
from trading.engine.events import (
    BrokerSaid,
    CommandIssued,
    CommandKind,
    ConditionChanged,
    Event,
    TwinFound,
)
from trading.simulation.cover import CoverClock, uncovered
from trading.simulation.floor import Floor
from trading.simulation.market import STAGES
from trading.simulation.troubles import Kind

BARE_SECONDS = 5.0
"""For how long something may be held without cover while something can be done about it."""
_FAILED_SECONDS = {
    Kind.LOSE_REQUEST: 2.25,
    Kind.LOSE_ANSWER: 2.25,
    Kind.ERROR_BEFORE: 1.25,
    Kind.ERROR_AFTER: 1.25,
    Kind.REFUSE: 0.6,
    Kind.REJECT: 1.25,
    Kind.SLOW_ANSWER: 1.1,
}
"""What a call that fails, or is answered late, behind two others costs until the next may leave.

A lost one is given up and twice missed in the book, one without proof is twice missed there.
"""
_NOWHERE_SECONDS = 9.0
"""What an order costs that was taken and is nowhere: until it is missed, asked for, sent again.

A desk that is started meanwhile does not know when it was sent, and counts anew.
"""


@dataclass(slots=True)
class Watch:
    """Looks at a day from all sides; what is wrong is kept in `found`, the first of a kind."""

    floor: Floor
    found: list[str] = field(default_factory=list)
    cover: CoverClock = field(default_factory=CoverClock)
    events: int = 0
    _blocked: set[str] = field(default_factory=set)
    _sent: set[str] = field(default_factory=set)
    _seen: int = -1
    _bare: Mapping[str, int] = field(default_factory=dict)

    def note(self, what: str) -> None:
        """Remember that something is wrong."""
        if what not in self.found:
            self.found.append(what)
            self.floor.surface.story.tell(f"XX {what}")

    def look(self, cause: str) -> None:
        """Measure what is not covered; `cause`: why nothing can be done, empty where it can."""
        floor = self.floor
        if self._seen != floor.version:
            self._seen, self._bare = floor.version, uncovered(floor.rows.values(), floor.net())
        gone = floor.surface.clock.gone()
        for key, since in self.cover.look(gone, self._bare, cause):
            if gone - since > BARE_SECONDS + self._failed(since):
                self.note(f"{key} was held without cover for more than {BARE_SECONDS:.0f} s")

    def _failed(self, since: float) -> float:
        """Return the seconds that calls failing one after the other cost, the first two aside."""
        strikes = self.floor.surface.strikes
        costs = [
            _FAILED_SECONDS[k] for at, k in strikes if at >= since - 1.0 and k in _FAILED_SECONDS
        ]
        missed = since - 2 * _NOWHERE_SECONDS
        nowhere = [at for at, kind in strikes if kind is Kind.UNLISTED and at >= missed]
        return sum(costs[2:]) + _NOWHERE_SECONDS * len(nowhere)

    def posting(self, client_id: str, is_intended: bool, is_leader: bool) -> None:
        """Judge an order on its way: written down before, by the leader, and only once."""
        if not is_intended:
            self.note(f"{client_id} left before its intent was on the disk")
        if not is_leader:
            self.note(f"{client_id} was sent by an engine that has lost the lease")
        if client_id in self._sent:
            self.note(f"{client_id} was sent twice")
        self._sent.add(client_id)

    def born(self) -> None:
        """Begin to follow another life of the desk, which lives through its past first."""
        self._blocked.clear()

    def answered(self, engine: Engine, event: Event, acts: Sequence[Action]) -> None:
        """Judge what the engine made of an event."""
        self.events += 1
        was_blocked = sorted(self._blocked)
        self._follow(event)
        for act in acts:
            if isinstance(act, PlaceOrder) and act.request.role is Role.ENTRY:
                self._entry(act, [name for name in was_blocked if name in self._blocked])
            elif isinstance(act, DecisionNoted) and act.approved:
                broken = [verdict.rule for verdict in act.verdicts if not verdict.passed]
                if broken:
                    self.note(f"{act.plan_id} was approved over {', '.join(broken)}")
        if isinstance(event, BrokerSaid | TwinFound):
            self._positions(engine)

    def _follow(self, event: Event) -> None:
        """Keep a book of our own of what blocks entries."""
        match event:
            case ConditionChanged(name=name, good=good):
                (self._blocked.discard if good else self._blocked.add)(name)
            case CommandIssued(kind=CommandKind.PAUSE):
                self._blocked.add("the operator's pause")
            case CommandIssued(kind=CommandKind.RESUME):
                self._blocked.discard("the operator's pause")
            case _:
                pass

    def _entry(self, act: PlaceOrder, blocked: list[str]) -> None:
        client_id = act.request.client_id
        if blocked:
            self.note(f"{client_id} enters in spite of {', '.join(blocked)}")
        if act.at >= STAGES.square_off_at:
            self.note(f"{client_id} enters after the square-off")

    def _positions(self, engine: Engine) -> None:
        """Hold every position against the fills of its orders."""
        for trade in engine.ledger.trades.values():
            names = trade.entries + trade.stops + trade.targets + trade.exits
            orders = [engine.orders[name] for name in names]
            held = sum(order.request.side.sign * order.filled_quantity for order in orders)
            if held != trade.position.quantity:
                self.note(f"{trade.plan_id} holds {trade.position.quantity}, its orders {held}")

    def deadline(self) -> None:
        """Judge what is left at the moment at which everything must be flat."""
        for key, units in self.floor.net().items():
            if units:
                self.note(f"{key}: {units} held after the deadline")
