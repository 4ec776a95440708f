"""What a rule of the gate answers: a measured value against the allowed one.

The rules themselves live in `rules.py` and `desk_rules.py`.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct


class Verdict(Struct, frozen=True, gc=False):
    """What one rule says: `measured` against `allowed` in `unit`."""

    rule: str
    passed: bool
    measured: Decimal | str
    allowed: Decimal | str
    unit: str = ""
    detail: str = ""
