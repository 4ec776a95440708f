"""What the documents name is there: files, tests, commands, targets, programs and addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
ROOMS = "aitrapp|backoffice|trading|risk|strategies|execution|marketdata|tests|docs|docker"
MADE_BY_THE_READER = {"docker/.env", "strategies/range_fade.py"}
_FILE = re.compile(rf"`((?:{ROOMS})/[\w/.-]+?)(?:::\w+)?`")
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
_COMMAND = re.compile(r"manage\.py ([a-z]\w+)")
_TARGET = re.compile(r"(?:^|`|\$ |    )make ([a-z][\w-]+)", re.MULTILINE)
_PROGRAM = re.compile(r"python -m ([a-z][\w.]+)")


def told(form: re.Pattern[str]) -> Iterator[tuple[Path, str]]:
    """Yield each name of a form with the page that tells it."""
    for page in PAGES:
        for name in sorted(set(form.findall(page.read_text()))):
            yield page, name


def missing(form: re.Pattern[str], is_there: Callable[[Path, str], bool]) -> list[str]:
    return [f"{page.name}: {name}" for page, name in told(form) if not is_there(page, name)]


def a_file(_page: Path, name: str) -> bool:
    """Say whether a path from the root is there; a module may be told without its ending."""
    path = ROOT / name
    return (
        name in MADE_BY_THE_READER
        or path.exists()
        or path.with_suffix(".py").exists()
        or bool(list(ROOT.glob(name)))
    )


def a_program(_page: Path, name: str) -> bool:
    if name.split(".")[0] not in ROOMS.split("|"):
        return True
    return find_spec(name.rstrip(".")) is not None


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


CHECKS = {
    "files": (_FILE, a_file),
    "links": (_LINK, lambda page, name: (page.parent / name).exists()),
    "commands": (_COMMAND, lambda _page, name: name in get_commands()),
    "targets": (_TARGET, lambda _page, name: name in targets()),
    "programs": (_PROGRAM, a_program),
}


@pytest.mark.parametrize("kind", CHECKS)
def test_what_a_document_names_is_there(kind):
    assert missing(*CHECKS[kind]) == []


@pytest.mark.parametrize("kind", ["files", "commands", "targets", "programs"])
def test_the_documents_name_some_of_each(kind):
    assert list(told(CHECKS[kind][0]))


def test_a_name_that_is_not_there_is_noticed():
    form = re.compile("(AITRAPP)")

    assert missing(form, lambda _page, _name: False)
    assert not a_file(ROOT, "trading/no_such_module")
    assert not a_program(ROOT, "trading.no_such_module")
