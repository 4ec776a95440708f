from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {
    *("aitrapp", "backoffice", "trading", "risk", "strategies", "execution", "marketdata"),
    *("tests", "requirements", "docker", "docs"),
}
MADE_HERE = {"var", "staticfiles", "__pycache__"}


def asserts(tree: ast.AST) -> list[int]:
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def test_only_the_agreed_folders_stand_at_the_top():
    found = {
        path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")
    }

    assert found - FOLDERS - MADE_HERE == set()


def test_every_folder_of_a_room_is_a_package(sources):
    folders = {(ROOT / source.path).parent for source in sources} - {ROOT}

    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_every_module_says_what_lives_there(sources):
    assert [source.path for source in sources if not ast.get_docstring(source.tree)] == []


def test_guards_are_raised_never_asserted(sources):
    found = [f"{source.path}:{line}" for source in sources for line in asserts(source.tree)]

    assert found == []


def test_an_assert_is_noticed():
    assert asserts(ast.parse("x = 1\nassert x")) == [2]


@pytest.mark.parametrize("word", ["manager", "helper", "helpers", "util", "utils", "common"])
def test_no_module_has_a_name_that_says_nothing(sources, word):
    named = [source.path for source in sources if word in Path(source.path).stem.split("_")]

    assert named == []
