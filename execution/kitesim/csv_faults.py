"""An instruments file gone wrong: empty, without its end, or with rows nobody can read.

When it does is the fault script's business.
"""

from __future__ import annotations

from datetime import datetime

from execution.kitesim.faults import FaultKind, Faults

_GARBAGE = (b"\xff\xfe\x00,,,\n", b"<html>502 Bad Gateway</html>\n", b"x,y\n", b'"open quote,\n')


def with_faults(told: bytes, subject: str, faults: Faults, at: datetime) -> bytes:
    """Return the file as it goes out. `subject`: the exchange asked for, or `ALL`."""
    if faults.active(FaultKind.CSV_EMPTY, at, subject) is not None:
        return b""
    short = faults.active(FaultKind.CSV_SHORT, at, subject)
    if short is not None:
        told = told[: len(told) // 10 + short.chance % max(1, len(told) // 2)]
    garbled = faults.active(FaultKind.CSV_GARBLED, at, subject)
    return told if garbled is None else _garbled(told, garbled.chance)


def _garbled(told: bytes, chance: int) -> bytes:
    """Replace every third line, the header sometimes among them."""
    lines = told.splitlines(keepends=True)
    for number in range(chance % 3, len(lines), 3):
        lines[number] = _GARBAGE[(chance + number) % len(_GARBAGE)]
    return b"".join(lines)
