"""How much: the most whole lots that stay inside every cap, and the name of the cap that binds.

Whether the trade may be made at all is decided by the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from risk.exposure import Exposure
from risk.limits import RiskLimits
from risk.proposal import CostModel


class Stake(Struct, frozen=True, gc=False):
    """What one unit puts at stake.

    `price`: worst entry in rupees. `loss_per_unit`: from there to beyond the stop, slippage
    included, above 0. `is_share`: capped by value instead of by lots. `liquidity` in units or
    None. `room`: further budgets by name, with the rupees that may still be risked under each.
    `free_inr`: the margin that the broker has free, None where it wasn't asked.
    """

    lot_size: int
    is_share: bool
    price: Decimal
    loss_per_unit: Decimal
    liquidity: int | None
    room: tuple[tuple[str, Decimal], ...] = ()
    free_inr: Decimal | None = None

    def __post_init__(self) -> None:
        if self.lot_size <= 0 or self.price <= 0 or self.loss_per_unit <= 0:
            named = ("lot_size", "price", "loss_per_unit")
            name, value = next((n, v) for n in named if (v := getattr(self, n)) <= 0)
            raise ValueError(f"{name}: {value}, expected above 0")


class Sizing(Struct, frozen=True, gc=False):
    """Units to trade, what each cap would have allowed, and which cap was the smallest.

    A cap of money is only looked for up to the first cap (lots or equity share), so it is told as
    that number where it would allow more. `quantity` 0 means that not even one lot fits.
    """

    quantity: int
    caps: tuple[tuple[str, int], ...]
    binding: str


class PricedOnce:
    """A cost model that works out what each quantity costs, and blocks, once."""

    def __init__(self, costs: CostModel) -> None:
        self._costs = costs
        self._round_trips: dict[int, Decimal] = {}
        self._margins: dict[int, Decimal] = {}

    def round_trip(self, quantity: int) -> Decimal:
        """Return the charges of entry and exit together, in rupees."""
        known = self._round_trips.get(quantity)
        if known is None:
            known = self._round_trips[quantity] = self._costs.round_trip(quantity)
        return known

    def margin(self, quantity: int) -> Decimal:
        """Return what the broker would block, in rupees."""
        known = self._margins.get(quantity)
        if known is None:
            known = self._margins[quantity] = self._costs.margin(quantity)
        return known


def risk_of(stake: Stake, costs: CostModel, quantity: int) -> Decimal:
    """Return what being stopped out of `quantity` units would cost, charges included."""
    return stake.loss_per_unit * quantity + costs.round_trip(quantity)


def size(stake: Stake, exposure: Exposure, costs: CostModel, limits: RiskLimits) -> Sizing:
    """Return the units to trade: the smallest cap, in whole lots; at a limit still fits.

    Caps: lots (derivatives) or share of equity (shares), risk of the trade, heat left, margin
    left, liquidity, and every other budget tighter than that of the trade. Of equal caps the
    first named binds.
    """
    name, ceiling = _ceiling(stake, exposure, limits)
    equity = exposure.equity_inr
    heat_left = limits.heat_budget_inr(equity) - exposure.heat_inr
    margin_left = _margin_left(stake, exposure, limits)
    budget = limits.trade_budget_inr(equity)

    def largest(fits: Callable[[int], bool]) -> int:
        return _largest(stake.lot_size, ceiling, fits)

    def within(rupees: Decimal) -> int:
        return largest(lambda quantity: risk_of(stake, costs, quantity) <= rupees)

    caps = [
        (name, ceiling * stake.lot_size),
        ("risk", within(budget)),
        ("heat", within(heat_left)),
        ("margin", largest(lambda quantity: costs.margin(quantity) <= margin_left)),
    ]
    for tighter, left in stake.room:
        if left < budget:
            caps.append((tighter, within(left)))
    if stake.liquidity is not None:
        caps.append(("liquidity", max(0, stake.liquidity) // stake.lot_size * stake.lot_size))
    binding, quantity = min(caps, key=lambda cap: cap[1])
    return Sizing(quantity, tuple(caps), binding)


def _margin_left(stake: Stake, exposure: Exposure, limits: RiskLimits) -> Decimal:
    """Return the margin that may still be used, and no more than the broker says is free."""
    left = limits.margin_budget_inr(exposure.equity_inr) - exposure.margin_inr
    return left if stake.free_inr is None else min(left, stake.free_inr)


def _ceiling(stake: Stake, exposure: Exposure, limits: RiskLimits) -> tuple[str, int]:
    """Return the name and the lots of the cap that needs no search."""
    if not stake.is_share:
        return "lots", limits.max_lots
    value = max(Decimal(0), exposure.equity_inr) * limits.equity_share_per_position
    return "equity-share", int(value // (stake.price * stake.lot_size))


def _largest(lot_size: int, ceiling: int, fits: Callable[[int], bool]) -> int:
    """Return the most units, up to `ceiling` lots, for which `fits` holds; 0 if for none.

    What fits less fits nothing above it.
    """
    if ceiling > 0 and fits(ceiling * lot_size):
        return ceiling * lot_size
    low, high = 0, max(ceiling - 1, 0)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle * lot_size):
            low = middle
        else:
            high = middle - 1
    return low * lot_size
