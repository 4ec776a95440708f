"""How the engine is loaded sooner than the desk's other processes: it is waited for after a crash.

It does without the console's applications, and nobody looks for unused objects while it loads.
Standard library only: it is imported before anything else.
"""

from __future__ import annotations

import gc
import os

KEY = "DESK_PROCESS"
ENGINE = "engine"


def load_lean() -> None:
    """Load this process as an engine; called before Django's settings are read.

    The search for unused objects begins with `trading.quiet_heap.loaded`.
    """
    os.environ.setdefault(KEY, ENGINE)
    gc.disable()


def is_engine() -> bool:
    """Say whether this process is loaded as an engine."""
    return os.environ.get(KEY) == ENGINE
