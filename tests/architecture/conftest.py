"""The project's sources, read once, for the tests of its structure."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("aitrapp", "backoffice", "trading", "risk", "strategies", "execution", "marketdata")
BELOW = ("marketdata/", "strategies/", "execution/", "risk/", "trading/engine/")


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, with slashes, and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def is_below_the_line(self) -> bool:
        return self.path.startswith(BELOW)


def read(path: Path) -> Source:
    text = path.read_text()
    return Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


def written_by_hand(folder: str) -> list[Path]:
    return [path for path in (ROOT / folder).rglob("*.py") if path.parent.name != "migrations"]


@pytest.fixture(scope="session")
def sources() -> list[Source]:
    """Return every module of the rooms, migrations left out."""
    paths = [path for room in ROOMS for path in written_by_hand(room)]
    return [read(path) for path in sorted([*paths, ROOT / "manage.py"])]


@pytest.fixture(scope="session")
def test_sources() -> list[Source]:
    """Return every test module."""
    return [read(path) for path in sorted(written_by_hand("tests"))]


@pytest.fixture(scope="session")
def deciding(sources: list[Source]) -> list[Source]:
    """Return the modules below the line."""
    return [source for source in sources if source.is_below_the_line]
