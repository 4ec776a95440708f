"""What is built is reached: from a command, a process or a page, and not from tests alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate, chain, filterfalse

ENTRIES = re.compile(
    r"manage|.*\.__main__|aitrapp\.(asgi|beat|celery|urls|settings\..+|unset_database\.base)"
    r"|.*\.management\.commands\..+|(trading|backoffice)\.(apps|tasks|models)|backoffice\.admin"
)
"""Modules that something outside calls for by name: Python, Django, Celery or the web server."""
CALLED_FROM_OUTSIDE = {
    "add_arguments": "Django asks a command",
    "TradingConfig": "Django finds the application",
    "call_soon": "asyncio asks a loop",
    "ensure_connection": "Django asks a database",
    "on_ws_connected": "the socket library tells a listener",
    "on_ws_disconnected": "the socket library tells a listener",
    "on_ws_frame": "the socket library tells a listener",
    "pause_writing": "the socket library tells a listener",
    "reducer_override": "pickle asks a pickler",
    "resume_writing": "the socket library tells a listener",
}
FOR_TESTS = {
    "execution.contract_note": "the rounding of a broker's note, to hold our exact charges against",
    "marketdata.synthetic_faults": "spoils a made day, for the tests of what the screen lets by",
    "applied": "what a page does with the changes that it is told",
    "MemoryJournal": "the journal of engines that live in memory: replays and tests",
    "broadcast_error": "an error that Kite tells its clients out of turn",
    "broadcast_notice": "a message that Kite sends its clients out of turn",
    "charges_for_exercise": "the desk is flat before an expiry; checks the table of rates whole",
    "closing_auction": "facts of the calendar, checked against the published ones",
    "compile_all": "compiles every kernel before the clock of a test runs",
    "dropped_of": "what the backtest's screen left out, as one number",
    "due_moment": "when a task of a day is due, without a database",
    "final_balance": "the balance of a backtest, read from its journal",
    "foremost": "the priority of exits, asked pair by pair",
    "is_lockstep": "whether a kitesim waits for its clients",
    "is_alone": "whether the shared pacer keeps to its own share",
    "net_cash": "what a position paid and got, for its properties",
    "next_trading_day": "the other way of `previous_trading_day`, for its properties",
    "plans_by_strategy": "counts of plans from rows",
    "project_records": "projects a journal that is no file",
    "running_run": "the running session of an account, from rows",
    "session_ordinal": "the number of a session's day",
}
"""Names that tests alone ask for, and what for; one that the product takes up leaves the list."""
_DOTTED = re.compile(r"[a-z_]+(?:\.\w+)+")
_PLAIN = {"property", "staticmethod", "classmethod", "cached_property", "contextmanager", "final"}


def module_of(path: str) -> str:
    """Return the dotted name of a file, a package by its folder."""
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def named_by(tree: ast.AST) -> Iterator[str]:
    """Yield the names that code imports, or tells in a text as settings do, and all above them."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.Constant(value=str(text)):
                for found in _DOTTED.findall(text):
                    yield from accumulate(found.split("."), "{}.{}".format)


def is_program(tree: ast.AST) -> bool:
    """Say whether a module does something when it is run."""
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return "__main__" in texts


def unreached(trees: Mapping[str, ast.AST]) -> list[str]:
    """Return the modules that no way leads to from an entry; a package leads to nothing below."""
    left = [name for name, tree in trees.items() if ENTRIES.fullmatch(name) or is_program(tree)]
    found = set(left)
    while left:
        for name in set(named_by(trees[left.pop()])) & trees.keys() - found:
            found.add(name)
            left.append(name)
    return sorted(name for name in trees.keys() - found if trees[name].body[1:])


def is_registered(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Say whether a decorator hands it to something that calls it."""
    names = {
        part.attr if isinstance(part, ast.Attribute) else part.id
        for each in node.decorator_list
        for part in [each.func if isinstance(each, ast.Call) else each]
        if isinstance(part, ast.Name | ast.Attribute)
    }
    return bool(names - _PLAIN - {"dataclass", "njit", "lru_cache", "cache", "compiled"})


def defined(tree: ast.Module) -> Iterator[str]:
    """Yield the public functions, classes and methods of a module."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    for node in tree.body:
        if isinstance(node, kinds) and not is_registered(node):
            yield node.name
            for part in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(part, kinds) and not is_registered(part):
                    yield part.name


def is_offer(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"


def used(tree: ast.Module) -> Iterator[str]:
    """Yield the names that code calls, looks up, passes on by keyword or tells as a whole text.

    A list of what a module offers is no use of it.
    """
    for node in chain.from_iterable(map(ast.walk, filterfalse(is_offer, tree.body))):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.Constant(value=str(name)) if name.isidentifier():
                yield name


def never_used(definitions: Iterable[ast.Module], everything: Iterable[ast.Module]) -> set[str]:
    known = {name for tree in everything for name in used(tree)}
    return {
        name
        for tree in definitions
        for name in defined(tree)
        if name not in known and not name.startswith("_")
    }


def test_a_way_leads_to_every_module(sources):
    found = unreached({module_of(source.path): source.tree for source in sources})

    assert [name for name in found if name not in FOR_TESTS] == []


def test_every_name_is_used_by_the_product(sources):
    desk = [source.tree for source in sources if not source.path.startswith("backoffice/")]

    found = never_used(desk, [source.tree for source in sources])

    assert sorted(found - CALLED_FROM_OUTSIDE.keys() - FOR_TESTS.keys()) == []


def test_what_only_tests_ask_for_is_told_as_long_as_that_is_so(sources):
    trees = {module_of(source.path): source.tree for source in sources}

    found = never_used(trees.values(), trees.values()) | set(unreached(trees))

    assert sorted(FOR_TESTS.keys() - found) == []


def test_a_module_that_is_only_tested_is_noticed():
    trees = {
        "manage": ast.parse("'''Starts.'''\nfrom trading import desk"),
        "trading": ast.parse("'''A room.'''"),
        "trading.desk": ast.parse("'''Trades.'''\nHOURS = 'trading.hours.Hours'"),
        "trading.hours": ast.parse("'''Hours.'''\nclass Hours: ..."),
        "trading.guard": ast.parse("'''Nobody asks.'''\ndef exit_check(): ..."),
    }

    assert unreached(trees) == ["trading.guard"]


def test_a_check_that_nothing_calls_is_noticed():
    tree = ast.parse("class Desk:\n def scan(self): ...\n def exit_check(self): ...\nDesk().scan()")

    assert never_used([tree], [tree]) == {"exit_check"}
