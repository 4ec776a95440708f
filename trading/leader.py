"""The lease that lets one engine trade an account, with a token that only grows.

Every change is one statement against the database's own clock. What an engine does with a lost
lease is decided by the runner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from trading.models import Account


class LeaseTakenError(Exception):
    """Another holder's lease on the account has not expired."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to trade one account until `expires_at` by the database's clock.

    `token` is stored with every order; a later lease of the account has a higher one.
    """

    account_id: int
    holder: str
    token: int
    ttl: timedelta
    expires_at: datetime


_ACQUIRE = """
INSERT INTO trading_leaderlease AS held (account_id, holder, token, expires_at)
VALUES (%(account)s, %(holder)s, 1, clock_timestamp() + %(ttl)s)
ON CONFLICT (account_id) DO UPDATE
SET holder = EXCLUDED.holder, token = held.token + 1, expires_at = clock_timestamp() + %(ttl)s
WHERE held.expires_at <= clock_timestamp()
   OR (held.holder = EXCLUDED.holder AND %(from_itself)s)
RETURNING token, expires_at
"""
_RENEW = """
UPDATE trading_leaderlease SET expires_at = clock_timestamp() + %(ttl)s
WHERE account_id = %(account)s AND holder = %(holder)s AND token = %(token)s
  AND expires_at > clock_timestamp()
RETURNING expires_at
"""
_RELEASE = """
UPDATE trading_leaderlease SET expires_at = clock_timestamp()
WHERE account_id = %(account)s AND holder = %(holder)s AND token = %(token)s
  AND expires_at > clock_timestamp()
RETURNING token
"""
_RETAKE = """
UPDATE trading_leaderlease SET token = token + 1, expires_at = clock_timestamp() + %(ttl)s
WHERE account_id = %(account)s AND holder = %(holder)s AND token = %(token)s
RETURNING token, expires_at
"""
_CURRENT = """
SELECT holder, token, expires_at - clock_timestamp(), expires_at FROM trading_leaderlease
WHERE account_id = %(account)s AND expires_at > clock_timestamp()
"""


def acquire(account: Account, holder: str, ttl: timedelta, *, from_itself: bool = True) -> Lease:
    """Take the lease if it is free, expired or, `from_itself`, held under our name already.

    The token grows each time. A name that several processes may have, one after another, may be
    taken over from itself only by one that has proven the others dead. Raises `LeaseTakenError`.
    """
    if ttl <= timedelta(0) or not holder:
        raise ValueError(f"ttl, holder: {ttl}, {holder!r}, expected a span above 0 and a name")
    terms = {"account": account.pk, "holder": holder, "ttl": ttl, "from_itself": from_itself}
    row = _answer(_ACQUIRE, terms)
    if row is None:
        raise LeaseTakenError(f"account {account.code}: another engine holds the lease")
    return Lease(account.pk, holder, row[0], ttl, row[1])


def renew(lease: Lease) -> bool:
    """Hold the lease for another `ttl`; False once it has expired or another has taken it."""
    return _answer(_RENEW, _terms(lease)) is not None


def retake(lease: Lease) -> Lease | None:
    """Take a lease again that has run out; None where anybody has held it in between.

    What is returned has a higher token.
    """
    row = _answer(_RETAKE, _terms(lease))
    return replace(lease, token=row[0], expires_at=row[1]) if row else None


def release(lease: Lease) -> bool:
    """Let the lease go; False if it wasn't ours any more. The token is never used again."""
    return _answer(_RELEASE, _terms(lease)) is not None


def current(account: Account) -> Lease | None:
    """Return the lease now held on the account, or None; its `ttl` is what is left of it."""
    row = _answer(_CURRENT, {"account": account.pk})
    return Lease(account.pk, row[0], row[1], row[2], row[3]) if row else None


def _terms(lease: Lease) -> dict[str, Any]:
    return {
        "account": lease.account_id,
        "holder": lease.holder,
        "token": lease.token,
        "ttl": lease.ttl,
    }


def _answer(statement: str, terms: dict[str, Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, terms)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row
