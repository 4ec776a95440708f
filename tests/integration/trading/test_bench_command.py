from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from trading.management.commands import bench


@pytest.mark.parametrize("what", ["feed", "tape", "guard"])
def test_json_is_refused_where_lines_alone_are_told(what: str, tmp_path: Path):
    out = tmp_path / "told.json"

    with pytest.raises(CommandError, match=f"--json: {what} tells lines only") as refused:
        call_command("bench", what, f"--json={out}")

    assert refused.value.returncode == 2
    assert not out.exists()


class _Told(BaseCommand):
    """Stands for a bench that is a command of its own."""

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps({"as_json": options["json"]}))


def test_json_of_a_bench_that_is_a_command_goes_into_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(bench._COMMANDS, "dump", _Told())
    out = tmp_path / "told.json"

    call_command("bench", "dump", f"--json={out}")

    assert json.loads(out.read_text()) == {"as_json": True}
