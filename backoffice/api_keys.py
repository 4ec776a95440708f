"""API keys: making one, finding its owner, giving it a new secret, ending it.

A secret is 256 random bits, so a plain SHA-256 keeps it; it is shown once and never again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from backoffice.models import ApiKey
from backoffice.permissions import Action, may
from trading.services import audit

LONGEST_LIFE = timedelta(days=365)
_MARK = "aitr"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_PREFIX_LENGTH = 10
_NOBODY = sha256(b"").hexdigest()
_NOTED_EVERY = timedelta(seconds=60)


class KeyRefusedError(Exception):
    """A key cannot be made or changed; the text names the field and what was expected."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made and its full text, which cannot be had again."""

    key: ApiKey
    text: str


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What a key is asked to be: `scopes` at least one, `days` how long it lives, 1 to 365."""

    name: str
    scopes: tuple[Action, ...]
    days: int


@transaction.atomic
def issue(*, owner: User, wish: KeyWish, by: str, at: datetime) -> NewKey:
    """Make a key for `owner`. Raises `KeyRefusedError` for a life or a scope it may not have."""
    _check(owner, wish)
    made = _make(owner, wish.name, wish.scopes, by, (at, at + timedelta(days=wish.days)))
    audit.note(
        "api-key.issue",
        by=by,
        subject=made.key.prefix,
        details={
            "owner": owner.get_username(),
            "name": wish.name,
            "scopes": made.key.scopes,
            "expires_at": made.key.expires_at,
        },
    )
    return made


@transaction.atomic
def rotate(*, key: ApiKey, by: str, at: datetime) -> NewKey:
    """Put a new key of the same life span in the place of `key`, which is over at once.

    Raises `KeyRefusedError` for a key that is over already.
    """
    held = _live(key, at)
    held.revoked_at = at
    held.save(update_fields=["revoked_at"])
    ends = at + (held.expires_at - held.created_at)
    scopes = [Action(scope) for scope in held.scopes]
    made = _make(held.owner, held.name, scopes, by, (at, ends), replaces=held)
    audit.note(
        "api-key.rotate",
        by=by,
        subject=held.prefix,
        details={"before": held.prefix, "after": made.key.prefix, "expires_at": ends},
    )
    return made


@transaction.atomic
def revoke(*, key: ApiKey, by: str, at: datetime) -> ApiKey:
    """End a key at once. Raises `KeyRefusedError` for one that is over already."""
    held = _live(key, at)
    held.revoked_at = at
    held.save(update_fields=["revoked_at"])
    audit.note(
        "api-key.revoke",
        by=by,
        subject=held.prefix,
        details={"owner": held.owner.get_username(), "name": held.name},
    )
    return held


def find(text: str, at: datetime) -> ApiKey | None:
    """Return the key that `text` opens, or None; an unknown key takes as long as a wrong one."""
    mark, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    key = None
    if mark == _MARK and prefix.isascii() and prefix.isalnum():
        key = ApiKey.objects.select_related("owner").filter(prefix=prefix).first()
    fits = compare_digest(key.digest if key else _NOBODY, _digest(secret))
    if key is None or not fits or not key.is_good(at) or not key.owner.is_active:
        return None
    return key


def used(key: ApiKey, at: datetime) -> None:
    """Remember when a key was used last, to the minute; the moment never goes back."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - _NOTED_EVERY)
    latest = Greatest(F("last_used_at"), at)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=latest)


def _check(owner: User, wish: KeyWish) -> None:
    if not timedelta(days=1) <= timedelta(days=wish.days) <= LONGEST_LIFE:
        raise KeyRefusedError(f"days: {wish.days}, expected 1 to {LONGEST_LIFE.days}")
    if not wish.scopes:
        raise KeyRefusedError("scopes: empty, expected at least one")
    denied = [scope.value for scope in wish.scopes if not may(owner, scope)]
    if denied:
        raise KeyRefusedError(f"scopes: {', '.join(denied)}: the owner may not do that")


def _make(
    owner: User,
    name: str,
    scopes: Iterable[Action],
    by: str,
    span: tuple[datetime, datetime],
    replaces: ApiKey | None = None,
) -> NewKey:
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(_PREFIX_LENGTH))
    secret = secrets.token_hex(32)
    key = ApiKey.objects.create(
        owner=owner,
        name=name,
        prefix=prefix,
        digest=_digest(secret),
        scopes=sorted({scope.value for scope in scopes}),
        created_by=by,
        created_at=span[0],
        expires_at=span[1],
        replaces=replaces,
    )
    return NewKey(key, f"{_MARK}_{prefix}_{secret}")


def _live(key: ApiKey, at: datetime) -> ApiKey:
    held = ApiKey.objects.select_for_update().select_related("owner").get(pk=key.pk)
    if not held.is_good(at):
        raise KeyRefusedError(f"key {held.prefix}: revoked or expired already")
    return held


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
