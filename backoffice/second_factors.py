"""A person's second factor: codes of an authenticator app, each good once (TOTP, RFC 6238).

It is asked for where money is at stake; logging in to the console works as before.
"""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from backoffice.models import SecondFactor
from trading.services import audit

PERIOD_SECONDS = 30
DIGITS = 6
MOST_WRONG = 5
LOCKED = timedelta(minutes=15)
"""How long no code is taken after `MOST_WRONG` wrong ones in a row."""
_SECRET_BYTES = 20
_STEPS = (0, -1, 1)
_CODE = re.compile(r"[0-9]{6}")
_ISSUER = "AITRAPP"


class SecondFactorError(Exception):
    """A second factor can't be made or confirmed; the text says why."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is told, shown to its person alone: by address or by hand."""

    address: str = field(repr=False)
    secret: str = field(repr=False)


def is_set(user: User) -> bool:
    """Say whether a person has a second factor that was confirmed."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


@transaction.atomic
def begin(user: User, at: datetime) -> Enrolment:
    """Make a secret for a person's app; it counts once a first code is confirmed.

    Raises `SecondFactorError` for one who has a second factor: an admin takes it away first.
    """
    if is_set(user):
        raise SecondFactorError("there is a second factor; an admin must take it away first")
    key = secrets.token_bytes(_SECRET_BYTES)
    secret = _vault().encrypt(key).decode()
    fresh = {"secret": secret, "made_at": at, "last_step": 0, "wrong": 0, "locked_until": None}
    SecondFactor.objects.update_or_create(user=user, defaults=fresh)
    address = _totp(key).get_provisioning_uri(user.get_username(), _ISSUER)
    return Enrolment(address, base64.b32encode(key).decode())


def confirm(user: User, code: str, at: datetime) -> None:
    """Take a first code as proof that the app has the secret. Raises `SecondFactorError`."""
    if is_set(user):
        raise SecondFactorError("the second factor is set already")
    if not _accepts(user, code, at):
        raise SecondFactorError("the code is wrong, or there is nothing to confirm")
    with transaction.atomic():
        SecondFactor.objects.filter(user=user).update(confirmed_at=at)
        audit.note("second-factor.set", by=user.get_username(), subject=user.get_username())


def check(user: User, code: str, at: datetime) -> bool | None:
    """Say whether a fresh code is right; None for a person without a second factor, or no code.

    A right code is used up by it; after `MOST_WRONG` wrong ones none is right for a while.
    """
    if not code or not is_set(user):
        return None
    return _accepts(user, code, at)


@transaction.atomic
def forget(user: User, by: str) -> None:
    """Take a person's second factor away; nothing happens where there is none."""
    count, _ = SecondFactor.objects.filter(user=user).delete()
    if count:
        audit.note("second-factor.forget", by=by, subject=user.get_username())


@transaction.atomic
def _accepts(user: User, code: str, at: datetime) -> bool:
    row = SecondFactor.objects.select_for_update().filter(user=user).first()
    if row is None or (row.locked_until is not None and at < row.locked_until):
        return False
    step = _step_of(row, code, at)
    if step is None:
        row.wrong += 1
        if row.wrong >= MOST_WRONG:
            row.wrong, row.locked_until = 0, at + LOCKED
            audit.note("second-factor.locked", by=user.get_username(), subject=user.get_username())
    else:
        row.wrong, row.locked_until, row.last_step = 0, None, step
    row.save(update_fields=["wrong", "locked_until", "last_step"])
    return step is not None


def _step_of(row: SecondFactor, code: str, at: datetime) -> int | None:
    """Return the period a code belongs to: this one or one beside it, later than any used."""
    key = _key(row)
    if key is None or not _CODE.fullmatch(code):
        return None
    totp, now = _totp(key), int(at.timestamp()) // PERIOD_SECONDS
    for step in (now + offset for offset in _STEPS):
        right = totp.generate(step * PERIOD_SECONDS).decode()
        if step > row.last_step and secrets.compare_digest(right, code):
            return step
    return None


def _key(row: SecondFactor) -> bytes | None:
    """Return the secret, None where it was encrypted with another key."""
    if not settings.TOKEN_KEY:
        return None
    try:
        return _vault().decrypt(row.secret.encode())
    except InvalidToken:
        return None


def _totp(key: bytes) -> TOTP:
    return TOTP(key, DIGITS, SHA1(), PERIOD_SECONDS)


def _vault() -> Fernet:
    if not settings.TOKEN_KEY:
        raise SecondFactorError("TOKEN_KEY is not set: a second factor can't be kept")
    return Fernet(settings.TOKEN_KEY)
