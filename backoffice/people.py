"""People of the desk: making a user with a role, and moving one to another role.

What a role may do is said in `permissions.py`.
"""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import get_random_string

from backoffice.permissions import Role, role_of
from trading.services import audit

_PASSWORD_LENGTH = 20


class PersonError(Exception):
    """A person cannot be made or moved; the text says why."""


def random_password() -> str:
    """Return a password of 20 letters and digits, good for showing once."""
    return get_random_string(_PASSWORD_LENGTH)


@transaction.atomic
def add_person(*, username: str, role: Role, password: str, by: str) -> User:
    """Make a user in the role's group. Raises `PersonError` for a taken name or a weak password."""
    if User.objects.filter(username=username).exists():
        raise PersonError(f"username: {username} is taken")
    user = User(username=username, is_staff=True)
    try:
        user.full_clean(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        raise PersonError("; ".join(error.messages)) from error
    user.set_password(password)
    user.save()
    user.groups.set([_group(role)])
    audit.note("person.add", by=by, subject=username, details={"role": role})
    return user


@transaction.atomic
def move_to_role(*, user: User, role: Role, by: str) -> User:
    """Give a user this role instead of the one it had; the same role again changes nothing."""
    held = User.objects.select_for_update().get(pk=user.pk)
    before = role_of(held)
    if before is role:
        return held
    others = held.groups.exclude(name__in=[each.value for each in Role])
    held.groups.set([*others, _group(role)])
    audit.note(
        "person.role",
        by=by,
        subject=held.username,
        details={"before": before or "", "after": role},
    )
    return held


def _group(role: Role) -> Group:
    return Group.objects.get_or_create(name=role.value)[0]
