"""How much may be risked: one value holding every limit of the gate, checked when it is made.

Equity is no limit and is given at run time; hours live in `hours.py`, ways out in `exits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum

from marketdata.instruments import Segment

_SHARES = (
    "risk_per_trade",
    "heat",
    "daily_loss",
    "margin_share",
    "equity_share_per_position",
    "max_spread",
    "underlying_share",
    "direction_share",
    "strategy_share",
    "correlated_share",
    "correlated_from",
    "max_correlation",
    "expiry_day_risk",
    "foreign_move",
)
_COUNTS = (
    "max_lots",
    "max_positions",
    "max_positions_per_strategy",
    "max_positions_per_underlying",
    "max_new_per_underlying",
    "max_losses_in_row",
    "max_losses_in_row_strategy",
    "max_order_to_trade",
)

_BY_NAME = (
    "daily_loss_action",
    "strategy_shares",
    "groups",
    "spread_by_segment",
    "stale_by_segment",
)

_INDICES = ("BANKEX", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTY", "NIFTYNXT50", "SENSEX")
"""Underlyings of index contracts: made of each other's shares, so they fall together."""


class DailyLossAction(StrEnum):
    """What the desk does once the day's loss has reached its limit.

    FLATTEN: everything is closed, and the desk is locked until a person unlocks it. NO_ENTRIES:
    what works of entries is cancelled and nothing is entered any more that day; what is held stays
    with its own exits.
    """

    FLATTEN = "FLATTEN"
    NO_ENTRIES = "NO_ENTRIES"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """The limits of one account.

    Fractions, above 0 and at most 1: `risk_per_trade` and `heat` of equity, `daily_loss` of the
    day's first equity (`daily_loss_action` then follows), `margin_share` the part of equity that
    margin may use, `equity_share_per_position` the value of shares in one position, `max_spread` of
    the middle price. `max_lots` holds for derivatives only. A position is counted whatever its
    size, an entry that still works included; `max_new_per_underlying` is per scan cycle, and
    `max_positions_per_strategy` holds besides the strategy's own number.

    `slippage_ticks` and `slippage_share` (of the stop's price) are allowed for beyond the stop,
    whichever is more; `gap_share` adds this part of the distance to the stop. `chase_ticks` lie
    between the touch and the entry's limit. `stale_after_seconds`: the oldest price an entry may
    rest on. `spread_by_segment` and `stale_by_segment` say otherwise for CASH, FUTURES or OPTIONS.
    `require_quote`: refuse where there is no bid or ask; else the last price stands in.
    `physical_expiry_days`: no new position in a contract settled by delivery that expires within
    this many days. `naked_short_live`: whether options may be sold without hedges for real money.

    Parts of the heat: `underlying_share` for one underlying in one direction, `direction_share`
    for everything in one direction, `strategy_share` for one strategy unless `strategy_shares`
    names its own, `correlated_share` for all that moves with a new trade and the same way: its own
    underlying, those that one of `groups` (names of underlyings, by the group's name) names beside
    it, and those measured to correlate by `correlated_from` or more, 1 for none. `max_correlation`:
    with anything held on another underlying. `depth_share`: the
    size over what the best quotes show. After `max_losses_in_row` of the desk, or
    `max_losses_in_row_strategy` of a strategy, its entries rest for `cool_down_minutes` after the
    last. `max_order_to_trade`: orders, changes and cancels for each trade, judged from
    `order_to_trade_from` of them on. In a contract that expires today a trade may risk
    `expiry_day_risk` of its usual budget, and none begins in the last `expiry_day_last_minutes`
    before the desk must be flat. `account_stale_after_seconds`: the oldest agreement of the real
    broker's book with ours. `foreign_move`: the part of its value that a position of somebody else
    in the same account is taken to put at risk.
    """

    risk_per_trade: Decimal = Decimal("0.005")
    heat: Decimal = Decimal("0.02")
    daily_loss: Decimal = Decimal("0.025")
    daily_loss_action: DailyLossAction = DailyLossAction.FLATTEN
    max_lots: int = 3
    equity_share_per_position: Decimal = Decimal("0.20")
    max_positions: int = 5
    max_positions_per_strategy: int = 3
    max_positions_per_underlying: int = 1
    max_new_per_underlying: int = 1
    margin_share: Decimal = Decimal("0.8")
    slippage_ticks: int = 2
    slippage_share: Decimal = Decimal("0.0001")
    gap_share: Decimal = Decimal("0.05")
    chase_ticks: int = 2
    stale_after_seconds: float = 5.0
    max_spread: Decimal = Decimal("0.005")
    spread_by_segment: Mapping[str, Decimal] = field(default_factory=dict)
    stale_by_segment: Mapping[str, float] = field(default_factory=dict)
    require_quote: bool = True
    physical_expiry_days: int = 4
    naked_short_live: bool = False
    underlying_share: Decimal = Decimal("0.5")
    direction_share: Decimal = Decimal(1)
    strategy_share: Decimal = Decimal("0.75")
    strategy_shares: Mapping[str, Decimal] = field(default_factory=dict)
    correlated_share: Decimal = Decimal("0.75")
    correlated_from: Decimal = Decimal("0.7")
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"indices": _INDICES})
    max_correlation: Decimal = Decimal("0.95")
    depth_share: Decimal = Decimal(1)
    max_losses_in_row: int = 6
    max_losses_in_row_strategy: int = 5
    cool_down_minutes: int = 30
    max_order_to_trade: Decimal = Decimal(50)
    order_to_trade_from: int = 100
    expiry_day_risk: Decimal = Decimal(1)
    expiry_day_last_minutes: int = 30
    account_stale_after_seconds: float = 60.0
    foreign_move: Decimal = Decimal("0.02")

    def __post_init__(self) -> None:
        for name in _SHARES:
            _check(name, getattr(self, name), 0 < getattr(self, name) <= 1, "above 0, at most 1")
        for name in _COUNTS:
            _check(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")
        for item in fields(self):
            if item.name not in (*_SHARES, *_COUNTS, *_BY_NAME):
                value = getattr(self, item.name)
                _check(item.name, value, value >= 0, "0 or more")
        for strategy, share in self.strategy_shares.items():
            _check(f"strategy_shares.{strategy}", share, 0 < share <= 1, "above 0, at most 1")
        _check_segments("spread_by_segment", self.spread_by_segment, 1)
        _check_segments("stale_by_segment", self.stale_by_segment, 86_400)
        for group, names in self.groups.items():
            _check(f"groups.{group}", names, len(set(names)) > 1, "two underlyings or more")
        if self.risk_per_trade > self.heat:
            raise ValueError(
                f"heat: {self.heat} is below risk_per_trade {self.risk_per_trade}, "
                "expected room for one trade"
            )

    @property
    def daily_loss_flattens(self) -> bool:
        """Say whether the desk is closed and locked once the day's loss has reached its limit."""
        return self.daily_loss_action is DailyLossAction.FLATTEN

    def trade_budget_inr(self, equity_inr: Decimal) -> Decimal:
        """Return what one trade may lose, costs included."""
        return equity_inr * self.risk_per_trade

    def heat_budget_inr(self, equity_inr: Decimal) -> Decimal:
        """Return what all open positions together may lose at their stops."""
        return equity_inr * self.heat

    def beyond_stop_inr(self, stop: Decimal, tick: Decimal, distance: Decimal) -> Decimal:
        """Return what leaving at a stop is allowed to cost beyond it: slippage, and a gap.

        Rupees a unit. `tick`: of all legs of a unit together; `distance`: rupees from the stop to
        the entry, below 0 where the stop locks something in.
        """
        slippage = max(self.slippage_ticks * tick, self.slippage_share * abs(stop))
        return slippage + max(Decimal(0), distance) * self.gap_share

    def share_of(self, strategy: str) -> Decimal:
        """Return the part of the heat that a strategy may take."""
        return self.strategy_shares.get(strategy, self.strategy_share)

    def spread_of(self, segment: Segment) -> Decimal:
        """Return the widest spread of what is traded there, a fraction of the middle."""
        return self.spread_by_segment.get(segment, self.max_spread)

    def stale_after(self, segment: Segment) -> float:
        """Return the oldest price of what is traded there that an entry may rest on, in seconds."""
        return self.stale_by_segment.get(segment, self.stale_after_seconds)

    def group_of(self, one: str, other: str) -> str:
        """Return the name of the first group that holds both underlyings, empty for none."""
        both = (name for name, members in self.groups.items() if {one, other} <= set(members))
        return next(both, "")

    def daily_loss_inr(self, day_start_equity_inr: Decimal) -> Decimal:
        """Return the loss of a day at which trading ends, as a positive number."""
        return day_start_equity_inr * self.daily_loss

    def margin_budget_inr(self, equity_inr: Decimal) -> Decimal:
        """Return the margin that all positions together may use."""
        return equity_inr * self.margin_share


def _check(name: str, value: object, good: bool, expected: str) -> None:
    if not good:
        raise ValueError(f"{name}: {value}, expected {expected}")


def _check_segments(name: str, limits: Mapping[str, Decimal | float], most: int) -> None:
    known = ", ".join(Segment)
    for segment, limit in limits.items():
        _check(f"{name}.{segment}", limit, segment in set(Segment), f"a segment of {known}")
        _check(f"{name}.{segment}", limit, 0 < limit <= most, f"above 0, at most {most}")
