"""One implementation of a concept: each stands in one place, and nothing is a second edition."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping

import pytest

OWNERS = {
    "Engine": "trading/engine/core.py",
    "Guard": "trading/engine/guard.py",
    "Protection": "trading/engine/protection.py",
    "Scan": "trading/engine/scan.py",
    "Ledger": "trading/engine/ledger.py",
    "OrderBook": "trading/engine/order_book.py",
    "Runner": "trading/engine/runner.py",
    "Breakers": "risk/breakers.py",
    "TradingState": "risk/breakers.py",
    "RiskLimits": "risk/limits.py",
    "Sizing": "risk/sizing.py",
    "ExitPlan": "risk/exits/plan.py",
    "ExitReason": "risk/exits/plan.py",
    "Ranker": "strategies/ranking.py",
    "Strategy": "strategies/base.py",
    "OrderState": "execution/orders.py",
    "OrderRequest": "execution/orders.py",
    "OrderUpdate": "execution/orders.py",
    "Charges": "execution/charges.py",
    "Broker": "execution/broker.py",
    "PaperBroker": "execution/paper.py",
    "Panel": "marketdata/panel.py",
    "Universe": "marketdata/universe.py",
    "Calendar": "marketdata/calendar.py",
    "Clock": "marketdata/clock.py",
    "Config": "trading/config.py",
}
"""What the desk is made of and where it stands; rows that remember it stand in `trading/models`."""
SECOND_EDITION = re.compile(
    r"(?:^|_|(?<=[a-z]))(?:V[2-9]|Enhanced|Advanced|Improved|Legacy|Old|Unified)(?=$|_|[A-Z])"
)


def classes(trees: Mapping[str, ast.Module]) -> Iterable[tuple[str, str]]:
    """Yield where each class stands and its name; rows left out."""
    for path, tree in trees.items():
        if not path.startswith("trading/models/"):
            yield from ((path, node.name) for node in tree.body if isinstance(node, ast.ClassDef))


@pytest.fixture(scope="module")
def known(sources) -> list[tuple[str, str]]:
    return sorted(classes({source.path: source.tree for source in sources}))


@pytest.mark.parametrize("concept", OWNERS)
def test_a_concept_has_one_owner(concept, known):
    assert [path for path, name in known if name == concept] == [OWNERS[concept]]


def test_no_class_is_a_second_edition_of_another(known):
    assert [f"{path}: {name}" for path, name in known if SECOND_EDITION.search(name)] == []


@pytest.mark.parametrize("name", ["EnhancedGuard", "GuardV2", "LegacyScan", "Ledger_Old"])
def test_a_second_edition_is_noticed(name):
    assert SECOND_EDITION.search(name)


@pytest.mark.parametrize("name", ["Holding", "Threshold", "BoldText", "GoldenDay"])
def test_a_word_that_only_holds_one_is_let_through(name):
    assert not SECOND_EDITION.search(name)
