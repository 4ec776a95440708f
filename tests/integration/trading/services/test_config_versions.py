from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from trading import selectors
from trading.models import Activation, AuditEntry, ConfigVersion
from trading.services import config_versions
from trading.services.canonical import canonical, sha256_of

pytestmark = pytest.mark.django_db


def stored(**document: object) -> ConfigVersion:
    return config_versions.store(kind="desk", document=document, author="asha", note="trial")


def test_a_new_content_gets_the_next_number():
    first, second = stored(lots=1), stored(lots=2)

    assert (first.number, second.number) == (1, 2)
    assert second.content == {"lots": 2}


def test_the_same_content_in_another_order_is_the_same_version():
    first = stored(lots=1, risk=Decimal("0.005"))

    second = stored(risk=Decimal("0.005"), lots=1)

    assert second.pk == first.pk
    assert ConfigVersion.objects.count() == 1


def test_the_hash_is_that_of_the_stored_text():
    version = stored(name="₹", limits={"b": [1, 2.5], "a": None})

    assert version.document == '{"limits":{"a":null,"b":[1,2.5]},"name":"₹"}'
    assert version.sha256 == sha256_of(version.document)


def test_kinds_count_their_own_versions():
    stored(lots=1)

    other = config_versions.store(kind="alerts", document={"lots": 1}, author="asha")

    assert other.number == 1


def test_activating_ends_the_version_before_at_the_same_moment():
    first, second = stored(lots=1), stored(lots=2)
    config_versions.activate(version=first, author="asha", reason="r")
    between = timezone.now()

    config_versions.activate(version=second, author="ravi", reason="r")

    ended, held = Activation.objects.order_by("id")
    assert (ended.active_until, held.active_until) == (held.active_from, None)
    assert selectors.active_config("desk") == second
    assert selectors.config_at("desk", between) == first


def test_activating_what_holds_changes_nothing():
    version = stored(lots=1)
    first = config_versions.activate(version=version, author="asha", reason="r")

    again = config_versions.activate(version=version, author="ravi", reason="r")

    assert again == first
    assert Activation.objects.count() == 1


def test_a_kind_never_activated_has_no_version():
    stored(lots=1)

    assert selectors.active_config("desk") is None
    assert selectors.config_at("desk", timezone.now()) is None


def test_storing_and_activating_are_audited_once_each():
    version = stored(lots=1)
    stored(lots=1)
    config_versions.activate(version=version, author="ravi", reason="r")

    entries = AuditEntry.objects.order_by("number").values_list("action", "by", "subject")
    assert list(entries) == [
        ("config.store", "asha", "desk v1"),
        ("config.activate", "ravi", "desk v1"),
    ]


def test_a_number_that_is_none_is_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        stored(lots=float("nan"))
    with pytest.raises(TypeError, match="key 1: expected text"):
        canonical({1: 2})
