"""API keys over the API: for admins only. How they are made and ended is in `backoffice/api_keys`.

A key's text is in the answer that makes it, and nowhere else.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice import api_keys
from backoffice.api.authentication import actor
from backoffice.api.base import DeskView, parsed
from backoffice.api.errors import Conflict, Unusable
from backoffice.api.fields import Text, Whole
from backoffice.api.schema import asked, described
from backoffice.models import ApiKey
from backoffice.permissions import Action

_WISH = {"name": "prometheus", "owner": "asha", "scopes": ["read"], "days": 90}


class KeyOutput(serializers.ModelSerializer):
    """A key without its secret."""

    owner = serializers.CharField(source="owner.username")
    replaces = serializers.CharField(source="replaces.prefix", allow_null=True, default=None)
    scopes = serializers.ListField(child=serializers.CharField())
    is_good = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields: ClassVar[list[str]] = [
            *("id", "name", "owner", "prefix", "scopes", "created_by", "created_at", "expires_at"),
            *("last_used_at", "revoked_at", "replaces", "is_good"),
        ]

    def get_is_good(self, key: ApiKey) -> bool:
        """Say whether the key opens anything now."""
        return key.is_good(timezone.now())


class NewKeyOutput(KeyOutput):
    """A key just made; `text` is shown this once."""

    text = serializers.CharField()

    class Meta(KeyOutput.Meta):
        fields: ClassVar[list[str]] = [*KeyOutput.Meta.fields, "text"]


class KeyInput(serializers.Serializer):
    """What a key is to be; it may do what its scopes and its owner's role both allow."""

    name = Text(max_length=100)
    owner = Text(max_length=150)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=[action.value for action in Action]),
        min_length=1,
    )
    days = Whole(min_value=1, max_value=api_keys.LONGEST_LIFE.days)


def _made(new: api_keys.NewKey) -> Response:
    return Response({**KeyOutput(new.key).data, "text": new.text}, status=201)


def _found(key_id: int) -> ApiKey:
    key = ApiKey.objects.filter(pk=key_id).first()
    if key is None:
        raise NotFound
    return key


class KeysView(DeskView, ListAPIView):
    """All keys."""

    needs = {"GET": Action.ADMINISTER, "POST": Action.ADMINISTER}
    queryset = ApiKey.objects.select_related("owner", "replaces").order_by("-id")
    serializer_class = KeyOutput

    @described("keys", "API keys", {200: KeyOutput(many=True)}, errors=[400, 404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List all keys, those that are over included."""
        return super().get(request, *args, **kwargs)

    @described(
        "keys",
        "Make an API key",
        {201: NewKeyOutput},
        errors=[422],
        body=KeyInput,
        examples=[asked("For a scraper", _WISH)],
    )
    def post(self, request: Request) -> Response:
        """Make a key for a user and answer with its text, this once."""
        wish = parsed(KeyInput, request).validated_data
        owner = User.objects.filter(username=wish["owner"], is_active=True).first()
        if owner is None:
            raise Unusable("owner: no such active user", {"owner": ["no such active user"]})
        scopes = tuple(Action(scope) for scope in wish["scopes"])
        try:
            new = api_keys.issue(
                owner=owner,
                wish=api_keys.KeyWish(wish["name"], scopes, wish["days"]),
                by=actor(request),
                at=timezone.now(),
            )
        except api_keys.KeyRefusedError as error:
            raise Unusable(str(error), {"scopes": [str(error)]}) from error
        return _made(new)


class KeyView(DeskView):
    """One key."""

    needs = {"GET": Action.ADMINISTER, "DELETE": Action.ADMINISTER}

    @described("keys", "API key", {200: KeyOutput}, errors=[404])
    def get(self, _request: Request, key_id: int) -> Response:
        """Answer with one key."""
        return Response(KeyOutput(_found(key_id)).data)

    @described("keys", "Revoke an API key", {204: None}, errors=[404, 409])
    def delete(self, request: Request, key_id: int) -> Response:
        """End a key at once."""
        try:
            api_keys.revoke(key=_found(key_id), by=actor(request), at=timezone.now())
        except api_keys.KeyRefusedError as error:
            raise Conflict("key_over", str(error)) from error
        return Response(status=204)


class KeyRotationView(DeskView):
    """A new secret for an old key."""

    needs = {"POST": Action.ADMINISTER}

    @described("keys", "Rotate an API key", {201: NewKeyOutput}, errors=[404, 409])
    def post(self, request: Request, key_id: int) -> Response:
        """Put a new key in the place of this one, which is over at once."""
        try:
            new = api_keys.rotate(key=_found(key_id), by=actor(request), at=timezone.now())
        except api_keys.KeyRefusedError as error:
            raise Conflict("key_over", str(error)) from error
        return _made(new)
