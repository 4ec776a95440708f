"""Log-ins by token: giving a pair of tokens out, refreshing it, taking the family back.

A refresh token is good once. When one comes back a second time, somebody else may have it: the
whole family ends, access tokens included.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from backoffice.models import TokenFamily
from trading.services import audit

FAMILY = "family"
"""Claim that names a token's family."""


class TokenRefusedError(Exception):
    """A refresh token is good for nothing; the text says why."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client holds: an access token for its requests, a refresh token for the next pair."""

    access: str
    refresh: str
    expires_at: datetime


@transaction.atomic
def log_in(*, user: User, address: str, at: datetime) -> TokenPair:
    """Start a family for a user whose password was just checked."""
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME
    family = TokenFamily.objects.create(
        user=user,
        current="",
        address=address,
        started_at=at,
        refreshed_at=at,
        expires_at=at + lifetime,
    )
    audit.note("token.log-in", by=user.get_username(), details={"address": address})
    return _next_pair(family, at)


def refresh(*, text: str, at: datetime) -> TokenPair:
    """Return the next pair of a family for its current refresh token.

    Raises `TokenRefusedError`; a token used before also ends its family, and that is audited.
    """
    claims = _claims(text)
    with transaction.atomic():
        family = _family(claims)
        if family is not None and _is_live(family, claims, at):
            if claims[api_settings.JTI_CLAIM] == family.current:
                return _next_pair(family, at)
            _end(family, "refresh token used twice", at)
            _note_end(family, "token.reuse", family.user.get_username())
    raise TokenRefusedError("the refresh token is used, revoked or expired; log in again")


def log_out(*, text: str, at: datetime) -> None:
    """End the family of a refresh token; one that is over already stays over.

    Raises `TokenRefusedError` for a text that is no refresh token.
    """
    claims = _claims(text)
    with transaction.atomic():
        family = _family(claims)
        if family is not None and family.revoked_at is None:
            _end(family, "logged out", at)
            _note_end(family, "token.log-out", family.user.get_username())


def is_revoked(claims: Any) -> bool:
    """Say whether an access token belongs to no family or to one that has ended."""
    family = _uuid(claims.get(FAMILY))
    return not (family and TokenFamily.objects.filter(pk=family, revoked_at=None).exists())


def _next_pair(family: TokenFamily, at: datetime) -> TokenPair:
    token = RefreshToken.for_user(family.user)
    token[FAMILY] = str(family.pk)
    token.set_exp(from_time=family.started_at, lifetime=api_settings.REFRESH_TOKEN_LIFETIME)
    family.current = token[api_settings.JTI_CLAIM]
    family.refreshed_at = at
    family.save(update_fields=["current", "refreshed_at"])
    access = token.access_token
    return TokenPair(str(access), str(token), datetime.fromtimestamp(access["exp"], UTC))


def _claims(text: str) -> RefreshToken:
    try:
        return RefreshToken(text)  # type: ignore[arg-type]
    except TokenError as error:
        raise TokenRefusedError(str(error)) from error


def _family(claims: RefreshToken) -> TokenFamily | None:
    families = TokenFamily.objects.select_for_update(of=("self",)).select_related("user")
    family = _uuid(claims.get(FAMILY))
    return families.filter(pk=family).first() if family else None


def _is_live(family: TokenFamily, claims: RefreshToken, at: datetime) -> bool:
    user = family.user
    is_same_password = claims.get(api_settings.REVOKE_TOKEN_CLAIM) == get_md5_hash_password(
        user.password
    )
    is_running = family.revoked_at is None and at < family.expires_at
    return is_running and user.is_active and is_same_password


def _end(family: TokenFamily, why: str, at: datetime) -> None:
    family.revoked_at = at
    family.why_revoked = why
    family.save(update_fields=["revoked_at", "why_revoked"])


def _note_end(family: TokenFamily, action: str, by: str) -> None:
    audit.note(
        action,
        by=by,
        subject=str(family.pk),
        details={
            "user": family.user.get_username(),
            "address": family.address or "",
            "why": family.why_revoked,
            "started_at": family.started_at,
        },
    )


def _uuid(text: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None
