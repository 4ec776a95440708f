"""Everything the engine can wish for or want remembered; what comes in is in `events.py`.

Wishes are carried out by the runner, in order. Notes are journalled and projected into rows by
the recorder; their fields are plain values, so that a note reads the same in the journal, in the
database and on the page. Codes (`signal_id` and so on) are unique within one run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from execution.orders import OrderChange, OrderRequest
from trading.engine.ranking_noted import RankingNoted as RankingNoted


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Send this order once; its intent is flushed to the journal before it leaves."""

    at: datetime
    request: OrderRequest


@dataclass(frozen=True, slots=True)
class ModifyOrder:
    """Change a resting order; `number` counts the changes of that order, from 1."""

    at: datetime
    client_id: str
    change: OrderChange
    number: int = 0


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel a resting order."""

    at: datetime
    client_id: str


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Fire `TimerFired(key)` at `due`; a second timer of the same key replaces the first."""

    at: datetime
    due: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """One feature's part in a score: `contribution` = `weight` x `normalised`."""

    feature: str
    raw: float
    normalised: float
    weight: float
    contribution: float


@dataclass(frozen=True, slots=True)
class PenaltyNote:
    """One penalty: the score is multiplied by `factor` because `measured` passed `threshold`."""

    name: str
    factor: float
    measured: float
    threshold: float


@dataclass(frozen=True, slots=True)
class SignalNoted:
    """An opinion, with its score and what became of it (`why_not` is empty for one that went on).

    `instrument` is what the opinion is about, `traded` what would be traded. Prices in rupees of
    `instrument`.
    """

    at: datetime
    signal_id: str
    setup_key: str
    strategy: str
    instrument: str
    traded: str
    direction: int
    entry: float
    stop: float
    target1: float
    target2: float
    confidence: float
    valid_until: datetime
    features: tuple[tuple[str, float], ...]
    score: float
    rank: int
    contributions: tuple[Contribution, ...]
    penalties: tuple[PenaltyNote, ...]
    why_not: str


@dataclass(frozen=True, slots=True)
class VerdictNote:
    """What one rule said: `measured` against `allowed` in `unit`; every rule is always asked."""

    rule: str
    passed: bool
    measured: str
    allowed: str
    unit: str
    detail: str


@dataclass(frozen=True, slots=True)
class DecisionNoted:
    """The gate's answer to one opinion. `quantity` in units; `plan_id` is empty when refused."""

    at: datetime
    decision_id: str
    signal_id: str
    approved: bool
    refusals: tuple[str, ...]
    verdicts: tuple[VerdictNote, ...]
    quantity: int
    risk_inr: Decimal
    heat_before_inr: Decimal
    heat_after_inr: Decimal
    expected_costs_inr: Decimal
    margin_inr: Decimal
    plan_id: str


@dataclass(frozen=True, slots=True)
class LegNote:
    """One leg of a plan; `limit_price` is where its entry order was to be sent."""

    instrument: str
    side: str
    quantity: int
    limit_price: Decimal


@dataclass(frozen=True, slots=True)
class PlanNoted:
    """A plan made from an approved decision, with its way out; prices of the traded contract.

    Of several legs the prices are of their net value, and each leg is noted as a plan of its own
    under the same decision, its levels None where it has none.
    """

    at: datetime
    plan_id: str
    decision_id: str
    strategy: str
    direction: int
    legs: tuple[LegNote, ...]
    entry: float
    stop: float | None
    target1: float | None
    target2: float | None


@dataclass(frozen=True, slots=True)
class CombinationNoted:
    """A plan of several legs: which plans are its legs, and what it can come to at expiry.

    `legs`: the codes of the legs' own plans, in the order of the plan's legs. Rupees a unit of the
    net value; None where unlimited or unknown. Greeks are sums over one unit.
    """

    at: datetime
    plan_id: str
    kind: str
    legs: tuple[str, ...]
    max_loss: float | None
    max_profit: float | None
    break_evens: tuple[float, ...]
    probability_of_profit: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None


@dataclass(frozen=True, slots=True)
class PlanMoved:
    """A plan's position state changed: PENDING_ENTRY, OPEN, PARTLY_CLOSED, CLOSING, CLOSED, …"""

    at: datetime
    plan_id: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderNoted:
    """An order as it stands after something happened to it; `event` names what happened."""

    at: datetime
    client_id: str
    broker_id: str
    plan_id: str
    role: str
    instrument: str
    side: str
    order_type: str
    product: str
    validity: str
    quantity: int
    price: Decimal | None
    trigger_price: Decimal | None
    state: str
    filled_quantity: int
    average_price: Decimal | None
    modifications: int
    event: str
    reason: str


@dataclass(frozen=True, slots=True)
class FillNoted:
    """A trade, booked once. `expected_price` is what the decision was made on, for slippage."""

    at: datetime
    trade_id: str
    client_id: str
    broker_id: str
    plan_id: str
    instrument: str
    side: str
    quantity: int
    price: Decimal
    expected_price: Decimal | None


@dataclass(frozen=True, slots=True)
class PositionNoted:
    """A position after a change. `quantity` is signed units; `protected` is what stops rest for.

    `gross` is realised profit before charges, `charges` what its orders cost so far, in rupees.
    """

    at: datetime
    position_id: str
    plan_id: str
    strategy: str
    instrument: str
    direction: int
    quantity: int
    opened_quantity: int
    average_entry: Decimal | None
    average_exit: Decimal | None
    stop: Decimal | None
    protected: int
    gross: Decimal
    charges: Decimal
    mae_r: float
    mfe_r: float
    state: str
    exit_reason: str
    opened_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class LedgerNoted:
    """One booking on the account. `kind`: START, REALISED or a charge line; `balance` follows."""

    at: datetime
    entry_id: str
    kind: str
    plan_id: str
    client_id: str
    amount: Decimal
    balance: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class EquityNoted:
    """The account once a minute and at the end, in rupees; `heat` is the sum of open risk."""

    at: datetime
    balance: Decimal
    unrealised: Decimal
    equity: Decimal
    heat: Decimal
    open_positions: int


@dataclass(frozen=True, slots=True)
class RiskNoted:
    """Something the operator must be able to find again: a breach, a fault, a change of state."""

    at: datetime
    kind: str
    severity: str
    text: str
    measured: str
    allowed: str


@dataclass(frozen=True, slots=True)
class AlertNoted:
    """A message for the operator's attention; routed and delivered outside the engine."""

    at: datetime
    kind: str
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class StateNoted:
    """The trading state after a change, and every reason that blocks entries."""

    at: datetime
    state: str
    blocked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommandDone:
    """What became of an operator's command."""

    at: datetime
    command_id: int
    outcome: str
    text: str


Wish = PlaceOrder | ModifyOrder | CancelOrder | SetTimer
Note = (
    SignalNoted
    | RankingNoted
    | DecisionNoted
    | PlanNoted
    | CombinationNoted
    | PlanMoved
    | OrderNoted
    | FillNoted
    | PositionNoted
    | LedgerNoted
    | EquityNoted
    | RiskNoted
    | AlertNoted
    | StateNoted
    | CommandDone
)
Action = Wish | Note
