"""The risk checks of a broker: an order held against the money, the shares and the market now.

What each check says is `refusals.py`; the arithmetic of money is `funds.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from execution.kitesim.funds import Money, money, needed_for, sellable
from execution.kitesim.order_row import OrderRow
from execution.kitesim.portfolio import Portfolio
from execution.kitesim.prices import Prices
from execution.kitesim.refusals import Rejection, Surroundings, rejection, stop_rejection
from execution.kitesim.settings import SimSettings
from execution.orders import OrderRequest, Product


class Checks:
    """Judges orders of one account."""

    def __init__(
        self,
        prices: Prices,
        settings: SimSettings,
        portfolio: Portfolio,
        working: Callable[[], Sequence[OrderRow]],
    ) -> None:
        """`working`: the orders that are not final."""
        self._prices = prices
        self._settings = settings
        self._portfolio = portfolio
        self._working = working

    def money(self) -> Money:
        """Return where the account's money is now."""
        return money(self._settings.cash, self._portfolio, self._working(), self._prices)

    def needed(self, request: OrderRequest) -> Decimal:
        """Return the rupees an order blocks while it works."""
        return needed_for(request, self._portfolio, self._working(), self._prices)

    def found(self, request: OrderRequest) -> Rejection | None:
        """Return what speaks against an order, or None."""
        return rejection(request, self._around(request))

    def found_in_stop(self, request: OrderRequest) -> Rejection | None:
        """Return what speaks against a stop's limit in the moment it is triggered, or None."""
        return stop_rejection(request, self._around(request))

    def _around(self, request: OrderRequest) -> Surroundings:
        item, working = request.instrument, self._working()
        others = [row for row in working if row.order_id != request.client_id]
        free = money(self._settings.cash, self._portfolio, others, self._prices).left
        return Surroundings(
            on=self._prices.now.date(),
            last=self._prices.last(item),
            circuit=self._prices.circuit(item),
            needed=self.needed(request),
            available=free,
            sellable=sellable(item, self._portfolio.of(item.key, Product.CNC), others),
            has_price_protection=self._settings.checks_price_protection,
        )
