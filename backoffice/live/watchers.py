"""Who may watch: asked when a page opens its socket, and again for as long as it stays open.

The roles themselves are told in `backoffice/permissions.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser, User

from backoffice.permissions import Action, may


def may_watch(user: User | AnonymousUser) -> bool:
    """Say whether a user may see the desk."""
    return may(user, Action.READ)


def may_still_watch(scope: Mapping[str, Any]) -> bool:
    """Say whether the session a socket was opened with still belongs to one who may watch.

    Session and user are read anew: someone may have signed out, or lost the role, meanwhile.
    """
    store = import_module(settings.SESSION_ENGINE).SessionStore(scope["session"].session_key)
    user = User.objects.filter(pk=scope["user"].pk).first()
    return user is not None and store.get(SESSION_KEY) == str(user.pk) and may_watch(user)
