from __future__ import annotations

import ast

LONGEST_FILE = 400
LONGEST_FUNCTION = 40


def long_functions(tree: ast.AST) -> list[str]:
    return [
        f"{node.name} has {length} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]


def test_no_file_is_longer_than_400_lines(sources, test_sources):
    found = [
        f"{source.path} has {length} lines"
        for source in [*sources, *test_sources]
        if (length := source.text.count("\n")) > LONGEST_FILE
    ]

    assert found == []


def test_no_function_is_longer_than_40_lines(sources, test_sources):
    found = [
        f"{source.path}: {what}"
        for source in [*sources, *test_sources]
        for what in long_functions(source.tree)
    ]

    assert found == []


def test_a_function_of_41_lines_is_noticed():
    lines = ["def walk():", *["    step()"] * 40]

    assert long_functions(ast.parse("\n".join(lines))) == ["walk has 41 lines"]
    assert long_functions(ast.parse("\n".join(lines[:-1]))) == []
