"""The command that takes a list of events in: whole or not at all, every fault with its place."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from marketdata.events import CSV_COLUMNS
from trading.models import AuditEntry
from trading.models import MarketEvent as EventRow

pytestmark = pytest.mark.django_db

GOOD = "RESULTS,INFY,2026-10-15,,AFTER_CLOSE,,0.8,exchange filing"


def listed(folder: Path, *lines: str) -> Path:
    path = folder / "results.csv"
    path.write_text("\n".join((",".join(CSV_COLUMNS), *lines)) + "\n")
    return path


def said(*args: object) -> str:
    out = StringIO()
    call_command("import_events", *map(str, args), stdout=out)
    return out.getvalue()


def test_a_list_becomes_rows_once(tmp_path):
    path = listed(tmp_path, GOOD, "GDP,,2027-02-26,16:00,,,0.5,release calendar")

    assert "2 new, 0 changed, 0 as they were" in said(path)
    assert "0 new, 0 changed, 2 as they were" in said(path)

    gdp, infy = EventRow.objects.order_by("-starts_at")
    assert (infy.underlying, infy.timing) == ("INFY", "AFTER_CLOSE")
    assert gdp.starts_at.isoformat() == "2027-02-26T10:30:00+00:00"


def test_one_wrong_line_leaves_everything_as_it_was(tmp_path):
    path = listed(tmp_path, GOOD, GOOD.replace("INFY", ""))

    with pytest.raises(CommandError, match=r"line 3: underlying is '', expected a symbol"):
        said(path)

    assert not EventRow.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_check_stores_nothing(tmp_path):
    assert "1 events, all well" in said(listed(tmp_path, GOOD), "--check")

    assert not EventRow.objects.exists()
