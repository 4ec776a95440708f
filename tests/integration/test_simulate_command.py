from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError


def test_a_day_is_played_and_summed_up(tmp_path: Path):
    told = StringIO()

    call_command(
        "simulate", seeds="1..1", days=2, faults="none", out=str(tmp_path), jobs=1, stdout=told
    )

    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["days"] == 2
    assert summary["failed"] == []
    assert summary["orders"] > 0
    assert "2 days" in told.getvalue()


@pytest.mark.parametrize(
    ("wrong", "text"),
    [({"seeds": "b"}, "--seeds"), ({"faults": "flood"}, "--faults"), ({"jobs": 0}, "--jobs")],
)
def test_an_option_that_cannot_be_read_is_named(wrong: dict[str, object], text: str):
    with pytest.raises(CommandError, match=text):
        call_command("simulate", **({"seeds": "1", "faults": "none", "jobs": 1} | wrong))


def test_a_folder_that_is_a_file_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(CommandError, match="expected a folder"):
        call_command("simulate", seeds="1", faults="none", jobs=1, out=str(tmp_path / "file"))


def test_days_that_are_there_already_are_counted_and_not_played_again(tmp_path: Path):
    asked = {"faults": "none", "out": str(tmp_path), "jobs": 1}
    call_command("simulate", seeds="1..2", stdout=StringIO(), **asked)
    told = StringIO()

    call_command("simulate", seeds="1..3", every=1, stdout=told, **asked)

    assert "2 of 3 days are there" in told.getvalue()
    assert "3 days, " in told.getvalue()
    assert "; 1 days now in " in told.getvalue()
    assert json.loads((tmp_path / "summary.json").read_text())["days"] == 3
