"""A process of its own for what a bench is measured against, so that it takes none of our time.

What it does is its module's; it tells in its first line where it is found.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[str]:
    """Run a module of the project until the block ends, and give the first line that it tells.

    Raises `RuntimeError` where it ends before it has told one.
    """
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            if process.stdout is None:
                raise RuntimeError(f"{module}: has no output")
            line = await asyncio.to_thread(process.stdout.readline)
            if not line:
                raise RuntimeError(f"{module}: ended before it was up")
            yield line
        finally:
            process.terminate()
