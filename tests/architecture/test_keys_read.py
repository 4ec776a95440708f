"""A key that can be set is read: by the code that acts, not only by the check of its value.

What is read is told by name, so a name that another room uses for something else counts too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from backoffice.notify.rules import Rules
from strategies.registry import STRATEGIES
from trading.config import Config

ROOT = Path(__file__).resolve().parents[2]
ANSWERED_ONLY = {"carry_overnight"}
"""Keys that stand there so that a wish for them is refused with its reason."""


def settings_under(root: type) -> Iterator[type]:
    """Yield a class of settings and those of its fields, each once."""
    found, left = set[type](), [root]
    while left:
        each = left.pop()
        if each in found or not is_dataclass(each):
            continue
        found.add(each)
        yield each
        for hint in get_type_hints(each).values():
            left += [part for part in (hint, *get_args(hint)) if isinstance(part, type)]


def keys() -> list[tuple[str, str]]:
    """Return where each key stands and its name: the desk's, the alerts' and the strategies'."""
    classes = [*settings_under(Config), *settings_under(Rules), *STRATEGIES.values()]
    return sorted({(each.__name__, key.name) for each in classes for key in fields(each)})


def reads(tree: ast.AST) -> set[str]:
    """Return the names that code looks up on something, or tells as a text; checks left out."""
    checks = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == "__post_init__"
        for node in ast.walk(function)
    }
    nodes = [node for node in ast.walk(tree) if id(node) not in checks]
    looked_up = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    told = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return looked_up | {value for value in told if isinstance(value, str)}


def spellings(name: str) -> set[str]:
    """Return the names under which a key may be looked up: of a kind of event, of a structure."""
    return {name, name.upper(), name.removeprefix("with_")}


def never_read(asked: Iterable[tuple[str, str]], known: set[str]) -> list[str]:
    return [f"{where}.{name}" for where, name in asked if not spellings(name) & known]


@pytest.fixture(scope="module")
def known(sources) -> set[str]:
    return {name for source in sources for name in reads(source.tree)}


def test_every_key_of_a_configuration_is_read(known):
    assert never_read(keys(), known | ANSWERED_ONLY) == []


def test_the_keys_are_those_of_the_desk_of_every_strategy_and_of_the_alerts():
    places = {where for where, _ in keys()}

    assert places >= {"RiskLimits", "ExitRules", "ExecutionSettings", "Rules", "Route"}
    assert places >= {each.__name__ for each in STRATEGIES.values()}


def test_every_key_of_the_environment_that_the_example_tells_is_read(sources):
    told = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    code = " ".join(source.text for source in sources if source.path.startswith("aitrapp/"))
    words = {word.upper() for word in re.findall(r"\w+", code)}

    assert told
    assert [key for key in told if key not in words] == []


def test_a_key_that_is_only_checked_is_noticed():
    code = "class Chase:\n def __post_init__(self):\n  self.ticks\ndef go(chase): chase.seconds"

    known = reads(ast.parse(code))

    assert never_read([("Chase", "ticks"), ("Chase", "seconds")], known) == ["Chase.ticks"]
