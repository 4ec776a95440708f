"""What every view of the API starts from: its actions, its pace, its order of checks.

The checks themselves stand in `access.py`, `authentication.py` and `pace.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from backoffice.api.pace import Pace, Turns
from backoffice.permissions import Action

READ_ONLY: Mapping[str, Action | None] = {"GET": Action.READ}
CONTROL_ONLY: Mapping[str, Action | None] = {"POST": Action.CONTROL}
OPEN_DOOR: Mapping[str, Action | None] = {"GET": None, "POST": None}

S = TypeVar("S", bound=Serializer)


class DeskView(APIView):
    """A view of the API. `needs`: method to action; `paces`: method to class, where not usual."""

    needs: ClassVar[Mapping[str, Action | None]] = READ_ONLY
    paces: ClassVar[Mapping[str, Pace | None]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Give the address its turn before anything is looked up, then check the rest."""
        turns = Turns()
        if not turns.allow_address(request, self):
            self.throttled(request, turns.wait())  # type: ignore[arg-type]
        super().initial(request, *args, **kwargs)


def parsed(serializer: type[S], request: Request) -> S:
    """Return the request's body, checked. Raises `ValidationError`, which is answered 400."""
    wish = serializer(data=request.data)
    wish.is_valid(raise_exception=True)
    return wish
