"""The account that the console's mode is about: the one its pages show."""

from __future__ import annotations

from backoffice.live.desk_state import watched_account
from trading.models import Account


class NoAccountError(Exception):
    """The desk has no account yet."""


def desk_account() -> Account:
    """Return the account. Raises `NoAccountError`."""
    account = Account.objects.filter(code=watched_account()).first()
    if account is None:
        raise NoAccountError("the desk has no account yet: run `manage.py seed`")
    return account
