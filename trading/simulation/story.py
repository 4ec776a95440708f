"""What happened on a day, in words: one line a moment, kept while it happens.

What was wrong with it is told by `watch.py`; printing is the command's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Story:
    """Lines in the order of time; `gone` tells the seconds since the open."""

    gone: Callable[[], float]
    lines: list[str] = field(default_factory=list)

    def tell(self, text: str) -> None:
        """Add a line."""
        self.lines.append(f"{self.gone():8.3f}  {text}")

    def fingerprint(self) -> str:
        """Return a short hash of everything that happened."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()[:16]
