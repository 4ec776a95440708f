"""Who may do what in the console: three roles, and the actions each of them is trusted with.

Roles are groups; putting people into them is the business of `people.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User


class Role(StrEnum):
    """What a person is to the desk, least trusted first; the values are names of groups."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class Action(StrEnum):
    """What the console lets people do; the values are also the scopes of an API key.

    READ: see everything. CONTROL: pause, resume, flatten, unlock, close a position, ask for a
    mode. RESEARCH: start backtests. CONFIGURE: store and activate configuration, reload.
    ADMINISTER: people and API keys.
    """

    READ = "read"
    CONTROL = "control"
    RESEARCH = "research"
    CONFIGURE = "configure"
    ADMINISTER = "administer"


ALLOWED: Mapping[Role, frozenset[Action]] = {
    Role.VIEWER: frozenset({Action.READ}),
    Role.OPERATOR: frozenset({Action.READ, Action.CONTROL, Action.RESEARCH}),
    Role.ADMIN: frozenset(Action),
}
"""What each role may do; a higher role may do all that a lower one may."""

Person = AbstractBaseUser | AnonymousUser


def role_of(user: Person) -> Role | None:
    """Return the highest role of an active user, None without one; a superuser is an admin."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMIN
    groups = {group.name for group in user.groups.all()}
    return next((role for role in reversed(Role) if role.value in groups), None)


def may(user: Person, action: Action) -> bool:
    """Say whether a user's role allows an action; nobody without a role may do anything."""
    role = role_of(user)
    return role is not None and action in ALLOWED[role]
