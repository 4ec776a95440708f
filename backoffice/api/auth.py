"""Log-in for programs and people without the pages: tokens out, tokens back.

How families of tokens live and end is told in `backoffice/tokens.py`.
"""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice import tokens
from backoffice.addresses import client_address
from backoffice.api.base import OPEN_DOOR, DeskView, parsed
from backoffice.api.errors import LOCKED, Refused
from backoffice.api.fields import Text
from backoffice.api.pace import Pace
from backoffice.api.schema import asked, described, told
from backoffice.models import ApiKey
from backoffice.permissions import ALLOWED, Action, role_of

_PAIR = {"access": "eyJhbGciOi…", "refresh": "eyJhbGciOi…", "expires_at": "2026-11-23T09:30:00Z"}


class LogInInput(serializers.Serializer):
    """Who logs in."""

    username = Text(max_length=150)
    password = Text(max_length=200, trim_whitespace=False)


class RefreshInput(serializers.Serializer):
    """A refresh token."""

    refresh = Text(max_length=4000)


class PairOutput(serializers.Serializer):
    """A pair of tokens; `expires_at` is the access token's end."""

    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_at = serializers.DateTimeField()


class WhoOutput(serializers.Serializer):
    """Who asks, and what he may do with what he holds."""

    username = serializers.CharField()
    role = serializers.CharField(allow_null=True)
    key = serializers.CharField(allow_null=True)
    actions = serializers.ListField(child=serializers.CharField())


class LogInView(DeskView):
    """Gives a pair of tokens for a password."""

    authentication_classes = ()
    needs = OPEN_DOOR
    paces = {"POST": Pace.LOGIN}

    @described(
        "auth",
        "Log in",
        {200: PairOutput},
        body=LogInInput,
        examples=[
            asked("Password", {"username": "asha", "password": "correct horse"}),
            told("Pair", _PAIR, 200),
        ],
    )
    def post(self, request: Request) -> Response:
        """Check a password and answer with a pair of tokens; five failures lock for 15 minutes."""
        wish = parsed(LogInInput, request).validated_data
        inner = request._request
        user = authenticate(inner, username=wish["username"], password=wish["password"])
        if getattr(inner, "axes_locked_out", False):
            raise Refused(429, "locked_out", LOCKED)
        if not isinstance(user, User):
            raise AuthenticationFailed("wrong name or password")
        pair = tokens.log_in(user=user, address=client_address(inner), at=timezone.now())
        return Response(PairOutput(pair).data)

    def get_authenticate_header(self, _request: Request) -> str:
        """Return what a 401 asks for; without it a wrong password would be answered 403."""
        return "Bearer"


class RefreshView(LogInView):
    """Gives the next pair of tokens for a refresh token."""

    @described(
        "auth",
        "Refresh",
        {200: PairOutput},
        body=RefreshInput,
        examples=[asked("Token", {"refresh": "eyJhbGciOi…"}), told("Pair", _PAIR, 200)],
    )
    def post(self, request: Request) -> Response:
        """Answer with the next pair; a refresh token is good once, a second use ends the log-in."""
        text = parsed(RefreshInput, request).validated_data["refresh"]
        try:
            pair = tokens.refresh(text=text, at=timezone.now())
        except tokens.TokenRefusedError as error:
            raise AuthenticationFailed(str(error)) from error
        return Response(PairOutput(pair).data)


class LogOutView(LogInView):
    """Ends a log-in."""

    @described("auth", "Log out", {204: None}, body=RefreshInput)
    def post(self, request: Request) -> Response:
        """End the log-in that a refresh token belongs to; all its tokens are over."""
        text = parsed(RefreshInput, request).validated_data["refresh"]
        try:
            tokens.log_out(text=text, at=timezone.now())
        except tokens.TokenRefusedError as error:
            raise AuthenticationFailed(str(error)) from error
        return Response(status=204)


class WhoView(DeskView):
    """Tells who asks."""

    @described("auth", "Who am I", {200: WhoOutput})
    def get(self, request: Request) -> Response:
        """Answer with the user, the role, and the actions that this log-in or key allows."""
        role = role_of(request.user)
        allowed = ALLOWED[role] if role else frozenset[Action]()
        key = request.auth if isinstance(request.auth, ApiKey) else None
        if key is not None:
            allowed = frozenset(action for action in allowed if action.value in key.scopes)
        who = {
            "username": request.user.get_username(),
            "role": role.value if role else None,
            "key": key.prefix if key else None,
            "actions": [action.value for action in Action if action in allowed],
        }
        return Response(WhoOutput(who).data)
