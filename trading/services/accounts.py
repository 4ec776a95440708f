"""Opening an account. What happens to its money afterwards is told by the ledger."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from trading.models import Account
from trading.services import audit


@transaction.atomic
def open_account(
    *, code: str, name: str, start_capital: Decimal, by: str, broker: str = "paper"
) -> Account:
    """Return the account called `code`, opening it with `start_capital` rupees if there is none.

    Raises `ValueError` for a capital that isn't above 0.
    """
    if start_capital <= 0:
        raise ValueError(f"start_capital: {start_capital}, expected above 0")
    account, is_new = Account.objects.get_or_create(
        code=code, defaults={"name": name, "broker": broker, "start_capital": start_capital}
    )
    if is_new:
        audit.note(
            "account.open",
            by=by,
            subject=code,
            details={"broker": broker, "start_capital": start_capital},
        )
    return account
