"""What is known for the gate before LIVE, read from the rows; what nobody measures stays None.

Judging the facts is the business of `live_gate.py`.
"""

from __future__ import annotations

from django.db.models import Count

from risk.limits import RiskLimits
from trading import leader, selectors
from trading.config import KIND, ConfigError, read
from trading.models import Account, Order, Position, RunMode
from trading.models.order import FINAL
from trading.models.plan import OVER
from trading.services.live_gate import LiveFacts

_PAPER = RunMode.PAPER.value


def gather(*, phrase: str, is_operator: bool) -> LiveFacts:
    """Return the facts of this moment over the paper sessions of all accounts.

    No live broker exists yet, so nothing of the broker's side, no drill and no burn-in session is
    proven, and the gate stays shut.
    """
    open_positions = Position.objects.filter(run__mode=_PAPER).exclude(state__in=OVER)
    working = Order.objects.filter(run__mode=_PAPER).exclude(state__in=FINAL)
    return LiveFacts(
        phrase=phrase,
        is_operator=is_operator,
        open_positions=open_positions.count(),
        working_orders=working.count(),
        lease_held=_every_account_is_led(),
        duplicates=_sent_twice(),
        orphans=working.exclude(role="ENTRY").exclude(plan__positions__in=open_positions).count(),
        limits=_active_limits(),
    )


def _sent_twice() -> int:
    """Return how many broker orders more than one of ours answers to; our own ids are unique."""
    named = Order.objects.exclude(broker_id="").values("account", "run__date", "broker_id")
    return named.annotate(orders=Count("id")).filter(orders__gt=1).order_by().count()


def _every_account_is_led() -> bool:
    accounts = list(Account.objects.all())
    return bool(accounts) and all(leader.current(account) for account in accounts)


def _active_limits() -> RiskLimits | None:
    version = selectors.active_config(KIND)
    if version is None:
        return None
    try:
        return read(version.content).risk
    except ConfigError:
        return None
