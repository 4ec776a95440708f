"""What a desk asks of the kitesim beside it that no broker is asked: how to log in, how far it is.

Everything else goes the way it goes with Kite; what is asked here is served by
`execution/kitesim/control.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

SOURCE = "kitesim"
"""The source of a run whose prices come from a kitesim."""
_ANSWER_SECONDS = 5.0


class SimAway(Exception):
    """The kitesim doesn't answer, or not as one with control does."""


@dataclass(frozen=True, slots=True)
class SimTold:
    """What a kitesim tells as it begins. `warmup`: the folder of bars before its day, if any."""

    request_token: str = field(repr=False)
    warmup: Path | None


@dataclass(frozen=True, slots=True)
class SimState:
    """Where a kitesim's day stands; `now` is its simulated time, aware."""

    now: datetime
    has_ended: bool


def read_told(file: Path) -> SimTold:
    """Return what a kitesim has told in a file. Raises `SimAway`."""
    try:
        told = json.loads(file.read_bytes())
        warmup = told["warmup"]
        return SimTold(str(told["request_token"]), Path(warmup) if warmup else None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SimAway(f"{file}: expected what `kitesim --tell` writes") from error


def sim_state(root: str) -> SimState:
    """Return where the day stands, waiting for the answer. Raises `SimAway`."""
    parts = urlsplit(root)
    asked = HTTPConnection(parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS)
    try:
        asked.request("GET", "/sim/state")
        told = json.loads(asked.getresponse().read())["data"]
        return SimState(datetime.fromisoformat(told["now"]), bool(told["has_ended"]))
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise SimAway(f"{root}: no kitesim with control answers") from error
    finally:
        asked.close()
