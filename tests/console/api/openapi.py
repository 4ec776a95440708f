"""Requests made from the API's own description: every operation, with values good and bad."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from hypothesis import strategies as st

JSON = "application/json"
NASTY = [
    "",
    " ",
    "\x00",
    "\ud800",
    "💥",
    "'; --",
    "-1",
    "0",
    "9" * 40,
    "NaN",
    "1e999",
    "../..",
    "%00",
]
BITS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.sampled_from(NASTY),
    st.text(max_size=20),
)
ANYTHING = st.recursive(
    BITS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@cache
def document() -> dict[str, Any]:
    """Return the description as plain values."""
    return json.loads(json.dumps(SchemaGenerator().get_schema(public=True)))


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    told: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def body(self) -> dict[str, Any] | None:
        content = self.told.get("requestBody", {}).get("content", {})
        return content.get(JSON, {}).get("schema")

    def parameters(self, place: str) -> list[dict[str, Any]]:
        return [each for each in self.told.get("parameters", []) if each["in"] == place]

    def answer(self, status: int) -> dict[str, Any] | None:
        """Return the schema of an answer's JSON; None for one without a body in JSON."""
        content = self.told["responses"][str(status)].get("content", {})
        return content.get(JSON, {}).get("schema")


def operations() -> list[Operation]:
    """Return every operation of the description."""
    return [
        Operation(method, path, told)
        for path, methods in document()["paths"].items()
        for method, told in methods.items()
    ]


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that fit a schema, roughly: limits of length and number are not kept."""
    return _fitting(json.dumps(schema, sort_keys=True))


def mixed(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that fit a schema, and now and then something else."""
    return _mixed(json.dumps(schema, sort_keys=True))


@cache
def _mixed(text: str) -> st.SearchStrategy[Any]:
    return st.integers(0, 3).flatmap(lambda turn: ANYTHING if turn == 0 else _fitting(text))


@cache
def _fitting(text: str) -> st.SearchStrategy[Any]:
    schema = json.loads(text)
    if "$ref" in schema:
        return fitting(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for many in ("oneOf", "anyOf", "allOf"):
        if many in schema:
            return st.one_of([fitting(each) for each in schema[many]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema.get("type", "object")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return st.one_of([_of_kind(kind, schema) for kind in kinds])


def _of_kind(kind: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    match kind:
        case "object":
            named = schema.get("properties", {})
            free = st.dictionaries(st.text(max_size=10), ANYTHING, max_size=3)
            known = st.fixed_dictionaries(
                {}, optional={name: mixed(inner) for name, inner in named.items()}
            )
            return known if named else free
        case "array":
            return st.lists(mixed(schema.get("items", {})), max_size=4)
        case "string":
            return _text(schema.get("format", ""))
        case "integer":
            return st.integers()
        case "number":
            return st.floats(allow_nan=False)
        case "boolean":
            return st.booleans()
        case _:
            return st.none()


def _text(form: str) -> st.SearchStrategy[str]:
    match form:
        case "date":
            return st.dates().map(str)
        case "date-time":
            return st.datetimes().map(lambda at: at.isoformat() + "Z")
        case "uuid":
            return st.uuids().map(str)
        case "decimal":
            return st.decimals(allow_nan=True).map(str)
        case _:
            return st.text(max_size=30) | st.sampled_from(NASTY)
