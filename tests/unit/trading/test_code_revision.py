from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from trading.code_revision import CodeRevision, revision_of


def git(root: Path, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *who, *words], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("answer = 42\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "-m", "First")
    return tmp_path


def test_a_clean_checkout_tells_its_commit(checkout: Path):
    head = git(checkout, "rev-parse", "HEAD")

    assert revision_of(checkout) == CodeRevision(head, is_clean=True)
    assert revision_of(checkout).committed == head


@pytest.mark.parametrize("name", ["code.py", "another.py"])
def test_a_changed_and_an_unknown_file_make_it_dirty(checkout: Path, name: str):
    (checkout / name).write_text("answer = 43\n")

    found = revision_of(checkout)

    assert found.is_clean is False
    assert found.committed == ""


def test_without_git_the_build_file_tells(tmp_path: Path):
    (tmp_path / "build.json").write_text('{"revision": "abc123", "clean": true}')

    assert revision_of(tmp_path) == CodeRevision("abc123", is_clean=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"revision": "", "clean": true}',
        '{"revision": 7, "clean": true}',
        '{"clean": true}',
    ],
)
def test_a_build_file_that_cannot_be_read_tells_nothing(tmp_path: Path, text: str):
    (tmp_path / "build.json").write_text(text)

    assert revision_of(tmp_path) == CodeRevision()


def test_a_checkout_tells_what_it_is_whatever_a_build_file_says(checkout: Path):
    (checkout / "build.json").write_text('{"revision": "abc123", "clean": true}')

    assert revision_of(checkout) == CodeRevision(git(checkout, "rev-parse", "HEAD"), is_clean=False)


def test_a_folder_without_either_is_not_known(tmp_path: Path):
    assert revision_of(tmp_path).is_clean is None
