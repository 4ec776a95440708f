"""A pytest plugin: properties come last, on fewer examples, the same ones in every run.

A mutant needs no smallest example: that one is found is enough.
"""

from __future__ import annotations

import gc
import os
import sys

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutation.rooms import PACKAGES

settings.register_profile(
    "mutation",
    max_examples=20,
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutation")


def pytest_configure() -> None:
    """Begin each forked run without remembered answers, and spare it old garbage.

    What a function was asked before the fork it would else answer from its cache, unchanged.
    """
    _forget_answers()
    gc.collect()
    gc.freeze()


def pytest_runtest_setup() -> None:
    """Let every test reach what it asks for, while mutmut looks which test reaches what.

    Of a function that remembers, only the first test that asks it would be known.
    """
    if os.environ.get("MUTANT_UNDER_TEST") == "stats":
        _forget_answers()


def _forget_answers() -> None:
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in PACKAGES:
            for value in vars(module).values():
                if callable(forget := getattr(value, "cache_clear", None)):
                    forget()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ask the tests of single examples first, most mutants need no more; or ask no others."""
    if os.environ.get("MUTATION_EXAMPLES_ONLY"):
        items[:] = [item for item in items if not _is_property(item)]
    items.sort(key=_is_property)


def _is_property(item: pytest.Item) -> bool:
    return hasattr(getattr(item, "function", None), "hypothesis")
