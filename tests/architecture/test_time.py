"""Deciding code reads no clock, and every moment it makes is aware of its zone."""

from __future__ import annotations

import ast

import pytest

THE_CLOCK = "marketdata/clock.py"
RIM = (
    THE_CLOCK,
    "marketdata/feed.py",
    "marketdata/kite/",
    "execution/kite/",
    "execution/kitesim/",
    "trading/engine/runner.py",
)
WALL_CLOCKS = {"now", "today", "utcnow", "utcfromtimestamp"}
CLASSES = {"datetime", "date", "time", "Timestamp"}


def last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def clock_reads(tree: ast.AST, *, through_a_port_too: bool) -> list[int]:
    """Return the lines that ask what time it is; of a port only on request."""
    return [
        call.lineno
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in WALL_CLOCKS
        and (through_a_port_too or last_name(call.func.value) in CLASSES)
    ]


def naive_moments(tree: ast.AST) -> list[int]:
    """Return the lines that make a moment without a zone or take the zone away."""
    found = []
    for call in calls(tree):
        name, words = last_name(call.func), {word.arg: word.value for word in call.keywords}
        zone = words.get("tzinfo", words.get("tz"))
        needed = {"datetime": 8, "combine": 3, "fromtimestamp": 2}.get(name)
        none = isinstance(zone, ast.Constant) and zone.value is None
        if none or (needed is not None and zone is None and len(call.args) < needed):
            found.append(call.lineno)
    return found


def test_no_deciding_module_asks_what_time_it_is(deciding):
    found = [
        f"{source.path}:{line}"
        for source in deciding
        if not source.path.startswith(RIM)
        for line in clock_reads(source.tree, through_a_port_too=True)
    ]

    assert found == []


def test_below_the_line_only_the_clock_reads_the_system_s_clock(deciding):
    found = [
        f"{source.path}:{line}"
        for source in deciding
        if source.path != THE_CLOCK
        for line in clock_reads(source.tree, through_a_port_too=False)
    ]

    assert found == []


def test_every_moment_is_aware(sources):
    found = [f"{source.path}:{line}" for source in sources for line in naive_moments(source.tree)]

    assert found == []


@pytest.mark.parametrize(
    "line",
    ["datetime.now(IST)", "dt.datetime.utcnow()", "date.today()", "pd.Timestamp.now('UTC')"],
)
def test_a_read_of_the_system_s_clock_is_noticed(line):
    assert clock_reads(ast.parse(line), through_a_port_too=False) == [1]


def test_a_read_through_a_port_is_told_from_one_of_the_system():
    tree = ast.parse("self._clock.now()")

    assert clock_reads(tree, through_a_port_too=True) == [1]
    assert clock_reads(tree, through_a_port_too=False) == []


@pytest.mark.parametrize(
    "line",
    [
        "datetime(2026, 1, 1)",
        "datetime.combine(day, nine)",
        "datetime.fromtimestamp(seconds)",
        "moment.replace(tzinfo=None)",
    ],
)
def test_a_naive_moment_is_noticed(line):
    assert naive_moments(ast.parse(line)) == [1]


@pytest.mark.parametrize(
    "line",
    [
        "datetime(2026, 1, 1, tzinfo=IST)",
        "datetime.combine(day, nine, tzinfo=IST)",
        "datetime.combine(day, nine, IST)",
        "datetime.fromtimestamp(seconds, UTC)",
        "datetime.fromtimestamp(seconds, tz=UTC)",
    ],
)
def test_an_aware_moment_is_let_through(line):
    assert naive_moments(ast.parse(line)) == []
