"""The recorder process, whose database goes away and comes back."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.integration.trading.journal_day import whole_day, written
from tests.integration.trading.test_recorder_killed import database_url
from trading.management.commands.runrecorder import look
from trading.models import RecorderPosition, Run
from trading.services.seed import PAPER_ACCOUNT
from trading.standing_by import Sign


def cut_off() -> None:
    """End the server's side of our connection, as a server that dies does."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    with psycopg.connect(database_url(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.mark.django_db(transaction=True)
def test_a_recorder_outlives_its_database_and_goes_on_where_it_was(
    transactional_db, run: Run, settings
):
    settings.REDIS_URL = None
    run.account.code, run.mode = PAPER_ACCOUNT, "PAPER"
    run.account.save()
    run.save()
    day = whole_day(trades=2)
    written(Path(run.journal_path), day)

    cut_off()
    look(PAPER_ACCOUNT, Sign("recorder", None))
    after_the_cut = RecorderPosition.objects.count()
    look(PAPER_ACCOUNT, Sign("recorder", None))

    position = RecorderPosition.objects.get(run=run)
    assert (after_the_cut, position.seq, position.ended) == (0, len(day), True)
