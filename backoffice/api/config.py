"""The configuration over the API: what holds, every version, a new one, and which is to hold.

A version is never changed; a running session keeps the one it was started under.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Exists, OuterRef
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.authentication import actor
from backoffice.api.base import DeskView, parsed
from backoffice.api.control import ReasonInput
from backoffice.api.errors import Unusable
from backoffice.api.fields import Text
from backoffice.api.schema import asked, described
from backoffice.permissions import Action
from trading import selectors
from trading.config import KIND, ConfigError, document_of, read
from trading.models import Activation, ConfigVersion
from trading.services import config_versions

_WISH = {"document": {"risk": {"risk_per_trade": "0.0025"}}, "note": "half the risk"}
_HOLDS = Activation.objects.filter(version=OuterRef("pk"), active_until=None)
_VERSIONS = ConfigVersion.objects.filter(kind=KIND).annotate(is_active=Exists(_HOLDS))


class VersionOutput(serializers.ModelSerializer):
    """One version; `is_active`: the next session starts under it."""

    is_active = serializers.BooleanField()

    class Meta:
        model = ConfigVersion
        fields: ClassVar[list[str]] = [
            *("number", "sha256", "author", "note", "created_at", "is_active"),
        ]


class WholeVersionOutput(VersionOutput):
    """One version with its whole document."""

    document = serializers.DictField(source="content")

    class Meta(VersionOutput.Meta):
        fields: ClassVar[list[str]] = [*VersionOutput.Meta.fields, "document"]


class VersionInput(serializers.Serializer):
    """A new version: keys left out keep their defaults; `note` says why it is made."""

    document = serializers.DictField()
    note = Text(max_length=500)


def _version(number: int) -> ConfigVersion:
    version = _VERSIONS.filter(number=number).first()
    if version is None:
        raise NotFound
    return version


class ConfigView(DeskView, ListAPIView):
    """All versions, and a new one."""

    needs = {"GET": Action.READ, "POST": Action.CONFIGURE}
    queryset = _VERSIONS.order_by("-number")
    serializer_class = VersionOutput

    @described("configuration", "Versions", {200: VersionOutput(many=True)}, errors=[400, 404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the versions, the newest first."""
        return super().get(request, *args, **kwargs)

    @described(
        "configuration",
        "Store a version",
        {200: WholeVersionOutput, 201: WholeVersionOutput},
        errors=[422],
        body=VersionInput,
        examples=[asked("Half the risk", _WISH)],
    )
    def post(self, request: Request) -> Response:
        """Store a version, checked; 200 if its content is known already. It does not yet hold."""
        wish = parsed(VersionInput, request).validated_data
        document = _checked(wish["document"])
        newest = ConfigVersion.objects.filter(kind=KIND).order_by("-number").first()
        version = config_versions.store(
            kind=KIND, document=document, author=actor(request), note=wish["note"]
        )
        is_new = newest is None or version.number > newest.number
        told = WholeVersionOutput(_version(version.number)).data
        return Response(told, status=201 if is_new else 200)


class VersionView(DeskView):
    """One version."""

    @described("configuration", "Version", {200: WholeVersionOutput}, errors=[404])
    def get(self, _request: Request, number: int) -> Response:
        """Answer with one version and its document."""
        return Response(WholeVersionOutput(_version(number)).data)


class ActiveVersionView(DeskView):
    """The version that holds."""

    @described("configuration", "Active version", {200: WholeVersionOutput}, errors=[404])
    def get(self, _request: Request) -> Response:
        """Answer with the version under which the next session starts."""
        version = selectors.active_config(KIND)
        if version is None:
            raise NotFound
        return Response(WholeVersionOutput(_version(version.number)).data)


class ActivationView(DeskView):
    """Lets a version hold."""

    needs = {"POST": Action.CONFIGURE}

    @described(
        "configuration",
        "Activate a version",
        {200: WholeVersionOutput},
        errors=[404],
        body=ReasonInput,
        examples=[asked("Reason", {"reason": "after three calm days"})],
    )
    def post(self, request: Request, number: int) -> Response:
        """Let a version hold from the next session on; the running one keeps its own."""
        reason = parsed(ReasonInput, request).validated_data["reason"]
        version = _version(number)
        config_versions.activate(version=version, author=actor(request), reason=reason)
        return Response(WholeVersionOutput(_version(number)).data)


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    try:
        return document_of(read(document))
    except (ConfigError, ValueError, TypeError, ArithmeticError) as error:
        place = str(error).partition(":")[0]
        raise Unusable(f"document: {error}", {f"document.{place}": [str(error)]}) from error
