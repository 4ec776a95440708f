"""What a modification makes of an order, and why it may be refused.

Moving the order along is `order_path.py`.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from execution.broker import Refused
from execution.kitesim.answers import bad_input
from execution.kitesim.order_form import ChangeForm, OrderForm
from execution.kitesim.order_row import OrderRow
from execution.kitesim.refusals import not_changeable
from execution.market_rules import ExchangeSettings, refuse_order, refuse_trigger
from execution.orders import PRICED, STOPS, OrderChange, OrderRequest


def changed_form(form: OrderForm, change: ChangeForm) -> OrderForm:
    """Return the form as it rests once it is changed. Raises `KiteError` where that can't be."""
    if change.lasting is not None and change.lasting is not form.lasting:
        raise bad_input("Order validity cannot be modified.")
    order_type = change.order_type or form.order_type
    price = change.price if change.price is not None else form.price
    trigger = change.trigger_price if change.trigger_price is not None else form.trigger_price
    if order_type in PRICED and not price:
        raise bad_input(f"Price is required for {order_type} orders.")
    if order_type in STOPS and not trigger:
        raise bad_input(f"Trigger price is required for {order_type} orders.")
    return replace(
        form,
        order_type=order_type,
        quantity=change.quantity or form.quantity,
        price=price if order_type in PRICED else None,
        trigger_price=trigger if order_type in STOPS else None,
        market_protection=change.market_protection or form.market_protection,
        disclosed_quantity=form.disclosed_quantity
        if change.disclosed_quantity is None
        else change.disclosed_quantity,
    )


def order_change(row: OrderRow, form: OrderForm) -> OrderChange:
    """Return what the exchange is told so that `form` rests."""
    return OrderChange(
        quantity=row.sent_quantity + form.quantity - row.form.quantity,
        price=form.price,
        trigger_price=form.trigger_price,
        order_type=form.order_type,
        market_protection=form.market_protection or None,
    )


def refuse_change(
    row: OrderRow, request: OrderRequest, settings: ExchangeSettings, last: Decimal | None
) -> None:
    """Raise `KiteError` where a changed order may not rest; `request` is what it would be."""
    if row.modifications >= settings.max_modifications:
        raise bad_input("Maximum allowed order modifications exceeded.")
    if request.quantity <= row.filled:
        raise bad_input(f"Quantity {request.quantity} is not above the {row.filled} filled.")
    is_moved = request.trigger_price not in (None, row.form.trigger_price)
    if is_moved and row.triggered:
        raise not_changeable("The order is triggered already, its trigger can't be modified.")
    refuse_request(request, settings, last if is_moved else None)


def refuse_request(request: OrderRequest, settings: ExchangeSettings, last: Decimal | None) -> None:
    """Raise `KiteError` where an order breaks a rule of its exchange; limits are judged later.

    `last`: the last price that a stop's trigger has to lie beyond, None to leave that out.
    """
    item = replace(request.instrument, freeze_quantity=None)
    try:
        refuse_order(replace(request, instrument=item), settings, None)
        refuse_trigger(request, last)
    except Refused as error:
        raise bad_input(str(error)) from error
