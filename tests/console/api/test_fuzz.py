"""The API against its own description: whatever is sent, no 500, and answers as described."""

from __future__ import annotations

import json
import uuid
from urllib.parse import quote, urlencode

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from backoffice.permissions import Role
from tests.console.api.openapi import (
    ANYTHING,
    BITS,
    JSON,
    Operation,
    document,
    fitting,
    mixed,
    operations,
)
from trading.models import Decision, Order, Position, Signal

ERROR = {"$ref": "#/components/schemas/ErrorOutput"}
CALM = settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def known_ids() -> list[str]:
    """Return ids that lead somewhere, and one that does not."""
    rows = [model.objects.first() for model in (Position, Order, Signal, Decision)]
    return [*(str(row.pk) for row in rows if row), str(uuid.UUID(int=1)), "1", "2"]


def fits(schema: dict, body: object) -> None:
    told = {**schema, "components": document()["components"]}
    errors = [error.message for error in Draft202012Validator(told).iter_errors(body)]
    assert errors == []


def check(operation: Operation, answer) -> None:
    """Nothing went wrong inside, and the answer is one that the description tells of."""
    status = answer.status_code
    assert status != 500, answer.content
    if answer.get("Content-Type", "").startswith(JSON):
        if status >= 400:
            fits(ERROR, answer.json())
            return
        assert str(status) in operation.told["responses"], f"{operation}: {status} is not described"
        schema = operation.answer(status)
        if schema:
            fits(schema, answer.json())


def sent(client, operation: Operation, data: st.DataObject, ids: list[str]):
    path = operation.path
    for parameter in operation.parameters("path"):
        value = data.draw(st.sampled_from(ids) | BITS.map(str), label=parameter["name"])
        hole = "{" + parameter["name"] + "}"
        path = path.replace(hole, quote(value.encode("utf-8", "replace"), ""))
    query = {
        parameter["name"]: data.draw(mixed(parameter["schema"]), label=parameter["name"])
        for parameter in operation.parameters("query")
        if data.draw(st.integers(0, 3), label="use") == 0
    }
    text = urlencode(query, doseq=True, errors="replace")
    body = operation.body
    wish = data.draw(mixed(body) if body else ANYTHING, label="body")
    return client.generic(
        operation.method.upper(),
        f"{path}?{text}" if text else path,
        json.dumps(wish) if operation.method != "get" else "",
        JSON,
    )


@pytest.mark.parametrize("operation", operations(), ids=str)
@CALM
@given(data=st.data())
def test_no_operation_fails_whatever_is_sent(admin, person, day, operation, data):
    cache.clear()
    person(Role.VIEWER)

    check(operation, sent(admin, operation, data, known_ids()))


@pytest.mark.parametrize(
    "operation", [each for each in operations() if each.method == "get"], ids=str
)
def test_a_plain_question_is_answered_as_described(admin, day, operation):
    path = operation.path
    for model in (Position, Order, Signal, Decision):
        if model.__name__.lower() in path:
            path = path.replace("{row_id}", str(model.objects.first().pk))

    check(operation, admin.get(path.replace("{row_id}", str(uuid.UUID(int=1)))))


@CALM
@given(body=st.binary(max_size=60))
def test_no_bytes_can_break_a_control(operator, session, body: bytes):
    cache.clear()

    assert operator.generic("POST", "/api/v1/pause", body, JSON).status_code in (202, 400)


@CALM
@given(header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
def test_no_header_can_break_the_door(client, db, header: str):
    cache.clear()

    for name in ("HTTP_AUTHORIZATION", "HTTP_X_API_KEY", "HTTP_X_FORWARDED_FOR"):
        for text in (header, f"Bearer {header}", f"Api-Key {header}", f"aitr_{header}"):
            assert client.get("/api/v1/mode", **{name: text}).status_code == 401


def test_every_error_form_is_the_one(admin):
    assert fitting(ERROR) is not None
    fits(ERROR, {"error": {"code": "x", "message": "y", "fields": {"a": ["b"]}}})
    with pytest.raises(AssertionError):
        fits(ERROR, {"detail": "x"})
