"""Who asks: a bearer token, an API key, or the session of somebody logged in to the pages.

What they may do is judged in `access.py`.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken

from backoffice import api_keys, tokens
from backoffice.models import ApiKey


class TokenAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access token>`, of a family that has not ended."""

    def get_validated_token(self, raw_token: bytes) -> Any:
        """Return the token. Raises `AuthenticationFailed`, which says whether it has expired."""
        try:
            return super().get_validated_token(raw_token)
        except InvalidToken as error:
            has_expired = "expired" in str(error.detail)
            reason = "has expired: refresh it, or log in again" if has_expired else "is not valid"
            raise AuthenticationFailed(f"the access token {reason}") from error

    def get_user(self, validated_token: Any) -> Any:
        """Return the token's user. Raises `AuthenticationFailed` for an ended family."""
        user = super().get_user(validated_token)
        if tokens.is_revoked(validated_token):
            raise AuthenticationFailed("the token's log-in has ended")
        return user


class KeyAuthentication(BaseAuthentication):
    """`X-API-Key: <key>`, or `Authorization: Api-Key <key>` for clients that know only that."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """Return the key's owner and the key; None if there is no key in the request."""
        text = _key_in(request)
        if text is None:
            return None
        at = timezone.now()
        key = api_keys.find(text, at)
        if key is None:
            raise AuthenticationFailed("the API key is unknown, revoked or expired")
        api_keys.used(key, at)
        return key.owner, key

    def authenticate_header(self, _request: Request) -> str:
        """Return what a 401 asks for."""
        return "Api-Key"


def actor(request: Request) -> str:
    """Return under which name a request's deeds are remembered: user, and key if it was one."""
    name = request.user.get_username()
    if isinstance(request.auth, ApiKey):
        return f"{name} (key {request.auth.prefix})"
    return name


def _key_in(request: Request) -> str | None:
    header = request.headers.get("X-API-Key")
    if header:
        return header.strip()
    parts = get_authorization_header(request).decode("latin-1").split()
    if len(parts) == 2 and parts[0].lower() == "api-key":
        return parts[1]
    return None
