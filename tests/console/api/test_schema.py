"""The API describes itself whole: valid, without guesses, with examples, and shown offline."""

from __future__ import annotations

import json

import pytest
from django.urls import URLPattern
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from backoffice.api.urls import urlpatterns
from tests.console.api.openapi import document, operations

HIDDEN = {"api-schema", "api-docs"}


def test_the_description_is_valid_and_nothing_in_it_is_guessed():
    GENERATOR_STATS.reset()

    validate_schema(SchemaGenerator().get_schema(public=True))

    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_every_address_is_described():
    names = {
        pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern) and pattern.name
    }

    assert len(document()["paths"]) == len(names - HIDDEN)


@pytest.mark.parametrize("operation", [o for o in operations() if o.body], ids=str)
def test_every_body_has_an_example_or_is_a_single_token(operation):
    content = operation.told["requestBody"]["content"]["application/json"]

    assert "examples" in content or operation.path.endswith("log-out")


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_every_operation_tells_its_errors(operation):
    told = set(operation.told["responses"])

    assert {"401", "403", "429", "503"} <= told
    assert operation.body is None or "400" in told


def test_the_description_is_served_as_json_and_yaml(viewer):
    as_json = viewer.get("/api/v1/schema", HTTP_ACCEPT="application/json")
    as_yaml = viewer.get("/api/v1/schema", HTTP_ACCEPT="application/yaml")

    assert json.loads(as_json.content)["info"]["title"] == "AITRAPP"
    assert as_yaml.content.startswith(b"openapi:")


def test_the_docs_load_nothing_from_elsewhere(viewer):
    page = viewer.get("/api/v1/docs", HTTP_ACCEPT="text/html")

    text = page.content.decode()
    assert page.status_code == 200
    assert "swagger-ui" in text
    assert "https://" not in text
    assert "<script>" not in text.replace("<script >", "<script>")
