"""Find what looks like a secret in the project's files: tell the place and the kind, not the text.

`python -m tests.leaked [FILE …]` looks at the files named, or at all of the project, and exits 1
where it finds something. It knows secrets that have a form of their own, and keys of the desk's
environment that stand beside a value; any other it cannot tell from a word.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MADE_HERE = {"var", "staticfiles", "__pycache__", "node_modules"}
_WORDS = r"[\"']?\s*[=:]\s*[\"']?"
FORMS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20}"),
    "bot token": re.compile(r"(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{33}(?![\w-])"),
    "chat webhook": re.compile(r"hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/\w{20,}"),
    "cloud key": re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
    "forge token": re.compile(r"(?<!\w)(?:gh[pousr]_\w{36}|github_pat_\w{50,}|glpat-[\w-]{20})"),
    "signed token": re.compile(r"(?<!\w)eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"),
    "key of the desk": re.compile(
        rf"(?:KITE_API_KEY|KITE_API_SECRET|SECRET_KEY|TOKEN_KEY|TELEGRAM_BOT_TOKEN){_WORDS}"
        r"(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[\w+/=-]{16,}"
    ),
    "password in an address": re.compile(
        r"(?:postgres(?:ql)?|rediss?)://[^\s:/@{}$\"']*:(?!password@)[^\s:/@{}$\"'<]{6,}@(?!localhost|127\.)"
    ),
}
"""What a secret looks like, by its name."""
PUBLIC = ("a25vd24gdG8gZXZlcnlib2R5LCBmb3IgdGVzdHMgb24",)
"""What is none, though it looks so: the key of the tests, which says of itself that it is known."""


def found_in(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each thing in a text that looks like a secret."""
    for name, form in FORMS.items():
        for match in form.finditer(text):
            if any(known in match[0] for known in PUBLIC):
                continue
            yield text.count("\n", 0, match.start()) + 1, name


def project_files() -> Iterator[Path]:
    """Yield the project's own files; what is made here or only fetched is left out."""
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.is_dir():
                if path.name not in MADE_HERE and not path.name.startswith("."):
                    folders.append(path)
            elif path.name != ".env" and path.suffix not in {".pyc", ".png", ".woff2"}:
                yield path


def leaks(paths: Iterable[Path]) -> list[str]:
    """Return file, line and kind of each finding."""
    return [
        f"{path}:{line}: {name}"
        for path in paths
        for line, name in found_in(path.read_text(encoding="utf-8", errors="replace"))
    ]


if __name__ == "__main__":
    told = leaks(map(Path, sys.argv[1:]) if sys.argv[1:] else project_files())
    sys.exit("\n".join(told) or 0)
