"""Entries that wait for the broker's word on margin: what is asked, what the answer makes of it.

Only a desk at a real broker asks; on paper the dated tables stand in. Judging is the gate's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal

from msgspec.structs import replace

from execution.margins import MarginLeg
from risk.gate import Decision
from risk.proposal import CostModel, Funds, Proposal
from strategies.opportunities import Opportunity
from trading.engine.events import MarginTold
from trading.engine.promises import Promises

_PAISA = Decimal("0.01")
_PATIENCE = timedelta(seconds=10)
_UNTOLD = timedelta(seconds=2)
"""How long before a question an entry may have been sent that the answer doesn't count.

What is free is read at most a second before, and an order takes its way to the broker.
"""


@dataclass(frozen=True, slots=True)
class Considered:
    """An opportunity on its way through the gate, its opinion's slow range, and its signal's code.

    `asked`: the units that the broker was asked about at `asked_at`, 0 where nobody was.
    """

    signal_id: str
    opportunity: Opportunity
    atr: float
    asked: int = 0
    asked_at: datetime | None = None


class Questions:
    """Entries that the broker was asked about: answered in whatever order, judged in that of rank.

    A question without an answer for `_PATIENCE`, such as one of before a restart, is taken as not
    answered, so that it keeps no other waiting.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Considered] = {}
        self._answers: dict[str, MarginTold] = {}

    def ask(self, at: datetime, code: str, about: Considered, units: int) -> None:
        """Remember a question about so many units."""
        asked = Considered(about.signal_id, about.opportunity, about.atr, units, at)
        self._waiting[code] = asked

    def take(self, told: MarginTold) -> list[tuple[Considered, MarginTold]]:
        """Take an answer; return those that are to be judged now, first asked first."""
        if told.code in self._waiting:
            self._answers[told.code] = told
        ready = []
        for code, considered in list(self._waiting.items()):
            answer = self._answers.pop(code, None)
            if answer is None and not _is_late(considered, told.at):
                break
            del self._waiting[code]
            late = MarginTold(told.at, code, None, None, "no answer")
            ready.append((considered, answer or late))
        return ready


def _is_late(considered: Considered, at: datetime) -> bool:
    return considered.asked_at is not None and at - considered.asked_at >= _PATIENCE


@dataclass(frozen=True, slots=True)
class ToldCosts:
    """A cost model whose margin is so much a unit, in rupees."""

    costs: CostModel
    margin_per_unit: Decimal

    def round_trip(self, quantity: int) -> Decimal:
        """Return the charges of entry and exit together, in rupees."""
        return self.costs.round_trip(quantity)

    def margin(self, quantity: int) -> Decimal:
        """Return what the broker would block, in rupees, rounded up to the paisa."""
        return (self.margin_per_unit * quantity).quantize(_PAISA, rounding=ROUND_UP)


def before_asking(proposal: Proposal) -> Proposal:
    """Return the proposal as if it blocked nothing: how much could be traded is what is asked."""
    return replace(proposal, costs=ToldCosts(proposal.costs, Decimal(0)))


def question(decision: Decision) -> tuple[MarginLeg, ...]:
    """Return the legs to ask about, at the prices of their entries."""
    return tuple(
        MarginLeg(leg.instrument, leg.side, leg.quantity, leg.limit_price) for leg in decision.legs
    )


def after_asking(
    proposal: Proposal, about: Considered, told: MarginTold, promises: Promises
) -> Proposal:
    """Return the proposal with the broker's answer to what was asked, or with why there is none.

    Of what is free, what entries have been promised since, or just before, is no longer left.
    """
    if told.required_inr is None or told.free_inr is None:
        return replace(proposal, funds=Funds(Decimal(0), told.reason or "no answer"))
    asked_at = about.asked_at or told.at
    funds = Funds(told.free_inr, promised_inr=promises.margin_since(asked_at - _UNTOLD))
    costs = ToldCosts(proposal.costs, told.required_inr / about.asked)
    return replace(proposal, costs=costs, funds=funds)
