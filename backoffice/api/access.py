"""Whether a request may do what it asks, by its user's role and, for a key, by its scopes.

Which action a request is stands at each view, as `needs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from backoffice.models import ApiKey
from backoffice.permissions import Action, may

if TYPE_CHECKING:
    from rest_framework.views import APIView


def allows(request: Request, action: Action) -> bool:
    """Say whether the request may do `action`: its user's role and its key's scopes allow it."""
    if isinstance(request.auth, ApiKey) and action.value not in request.auth.scopes:
        return False
    return may(request.user, action)


class MayDo(BasePermission):
    """Lets a request pass that may do what its method needs; a method nobody listed, nobody may.

    `needs` maps methods to actions; None stands for a door that is open to everybody, and then
    everybody is told of a method that there is none.
    """

    message = "your role, or the scope of your key, does not allow this"

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the request may go on."""
        needs: dict[str, Action | None] = getattr(view, "needs", {"GET": Action.READ})
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in needs:
            has_none = not hasattr(view, method.lower())
            return (has_none and None in needs.values()) or allows(request, Action.READ)
        action = needs[method]
        return action is None or allows(request, action)
