"""Which revision of the project's own code this process runs, and whether anybody changed it since.

A checkout is asked through git; where there is none (an image), a file written at the build tells.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

BUILD_FILE = "build.json"
"""Beside `manage.py`: `{"revision": "...", "clean": true}`."""
_GIT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class CodeRevision:
    """A revision, empty where nobody knows it; `is_clean` None where nobody can say."""

    revision: str = ""
    is_clean: bool | None = None

    @property
    def committed(self) -> str:
        """Return the revision, empty for code that isn't exactly what was committed."""
        return self.revision if self.is_clean else ""


@cache
def running_code() -> CodeRevision:
    """Return the revision as it was when this process first asked."""
    return revision_of(Path(settings.PROJECT_ROOT))


def revision_of(root: Path) -> CodeRevision:
    """Return the revision of the code in a folder: its checkout's, else its build file's."""
    return _checked_out(root) if (root / ".git").exists() else _built(root / BUILD_FILE)


def _built(file: Path) -> CodeRevision:
    """Return what a build file says, nothing where it can't be read."""
    try:
        told = json.loads(file.read_bytes())
        revision, clean = told["revision"], told["clean"]
    except (OSError, ValueError, KeyError, TypeError):
        return CodeRevision()
    if not isinstance(revision, str) or not revision or not isinstance(clean, bool):
        return CodeRevision()
    return CodeRevision(revision[:64], clean)


def _checked_out(root: Path) -> CodeRevision:
    head, changes = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain")
    if head is None:
        return CodeRevision()
    return CodeRevision(head.strip(), None if changes is None else not changes.strip())


def _git(root: Path, *words: str) -> str | None:
    """Return what git says, None where it says nothing useful."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        done = subprocess.run(
            [git, "--no-optional-locks", *words],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
