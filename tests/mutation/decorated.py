"""Which decorated functions are changed too: properties, caches, kernels that run uncompiled.

mutmut leaves out everything with a decorator but static and class methods.
"""

from __future__ import annotations

from typing import Any

import libcst as cst
from mutmut.mutation import file_mutation

_SAFE = ([], ["cache"], ["lru_cache"], ["njit"], ["property"])
_skips = file_mutation.MutationVisitor._skip_node_and_children
_arranges = file_mutation.function_trampoline_arrangement


def look_into_decorated() -> None:
    """Make mutmut change what has a harmless decorator, which then stands once, outside."""
    file_mutation.MutationVisitor._skip_node_and_children = _skip
    file_mutation.function_trampoline_arrangement = _arrange


def _skip(visitor: Any, node: cst.CSTNode) -> bool:
    if isinstance(node, cst.FunctionDef) and _is_safe(node):
        node = node.with_changes(decorators=[])
    return bool(_skips(visitor, node))


def _arrange(function: cst.FunctionDef, mutants: Any, class_name: str | None) -> Any:
    if not _is_safe(function):
        return _arranges(function, mutants, class_name)
    bare = function.with_changes(decorators=[])
    declared, methods, assigned, names = _arranges(bare, mutants, class_name)
    switch, *others = methods
    decorators = [*function.decorators, *switch.decorators]
    return declared, [switch.with_changes(decorators=decorators), *others], assigned, names


def _is_safe(function: cst.FunctionDef) -> bool:
    return [_name(each) for each in function.decorators] in _SAFE


def _name(decorator: cst.Decorator) -> str:
    called = decorator.decorator
    named = called.func if isinstance(called, cst.Call) else called
    return named.value if isinstance(named, cst.Name) else ""
