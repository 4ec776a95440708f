"""Reading a fault script: a file in TOML or JSON, or the same document over the control endpoint.

    [[faults]]
    kind = "accept-then-timeout"
    since = 10:15:00
    subject = "POST /orders/* NFO:*"
    times = 1

What the kinds and fields mean is told by `FaultKind` and `FaultRule` in `faults.py`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import time
from pathlib import Path
from typing import Any

import msgspec

from execution.kitesim.faults import FaultRule

_FIELDS = tuple(field.name for field in fields(FaultRule))


class FaultScriptError(ValueError):
    """A script that cannot be used; names the file, the rule and what was expected."""


def read_script(path: Path) -> tuple[FaultRule, ...]:
    """Return the rules of a file, `.toml` or JSON. Raises `FaultScriptError`."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise FaultScriptError(f"{path}: {error}, expected a fault script") from error
    return rules_of(document, str(path))


def rules_of(document: object, where: str) -> tuple[FaultRule, ...]:
    """Return the rules of a document, `{"faults": [...]}`. Raises `FaultScriptError`."""
    if not isinstance(document, Mapping) or set(document) != {"faults"}:
        raise FaultScriptError(f"{where}: expected one list, `faults`")
    rules = document["faults"]
    if not isinstance(rules, list):
        raise FaultScriptError(f"{where}: faults is {rules!r}, expected a list of rules")
    return tuple(_rule(rule, f"{where}: rule {number}") for number, rule in enumerate(rules, 1))


def as_document(rule: FaultRule) -> dict[str, Any]:
    """Return a rule as it would stand in a JSON script."""
    told = asdict(rule)
    return told | {"since": rule.since.isoformat(), "until": rule.until.isoformat()}


def _rule(told: object, where: str) -> FaultRule:
    if not isinstance(told, Mapping):
        raise FaultScriptError(f"{where}: {told!r}, expected fields and values")
    unknown = sorted(set(told) - set(_FIELDS))
    if unknown:
        raise FaultScriptError(f"{where}: {unknown[0]} is unknown, expected {', '.join(_FIELDS)}")
    try:
        return msgspec.convert({name: _told(value) for name, value in told.items()}, FaultRule)
    except ValueError as error:
        raise FaultScriptError(f"{where}: {error}") from error


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, time) else value
