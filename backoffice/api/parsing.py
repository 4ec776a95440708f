"""Reading a request's body: JSON that can be stored, and nothing else.

What it means is the views' part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework.exceptions import NotAcceptable, ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_DEEPEST = 32


class CleanJSONParser(JSONParser):
    """JSON of at most 32 levels, without text that no database can hold."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body. Raises `ParseError`."""
        try:
            parsed = super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("JSON: nested too deeply") from error
        if fault := unstorable(parsed):
            raise ParseError(f"JSON: {fault}")
        return parsed


class AlwaysFirst(DefaultContentNegotiation):
    """Answer in the view's first form when the client asks for one we don't have."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer asked for, else the first."""
        choices = list(renderers)
        try:
            selected: tuple[BaseRenderer, str] = super().select_renderer(
                request, choices, format_suffix
            )
        except NotAcceptable:
            return choices[0], choices[0].media_type
        return selected


def unstorable(parsed: Any) -> str:
    """Return why a parsed document can't be kept by a database; empty where it can."""
    for depth, text in _texts(parsed):
        if depth > _DEEPEST:
            return f"nested too deeply, expected at most {_DEEPEST} levels"
        if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            return "a text holds a null or half a surrogate pair"
    return ""


def _texts(parsed: Any) -> Iterator[tuple[int, str]]:
    """Tell every text and key with its depth; also an empty text for every deep list."""
    waiting = [(0, parsed)]
    while waiting:
        depth, value = waiting.pop()
        if isinstance(value, str):
            yield depth, value
        elif isinstance(value, dict):
            yield depth, ""
            waiting += [(depth + 1, inner) for pair in value.items() for inner in pair]
        elif isinstance(value, list):
            yield depth, ""
            waiting += [(depth + 1, inner) for inner in value]
