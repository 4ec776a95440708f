"""The parameter sets of a screen: every combination of the values given for each key.

Whether a strategy takes a set is the registry's to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import product
from math import prod
from typing import Any

from risk.exits import ExitRules
from strategies.registry import parameter_types
from trading.config import ConfigError

EXITS = "exits."
"""How a key begins that is a rule of the exits; any other is a parameter of the strategy."""
_MOST = 100_000
_OTHERWISE = ("hard_stop", "end_of_day")
"""Exits that rest at the exchange or come with the hours: switching them off changes nothing."""


def sets_of(strategy: str, grid: Sequence[str]) -> tuple[Mapping[str, Any], ...]:
    """Return every combination of `key=a,b,c` texts, the last key changing fastest.

    One empty set without keys. Raises `ConfigError` naming a text that cannot be read, a key the
    strategy doesn't have or that comes twice, and more than 100,000 sets.
    """
    values: dict[str, list[Any]] = {}
    for text in grid:
        key, found, listed = text.partition("=")
        if not found or not key or not listed:
            raise ConfigError(f"--grid {text}: expected key=value,value")
        if key not in (known := _keys(strategy)):
            told = ", ".join(known)
            raise ConfigError(f"--grid {key}: no parameter of {strategy}, expected one of {told}")
        if key in values:
            raise ConfigError(f"--grid {key}: given twice, expected once")
        values[key] = [_value(one) for one in listed.split(",")]
    count = prod(len(listed) for listed in values.values())
    if count > _MOST:
        raise ConfigError(f"--grid: {count:,} parameter sets, expected at most {_MOST:,}")
    return tuple(dict(zip(values, chosen, strict=True)) for chosen in product(*values.values()))


def _keys(strategy: str) -> list[str]:
    """Return what can be varied: the strategy's parameters, then the rules of the exits."""
    exits = [EXITS + item.name for item in fields(ExitRules) if item.name not in _OTHERWISE]
    return [*sorted(parameter_types(strategy)), *sorted(exits)]


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
