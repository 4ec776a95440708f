"""The same numbers live and in batch: nothing whose last bit depends on the shape of an array."""

from __future__ import annotations

import ast

import pytest

KERNELS = ("marketdata/features/", "marketdata/synthetic", "risk/exits/")
FORBIDDEN_OPTIONS = {"fastmath", "parallel"}
SHAPE_DEPENDENT = {
    *("log", "log2", "log10", "log1p", "exp", "exp2", "expm1", "power", "float_power"),
    *("sin", "cos", "tan", "tanh", "cbrt"),
}


def loose_kernels(tree: ast.AST) -> list[int]:
    """Return the lines that ask a compiler for another order of the arithmetic."""
    return [
        call.lineno
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for option in call.keywords
        if option.arg in FORBIDDEN_OPTIONS
        and not (isinstance(option.value, ast.Constant) and option.value.value is False)
    ]


def vector_functions(tree: ast.AST) -> list[int]:
    """Return the lines that use NumPy's logarithm, exponential, power and their like."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in SHAPE_DEPENDENT
        and isinstance(node.value, ast.Name)
        and node.value.id in {"np", "numpy"}
    ]


def test_no_kernel_is_compiled_with_fastmath_or_parallel(sources):
    found = [f"{source.path}:{line}" for source in sources for line in loose_kernels(source.tree)]

    assert found == []


def test_logarithm_exponential_and_power_of_arrays_stay_in_kernels(deciding):
    found = [
        f"{source.path}:{line}"
        for source in deciding
        if not source.path.startswith(KERNELS)
        for line in vector_functions(source.tree)
    ]

    assert found == []


@pytest.mark.parametrize("option", ["fastmath=True", "parallel=True", "fastmath={'contract'}"])
def test_a_loose_option_is_noticed(option):
    assert loose_kernels(ast.parse(f"@njit(cache=True, {option})\ndef step(): ...")) == [1]


def test_a_strict_option_is_let_through():
    assert loose_kernels(ast.parse("@njit(cache=True, fastmath=False)\ndef step(): ...")) == []


def test_a_vector_function_is_told_from_a_scalar_one():
    assert vector_functions(ast.parse("np.log(close)")) == [1]
    assert vector_functions(ast.parse("math.log(close)")) == []
