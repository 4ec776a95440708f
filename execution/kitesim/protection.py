"""How a protected market order rests: as a limit at its protected price, where that is wished.

The distances are in `price_limits.py`.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from execution.kitesim.order_form import OrderForm
from execution.kitesim.price_limits import automatic_protection, protected_price
from execution.kitesim.prices import Prices
from execution.orders import OrderType
from marketdata.instruments import Instrument

_RESTS_AS = {OrderType.MARKET: OrderType.LIMIT, OrderType.SL_M: OrderType.SL}


def as_protected(
    form: OrderForm, instrument: Instrument, prices: Prices
) -> tuple[OrderForm, tuple[str, ...]]:
    """Return the form as it rests and the tags the broker adds; other orders stay as they are.

    A stop is protected from its trigger, a market order from the last price; without a last price
    it stays a market order.
    """
    reference = form.trigger_price or prices.last(instrument)
    if form.order_type not in _RESTS_AS or reference is None or not form.market_protection:
        return form, ()
    asked, on = form.market_protection, prices.now.date()
    percent = automatic_protection(instrument, reference, on) if asked == -1 else asked
    price = protected_price(instrument, form.side, reference, percent, on)
    rests = replace(
        form,
        order_type=_RESTS_AS[form.order_type],
        price=price,
        market_protection=Decimal(0),
    )
    return rests, ("mktp", f"mktp:{percent:.2f}")
