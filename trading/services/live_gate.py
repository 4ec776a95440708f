"""The gate before LIVE: every item must be proven true; what isn't measured is not true.

Facts are gathered in `live_facts.py`; changing the mode is the business of `mode.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from risk.limits import RiskLimits

PHRASE = "CONFIRM LIVE TRADING"
BURN_IN_SESSIONS = 3
BURN_IN_AGE = timedelta(hours=36)
LEADER_CHANGES = 2
HEARTBEAT_SECONDS = 5.0
CLOCK_DRIFT_SECONDS = 2.0
FLATTEN_MS = 2000
TOKEN_AGE = timedelta(hours=24)
NO_SESSION = "none"
CANARY = {
    "risk_per_trade": Decimal("0.0025"),
    "heat": Decimal("0.01"),
    "daily_loss": Decimal("0.01"),
}
"""The most a first live session may risk, as fractions."""

STANDING = frozenset(
    {
        "live-adapter",
        "same-config",
        "clock-drift",
        "broker-token",
        "client-listed",
        "algo-id",
        "order-rate",
    }
)
"""Checks that must go on holding while the desk is LIVE; the others are of the moment of asking."""

NEVER_OVERRIDDEN = frozenset({0, 1, 5})
"""Items that no override skips: the adapter itself, who asks with what open, the broker's side."""


@dataclass(frozen=True, slots=True)
class OrderRate:
    """Orders a second: the desk's own budget, and the most that needs no algo id of its own."""

    budget: int
    allowed: int

    def __str__(self) -> str:
        return f"{self.budget} a second of {self.allowed}"


@dataclass(frozen=True, slots=True)
class Capital:
    """Rupees that limits are fractions of, as configured, and those that the account really has."""

    configured: Decimal
    funds: Decimal

    def __str__(self) -> str:
        return f"{self.configured:.2f} of {self.funds:.2f} INR at the broker"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFacts:
    """Everything the gate looks at; None where nobody has measured it.

    `burn_in_age`: since the newest session, days without trading left out. `heartbeat_age` and
    `clock_drift` in seconds, the largest of each. `paper_session`: the day's session that was
    opened on paper already, `NO_SESSION` for none. `flatten_ms`: the drill's. `live_sessions`: how
    many on real money passed before; the limits need not be canary ones after the first.
    """

    phrase: str
    is_operator: bool
    has_live_adapter: bool = False
    second_factor: bool | None = None
    open_positions: int | None = None
    working_orders: int | None = None
    broker_positions: int | None = None
    broker_orders: int | None = None
    paper_session: str | None = None
    burn_in_passed: int | None = None
    burn_in_age: timedelta | None = None
    same_config: bool | None = None
    same_code: bool | None = None
    clean_tree: bool | None = None
    lease_held: bool | None = None
    leader_changes: int | None = None
    heartbeat_age: float | None = None
    clock_drift: float | None = None
    duplicates: int | None = None
    orphans: int | None = None
    unreconciled: int | None = None
    flatten_ms: int | None = None
    token_age: timedelta | None = None
    egress_as_expected: bool | None = None
    algo_id_or_below: bool | None = None
    client_listed: bool | None = None
    order_rate: OrderRate | None = None
    capital: Capital | None = None
    limits: RiskLimits | None = None
    live_sessions: int | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """A written reason to go on in spite of failing checks; only an admin's counts."""

    reason: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class GateCheck:
    """What one check found; `item` is its number in the list of conditions."""

    item: int
    name: str
    passed: bool
    measured: str
    allowed: str


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """Whether LIVE may be entered, with every check, passed or not."""

    checks: tuple[GateCheck, ...]
    override: Override | None = None

    @property
    def failing(self) -> tuple[GateCheck, ...]:
        """Return the checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def opens(self) -> bool:
        """Say whether the gate opens: nothing fails, or nothing that an override may not skip."""
        if not self.failing:
            return True
        if self.override is None or not self.override.is_admin or not self.override.reason.strip():
            return False
        return all(check.item not in NEVER_OVERRIDDEN for check in self.failing)


@dataclass(frozen=True, slots=True)
class _Rule:
    item: int
    name: str
    allowed: str
    measure: Callable[[LiveFacts], Any]
    good: Callable[[Any], bool]

    def check(self, facts: LiveFacts) -> GateCheck:
        value = self.measure(facts)
        passed = value is not None and self.good(value)
        measured = "not measured" if value is None else _shown(value)
        return GateCheck(self.item, self.name, passed, measured, self.allowed)


@dataclass(frozen=True, slots=True)
class _FirstSession:
    limits: RiskLimits
    live_sessions: int

    def __str__(self) -> str:
        told = ", ".join(f"{name} {getattr(self.limits, name)}" for name in CANARY)
        return f"{told}; {self.live_sessions} live sessions before"


def evaluate(facts: LiveFacts, override: Override | None = None) -> GateVerdict:
    """Return the verdict on these facts; all checks are made whatever the others say."""
    return GateVerdict(tuple(rule.check(facts) for rule in _RULES), override)


def _is_true(value: object) -> bool:
    return value is True


def _none_of_it(value: int) -> bool:
    return value == 0


def _first_session(facts: LiveFacts) -> _FirstSession | None:
    if facts.limits is None or facts.live_sessions is None:
        return None
    return _FirstSession(facts.limits, facts.live_sessions)


def _within_canary(first: _FirstSession) -> bool:
    if first.live_sessions > 0:
        return True
    return all(getattr(first.limits, name) <= most for name, most in CANARY.items())


def _shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.2f}"
        case _:
            return str(value)


def _yes(item: int, names: Iterable[tuple[str, str]]) -> tuple[_Rule, ...]:
    return tuple(_Rule(item, name, "yes", _fact(fact), _is_true) for name, fact in names)


def _zero(item: int, names: Iterable[tuple[str, str]]) -> tuple[_Rule, ...]:
    return tuple(_Rule(item, name, "0", _fact(fact), _none_of_it) for name, fact in names)


def _fact(name: str) -> Callable[[LiveFacts], Any]:
    return lambda facts: getattr(facts, name)


_CANARY_TEXT = ", ".join(f"{name} at most {most}" for name, most in CANARY.items())
_CANARY_TEXT += " in the first live session"
_RULES: tuple[_Rule, ...] = (
    *_yes(0, [("live-adapter", "has_live_adapter")]),
    _Rule(1, "phrase", PHRASE, _fact("phrase"), lambda text: bool(text == PHRASE)),
    *_yes(1, [("operator-role", "is_operator"), ("second-factor", "second_factor")]),
    *_zero(1, [("open-positions", "open_positions"), ("working-orders", "working_orders")]),
    *_zero(1, [("broker-positions", "broker_positions"), ("broker-orders", "broker_orders")]),
    _Rule(
        1,
        "paper-session",
        "none today: a day stays as it was opened, so ask before 08:50",
        _fact("paper_session"),
        lambda session: bool(session == NO_SESSION),
    ),
    _Rule(
        2,
        "burn-in-sessions",
        f"{BURN_IN_SESSIONS} or more passed",
        _fact("burn_in_passed"),
        lambda passed: bool(passed >= BURN_IN_SESSIONS),
    ),
    _Rule(
        2,
        "burn-in-age",
        "36 hours or less",
        _fact("burn_in_age"),
        lambda age: bool(timedelta(0) <= age <= BURN_IN_AGE),
    ),
    *_yes(2, [("same-config", "same_config"), ("same-code", "same_code")]),
    *_yes(2, [("clean-tree", "clean_tree")]),
    *_yes(3, [("leader", "lease_held")]),
    _Rule(
        3,
        "leader-changes",
        f"{LEADER_CHANGES} or fewer",
        _fact("leader_changes"),
        lambda changes: bool(changes <= LEADER_CHANGES),
    ),
    _Rule(
        3,
        "heartbeats",
        "below 5 s",
        _fact("heartbeat_age"),
        lambda age: bool(0 <= age < HEARTBEAT_SECONDS),
    ),
    _Rule(
        3,
        "clock-drift",
        "2 s or less",
        _fact("clock_drift"),
        lambda drift: bool(abs(drift) <= CLOCK_DRIFT_SECONDS),
    ),
    *_zero(4, [("duplicates", "duplicates"), ("orphans", "orphans")]),
    *_zero(4, [("unreconciled", "unreconciled")]),
    _Rule(
        4,
        "flatten-drill",
        "above 0, at most 2000 ms",
        _fact("flatten_ms"),
        lambda taken: bool(0 < taken <= FLATTEN_MS),
    ),
    _Rule(
        5,
        "broker-token",
        "younger than 24 hours",
        _fact("token_age"),
        lambda age: bool(timedelta(0) <= age < TOKEN_AGE),
    ),
    *_yes(5, [("egress-address", "egress_as_expected"), ("algo-id", "algo_id_or_below")]),
    *_yes(5, [("client-listed", "client_listed")]),
    _Rule(
        5,
        "order-rate",
        "below what needs registration",
        _fact("order_rate"),
        lambda rate: bool(0 < rate.budget < rate.allowed),
    ),
    _Rule(
        5,
        "capital",
        "no more than is free at the broker",
        _fact("capital"),
        lambda capital: bool(capital.configured <= capital.funds),
    ),
    _Rule(6, "canary-limits", _CANARY_TEXT, _first_session, _within_canary),
)
