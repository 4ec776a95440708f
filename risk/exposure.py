"""What is at stake now: open risk per position, and the account around it.

Where positions and stops come from is the engine's ledger; what is allowed is `limits.py`.
"""

from __future__ import annotations

from decimal import Decimal
from operator import attrgetter

from msgspec import Struct

from strategies.direction import Direction

_NOTHING = Decimal(0)
_RISK, _MARGIN = attrgetter("risk_inr"), attrgetter("margin_inr")


class OpenRisk(Struct, frozen=True, gc=False):
    """One position, or an entry that still works, which counts as if it had filled.

    `direction` is the opinion on the underlying (a bought put is SHORT). `quantity` in units;
    `margin_inr` what the broker blocks for it; `risk_inr` what its stop would cost, charges
    included, never negative (see `risk_at_stop`).
    """

    key: str
    underlying: str
    strategy: str
    direction: Direction
    quantity: int
    margin_inr: Decimal
    risk_inr: Decimal
    working: bool

    def __post_init__(self) -> None:
        if self.quantity < 0 or self.margin_inr < 0 or self.risk_inr < 0:
            named = ("quantity", "margin_inr", "risk_inr")
            name, value = next((n, v) for n in named if (v := getattr(self, n)) < 0)
            raise ValueError(f"{name}: {value} of {self.key}, expected 0 or more")


class Exposure(Struct, frozen=True, gc=False):
    """The account at one moment, in rupees.

    `equity_inr` is what limits are fractions of, `day_start_equity_inr` what the daily loss is a
    fraction of. `realised_inr` and `unrealised_inr` are the day's, net of charges.
    """

    equity_inr: Decimal
    day_start_equity_inr: Decimal
    realised_inr: Decimal
    unrealised_inr: Decimal
    open: tuple[OpenRisk, ...]

    @property
    def heat_inr(self) -> Decimal:
        """Return what all stops together would cost."""
        return sum(map(_RISK, self.open), _NOTHING)

    @property
    def margin_inr(self) -> Decimal:
        """Return the margin in use, working entries included."""
        return sum(map(_MARGIN, self.open), _NOTHING)

    @property
    def profit_of_day_inr(self) -> Decimal:
        """Return the day's profit so far, negative for a loss."""
        return self.realised_inr + self.unrealised_inr

    @property
    def count(self) -> int:
        """Return the number of positions and working entries."""
        return len(self.open)

    def count_of(self, strategy: str) -> int:
        """Return how many of them `strategy` holds."""
        return [risk.strategy for risk in self.open].count(strategy)

    def on(self, underlying: str) -> tuple[OpenRisk, ...]:
        """Return those on `underlying`."""
        return tuple([risk for risk in self.open if risk.underlying == underlying])


class Held(Struct, frozen=True, gc=False):
    """What is held: `direction` of the contract itself, units, and the mean price paid for it."""

    direction: Direction
    quantity: int
    average_entry: Decimal


def risk_at_stop(
    held: Held, stop: Decimal, *, exit_costs_inr: Decimal, slippage: Decimal
) -> Decimal:
    """Return what being stopped out would cost from the entry on, in rupees, never negative.

    `slippage` in rupees a unit beyond the stop; `exit_costs_inr` for the whole quantity. A stop
    at break-even leaves slippage and costs; one that locks in more than these leaves 0.
    """
    lost = (held.average_entry - stop) * held.direction + slippage
    return max(_NOTHING, lost * held.quantity + exit_costs_inr)
