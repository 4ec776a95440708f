"""Orders as they stand. What happened to them is in `order_event.py`, their trades in `fill.py`."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from execution.orders import OrderState, OrderType, Product, Role, Side, Validity
from trading.models.base import RunRow, choices_of, money, one_of

FINAL = tuple(state.value for state in OrderState if state.is_final)
"""States in which nothing more is expected of an order."""


class Order(RunRow):
    """One order; `client_id` is ours and unique for ever, `fencing_token` the lease it was under.

    `at` is the moment of its last change, `planned_at` of the intent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.CharField(max_length=20, unique=True)
    broker_id = models.CharField(max_length=40, blank=True, db_index=True)
    fencing_token = models.PositiveBigIntegerField()
    plan = models.ForeignKey("trading.Plan", models.PROTECT, null=True, related_name="orders")
    role = models.CharField(max_length=6, choices=choices_of(Role))
    instrument = models.ForeignKey("trading.Instrument", models.PROTECT, related_name="+")
    side = models.CharField(max_length=4, choices=choices_of(Side))
    order_type = models.CharField(max_length=6, choices=choices_of(OrderType))
    product = models.CharField(max_length=4, choices=choices_of(Product))
    validity = models.CharField(max_length=3, choices=choices_of(Validity))
    quantity = models.PositiveIntegerField()
    price = money(null=True)
    trigger_price = money(null=True)
    state = models.CharField(max_length=9, choices=choices_of(OrderState))
    filled_quantity = models.PositiveIntegerField(default=0)
    average_price = money(null=True)
    modifications = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)
    planned_at = models.DateTimeField()

    class Meta:
        ordering = ["run_id", "planned_at", "client_id"]
        indexes = [models.Index(fields=["run", "state"], name="order_run_state")]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_quantity_above_0"),
            models.CheckConstraint(
                condition=Q(filled_quantity__lte=F("quantity")), name="order_not_overfilled"
            ),
            models.CheckConstraint(
                condition=Q(client_id__regex=r"^[A-Za-z0-9]{1,20}$"), name="order_client_id_valid"
            ),
            models.CheckConstraint(condition=one_of("side", Side), name="order_side_valid"),
            models.CheckConstraint(condition=one_of("role", Role), name="order_role_valid"),
            models.CheckConstraint(condition=one_of("state", OrderState), name="order_state_valid"),
            models.CheckConstraint(
                condition=one_of("order_type", OrderType), name="order_type_valid"
            ),
            models.CheckConstraint(
                condition=one_of("product", Product), name="order_product_valid"
            ),
            models.CheckConstraint(
                condition=one_of("validity", Validity), name="order_validity_valid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.state}"
