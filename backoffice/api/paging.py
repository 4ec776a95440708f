"""How long lists are cut into pages. What is in them is the views' part."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class Pages(PageNumberPagination):
    """50 rows a page, up to 500 on request: `{"count", "next", "previous", "results"}`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def get_page_number(self, request: Request, paginator: Paginator) -> int:
        """Return which page is asked for. Raises `ValidationError` for what is no page number.

        A page behind the last raises `NotFound`, which names it.
        """
        text = request.query_params.get(self.page_query_param, "1")
        is_number = text.isascii() and text.isdecimal() and len(text) < 10
        if not is_number or int(text) < 1:
            raise ValidationError({"page": ["expected a whole number from 1 on"]})
        if int(text) > paginator.num_pages:
            raise NotFound(f"page: {text} is behind the last, {paginator.num_pages}")
        return int(text)

    def get_page_size(self, request: Request) -> int:
        """Return how many rows a page has. Raises `ValidationError` for no number in range."""
        text = request.query_params.get("page_size")
        if text is None:
            return int(self.page_size)
        is_number = text.isascii() and text.isdecimal() and len(text) < 5
        if not is_number or not 1 <= int(text) <= self.max_page_size:
            raise ValidationError({"page_size": [f"expected 1 to {self.max_page_size}"]})
        return int(text)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return how the parameters are described, with their ranges."""
        told: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        ranges = {"page": {"minimum": 1}, "page_size": {"minimum": 1, "maximum": 500}}
        return [{**each, "schema": {**each["schema"], **ranges[each["name"]]}} for each in told]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return how a page is described; the first has none before it, the last none behind."""
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {
                "count": {"type": "integer"},
                "next": address,
                "previous": address,
                "results": schema,
            },
        }
