from __future__ import annotations

import threading
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from tests.factories import ConfigVersionFactory
from trading.models import AuditEntry
from trading.services import audit


def three_entries() -> None:
    audit.note("run.start", by="asha", subject="RUN1", details={"capital": Decimal("10.50")})
    audit.note("command.pause", by="ravi", details={"reason": "lunch – ₹", "ratio": 1e5})
    audit.note("run.finish", by="asha", subject="RUN1")


def tampered(statement: str) -> None:
    """Change the log behind the trigger's back."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trading_auditentry DISABLE TRIGGER USER")
        cursor.execute(statement)
        cursor.execute("ALTER TABLE trading_auditentry ENABLE TRIGGER USER")


@pytest.mark.django_db
def test_an_empty_log_is_whole():
    report = audit.verify()

    assert report.is_whole
    assert (report.entries, report.head) == (0, audit.GENESIS)


@pytest.mark.django_db
def test_entries_are_chained_from_the_first_to_the_last():
    three_entries()

    first, second, third = AuditEntry.objects.order_by("number")
    assert (first.number, third.number) == (1, 3)
    assert (first.previous, second.previous) == (audit.GENESIS, first.hash)
    report = audit.verify()
    assert report.is_whole
    assert (report.entries, report.head) == (3, third.hash)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trading_auditentry SET by = 'nobody'",
        "DELETE FROM trading_auditentry WHERE number = 3",
        "TRUNCATE trading_auditentry",
        "TRUNCATE trading_auditentry CASCADE",
    ],
)
def test_the_log_cannot_be_changed_even_by_raw_sql(statement: str):
    three_entries()

    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert audit.verify().entries == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trading_configversion SET document = '{}'",
        "DELETE FROM trading_configversion",
        "TRUNCATE trading_configversion CASCADE",
    ],
)
def test_config_versions_cannot_be_changed_either(statement: str):
    ConfigVersionFactory()

    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "broken", "fault"),
    [
        ("UPDATE trading_auditentry SET by = 'x' WHERE number = 2", 2, "does not match its hash"),
        ("UPDATE trading_auditentry SET at = at + interval '1 us' WHERE number = 1", 1, "its hash"),
        ("UPDATE trading_auditentry SET details = '{\"a\":1}' WHERE number = 3", 3, "its hash"),
        ("DELETE FROM trading_auditentry WHERE number = 2", 2, "entry 2 is missing"),
        ("DELETE FROM trading_auditentry WHERE number = 1", 1, "entry 1 is missing"),
        (
            "UPDATE trading_auditentry SET previous = repeat('f', 64) WHERE number = 3",
            3,
            "previous",
        ),
    ],
)
def test_a_change_behind_the_trigger_s_back_is_found(statement: str, broken: int, fault: str):
    three_entries()
    tampered(statement)

    report = audit.verify()

    assert not report.is_whole
    assert report.broken == broken
    assert fault in report.fault


@pytest.mark.django_db
def test_an_entry_rehashed_after_a_change_breaks_the_next_one():
    three_entries()
    tampered("UPDATE trading_auditentry SET by = 'x' WHERE number = 1")
    forged = audit.hash_of(AuditEntry.objects.get(number=1))
    tampered(f"UPDATE trading_auditentry SET hash = '{forged}' WHERE number = 1")

    assert audit.verify().broken == 2


@pytest.mark.django_db
def test_the_verifier_s_command_says_what_it_found():
    three_entries()
    out = StringIO()

    call_command("audit", "verify", stdout=out)

    assert "3 entries, chain whole" in out.getvalue()


@pytest.mark.django_db
def test_the_verifier_s_command_fails_naming_the_broken_entry():
    three_entries()
    tampered("UPDATE trading_auditentry SET action = 'x' WHERE number = 2")

    with pytest.raises(CommandError, match="audit entry 2 is broken") as caught:
        call_command("audit", "verify")

    assert caught.value.returncode == 1


@pytest.mark.django_db
def test_what_has_no_plain_form_is_refused():
    with pytest.raises(TypeError, match="object"):
        audit.note("x", by="asha", details={"thing": object()})


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_make_one_chain(transactional_db):
    def write(name: str) -> None:
        for number in range(5):
            audit.note("tick", by=name, details={"number": number})
        connection.close()

    threads = [threading.Thread(target=write, args=(f"writer {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    report = audit.verify()
    assert report.is_whole
    assert report.entries == 20
