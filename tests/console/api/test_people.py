"""Making people and moving them between roles, by service and by command."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.management import CommandError, call_command

from backoffice.people import PersonError, add_person, move_to_role
from backoffice.permissions import ALLOWED, Action, Role, may, role_of
from trading.models import AuditEntry

pytestmark = pytest.mark.django_db
GOOD = "a long sentence nobody guesses"


def created(*arguments: str) -> str:
    out = StringIO()
    call_command("create_operator", *arguments, stdout=out)
    return out.getvalue()


def test_the_migration_made_the_three_groups():
    assert {"viewer", "operator", "admin"} <= set(Group.objects.values_list("name", flat=True))


def test_a_random_password_is_printed_once_and_opens_the_door(client):
    told = created("asha", "--role", "operator", "--random-password")

    password = told.rpartition("password: ")[2].strip()
    assert len(password) == 20
    assert client.login(username="asha", password=password)
    assert role_of(User.objects.get(username="asha")) is Role.OPERATOR


def test_a_password_can_come_from_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO(f"{GOOD}\n"))

    told = created("asha", "--role", "viewer", "--password-stdin")

    assert GOOD not in told
    assert User.objects.get(username="asha").check_password(GOOD)


@pytest.mark.parametrize("name", ["asha", "no spaces", "", "x" * 151])
def test_a_name_that_cannot_be_is_refused(name: str):
    add_person(username="asha", role=Role.VIEWER, password=GOOD, by="t")

    with pytest.raises(CommandError):
        created(name, "--random-password")

    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["", "short", "12345678901", "password123"])
def test_a_weak_password_is_refused(password: str):
    with pytest.raises(PersonError):
        add_person(username="asha", role=Role.VIEWER, password=password, by="t")

    assert not User.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_person_has_one_role_and_moving_is_audited():
    user = add_person(username="asha", role=Role.VIEWER, password=GOOD, by="t")
    user.groups.add(Group.objects.create(name="chess club"))

    move_to_role(user=user, role=Role.ADMIN, by="boss")
    move_to_role(user=user, role=Role.ADMIN, by="boss")

    assert {group.name for group in user.groups.all()} == {"admin", "chess club"}
    entry = AuditEntry.objects.get(action="person.role")
    assert (entry.by, entry.details) == ("boss", {"before": "viewer", "after": "admin"})


def test_the_highest_group_counts_and_an_inactive_user_has_none():
    user = add_person(username="asha", role=Role.VIEWER, password=GOOD, by="t")
    user.groups.add(Group.objects.get(name="operator"))
    assert role_of(User.objects.get()) is Role.OPERATOR

    User.objects.update(is_active=False, is_superuser=True)

    assert role_of(User.objects.get()) is None
    assert role_of(AnonymousUser()) is None
    assert not may(AnonymousUser(), Action.READ)


def test_each_role_may_all_that_a_lower_one_may():
    assert ALLOWED[Role.VIEWER] < ALLOWED[Role.OPERATOR] < ALLOWED[Role.ADMIN]
