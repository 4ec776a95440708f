"""The check every indicator makes of its parameters; what they mean stands with the indicator."""

from __future__ import annotations


def at_least(name: str, value: float, least: float) -> None:
    """Raise `ValueError` naming the parameter unless `value` is `least` or more (NaN is not)."""
    if not value >= least:
        raise ValueError(f"{name}: {value}, expected {least} or more")
