"""Everything the engine can wish for or want remembered; what comes in is in `events.py`.

Wishes are carried out by the runner, in order. Notes are journalled and projected into rows by
the recorder; their fields are plain values, so that a note reads the same in the journal, in the
database and on the page. Codes (`signal_id` and so on) are unique within one run.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from execution.margins import MarginLeg
from execution.orders import OrderChange, OrderRequest
from strategies.opportunities import Contribution as Contribution
from strategies.opportunities import Penalty as Penalty
from trading.engine.ranking_noted import RankingNoted as RankingNoted


class PlaceOrder(Struct, frozen=True, gc=False):
    """Send this order once; its intent is flushed to the journal before it leaves."""

    at: datetime
    request: OrderRequest


class ModifyOrder(Struct, frozen=True, gc=False):
    """Change a resting order; `number` counts the changes of that order, from 1."""

    at: datetime
    client_id: str
    change: OrderChange
    number: int = 0


class CancelOrder(Struct, frozen=True, gc=False):
    """Cancel a resting order."""

    at: datetime
    client_id: str


class AskMargin(Struct, frozen=True, gc=False):
    """Ask the broker what legs would block together; it is answered by `MarginTold(code)`."""

    at: datetime
    code: str
    legs: tuple[MarginLeg, ...]


class SetTimer(Struct, frozen=True, gc=False):
    """Fire `TimerFired(key)` at `due`; a second timer of the same key replaces the first."""

    at: datetime
    due: datetime
    key: str


class SignalNoted(Struct, frozen=True, gc=False):
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
    penalties: tuple[Penalty, ...]
    why_not: str


class VerdictNote(Struct, frozen=True, gc=False):
    """What one rule said: `measured` against `allowed` in `unit`; every rule is always asked."""

    rule: str
    passed: bool
    measured: str
    allowed: str
    unit: str
    detail: str


class DecisionNoted(Struct, frozen=True, gc=False):
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


class LegNote(Struct, frozen=True, gc=False):
    """One leg of a plan; `limit_price` is where its entry order was to be sent."""

    instrument: str
    side: str
    quantity: int
    limit_price: Decimal


class PlanNoted(Struct, frozen=True, gc=False):
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


class LegReadingNote(Struct, frozen=True, gc=False):
    """What the market said of a leg when it was chosen; rupees, None where unknown.

    `touch`: what entering it paid then. `volatility`: a year. Greeks are those of one unit bought.
    """

    mid: float | None
    touch: float | None
    volatility: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None


class CombinationNoted(Struct, frozen=True, gc=False):
    """A plan of several legs: which plans are its legs, and what it can come to at expiry.

    `legs`: the codes of the legs' own plans, in the order of the plan's legs; `readings`: what each
    was chosen at, empty where that is not known. Rupees a unit of the net value; None where
    unlimited or unknown. Greeks are sums over one unit.
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
    readings: tuple[LegReadingNote, ...] = ()


class CombinationMeasured(Struct, frozen=True, gc=False):
    """Where the net value of a plan of several legs is measured from, and how far it has been.

    Told when all legs are in, when the stop moves, and at the end. `entry`, `stop`: rupees a unit;
    `mae_r`, `mfe_r`: farthest against and for the plan, in units of its first risk.
    """

    at: datetime
    plan_id: str
    entry: float
    stop: float
    mae_r: float
    mfe_r: float


class PlanMoved(Struct, frozen=True, gc=False):
    """A plan's position state changed: PENDING_ENTRY, OPEN, PARTLY_CLOSED, CLOSING, CLOSED, …"""

    at: datetime
    plan_id: str
    state: str
    reason: str


class OrderNoted(Struct, frozen=True, gc=False):
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


class FillNoted(Struct, frozen=True, gc=False):
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


class PositionNoted(Struct, frozen=True, gc=False):
    """A position after a change. `quantity` is signed units; `protected` is what stops and exits
    have been asked for, whether or not the broker has confirmed them.

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


class LedgerNoted(Struct, frozen=True, gc=False):
    """One booking on the account. `kind`: START, REALISED or a charge line; `balance` follows."""

    at: datetime
    entry_id: str
    kind: str
    plan_id: str
    client_id: str
    amount: Decimal
    balance: Decimal
    text: str


class EquityNoted(Struct, frozen=True, gc=False):
    """The account once a minute and at the end, in rupees; `heat` is the sum of open risk."""

    at: datetime
    balance: Decimal
    unrealised: Decimal
    equity: Decimal
    heat: Decimal
    open_positions: int


class RiskNoted(Struct, frozen=True, gc=False):
    """Something the operator must be able to find again: a breach, a fault, a change of state."""

    at: datetime
    kind: str
    severity: str
    text: str
    measured: str
    allowed: str


class AlertNoted(Struct, frozen=True, gc=False):
    """A message for the operator's attention; routed and delivered outside the engine."""

    at: datetime
    kind: str
    severity: str
    text: str


class StateNoted(Struct, frozen=True, gc=False):
    """The trading state after a change, and every reason that blocks entries."""

    at: datetime
    state: str
    blocked_by: tuple[str, ...]


class CommandDone(Struct, frozen=True, gc=False):
    """What became of an operator's command."""

    at: datetime
    command_id: int
    outcome: str
    text: str


Wish = PlaceOrder | ModifyOrder | CancelOrder | AskMargin | SetTimer
Note = (
    SignalNoted
    | RankingNoted
    | DecisionNoted
    | PlanNoted
    | CombinationNoted
    | CombinationMeasured
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
