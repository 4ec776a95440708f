"""What a role may do in the admin; the roles themselves are in `backoffice/permissions.py`.

A mixin of every page here: all roles see, nobody adds, changes or deletes.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from backoffice.permissions import Action, may


def allows(request: HttpRequest, action: Action) -> bool:
    """Say whether the request's user may do `action`; looked up once a request."""
    known: dict[Action, bool] = request.__dict__.setdefault("_desk_allows", {})
    if action not in known:
        known[action] = may(request.user, action)
    return known[action]


class Rights:
    """Everybody with a role sees; what can be changed is said by the page that allows it."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the table's section to every role."""
        return allows(request, Action.READ)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let every role see every row."""
        return allows(request, Action.READ)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows come from the journal or a service, never from a form."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are memory; nobody rewrites them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are memory; nobody removes them."""
        return False

    def has_control_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the user may give the engine commands."""
        return allows(request, Action.CONTROL)

    def has_configure_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the user may store and activate configuration."""
        return allows(request, Action.CONFIGURE)

    def has_administer_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the user may deal with people and keys."""
        return allows(request, Action.ADMINISTER)
