from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from trading.models import Holiday


def tables() -> set[str]:
    with connection.cursor() as cursor:
        return {
            name
            for name in connection.introspection.table_names(cursor)
            if name.startswith("trading_")
        }


@pytest.mark.django_db
def test_the_models_have_not_drifted_from_the_migrations():
    call_command("makemigrations", "trading", check=True, dry_run=True, verbosity=0)


@pytest.fixture
def all_migrations(transactional_db: None) -> Iterator[None]:
    yield
    call_command("migrate", verbosity=0)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_schema_is_built_from_nothing_and_taken_down_again(
    transactional_db, all_migrations: None
):
    before = tables()

    call_command("migrate", "trading", "zero", verbosity=0)
    assert tables() == set()
    call_command("migrate", "trading", verbosity=0)

    assert tables() == before
    assert Holiday.objects.count() == 0
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes("trading")) == []


@pytest.mark.django_db
def test_a_guarded_database_passes_the_checks():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trading_auditentry ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE trading_configversion ENABLE TRIGGER USER")

    assert run_checks(tags=[Tags.database], databases=["default"]) == []


@pytest.mark.django_db
def test_a_lost_trigger_is_an_error():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trading_configversion ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE trading_auditentry DISABLE TRIGGER audit_no_change")

    errors = run_checks(tags=[Tags.database], databases=["default"])

    assert [error.id for error in errors] == ["aitrapp.E002"]
    assert "audit_no_change" in errors[0].msg
