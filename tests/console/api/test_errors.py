"""The one form of errors, for everything that can go wrong before, in and after a view."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from rest_framework.exceptions import ValidationError
from rest_framework.test import APIClient

from backoffice.api import errors

ROOT = "/api/v1"


def error_of(answer) -> dict:
    body = answer.json()
    assert set(body) == {"error"}
    assert {"code", "message"} <= set(body["error"]) <= {"code", "message", "fields"}
    return body["error"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/../v2/x", "/nothing", "/positions/", "/positions/x", "/config/-1"]
)
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_an_address_that_leads_nowhere_is_404(path: str, method: str):
    answer = getattr(APIClient(), method)(f"{ROOT}{path}")

    assert (answer.status_code, error_of(answer)["code"]) == (404, "not_found")


def test_a_method_that_is_not_there_is_405(viewer):
    for method in ("post", "put", "patch", "delete", "options"):
        answer = getattr(viewer, method)(f"{ROOT}/positions")
        assert (answer.status_code, error_of(answer)["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "nope",
        '{"reason": NaN}',
        "[" * 100_000,
        "[" * 40 + "]" * 40,
        '{"reason": "\\u0000"}',
        '{"reason": "\\ud800"}',
        '{"\\ud800": "x"}',
        "\xff\xfe",
        "9" * 5000,
    ],
)
def test_a_body_that_cannot_be_read_is_400(operator, session, text: str):
    answer = operator.generic("POST", f"{ROOT}/pause", text.encode("latin-1"), "application/json")

    assert (answer.status_code, error_of(answer)["code"]) in [(400, "malformed"), (400, "invalid")]


def test_a_body_that_is_too_long_is_400(operator, session):
    answer = operator.post(f"{ROOT}/pause", {"reason": "x" * 3_000_000})

    assert (answer.status_code, error_of(answer)["code"]) == (400, "malformed")


def test_a_form_is_415(operator, session):
    answer = operator.generic(
        "POST", f"{ROOT}/pause", b"reason=x", "application/x-www-form-urlencoded"
    )

    assert (answer.status_code, error_of(answer)["code"]) == (415, "unsupported_media_type")


def test_a_wrong_host_is_answered_in_the_one_form(viewer):
    answer = viewer.get(f"{ROOT}/positions", HTTP_HOST="evil.example")

    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid")


def test_nobody_knows_who_asks_is_401_and_says_how(db):
    answer = APIClient().get(f"{ROOT}/positions")

    assert (answer.status_code, error_of(answer)["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_not_allowed_is_403(viewer, session):
    answer = viewer.post(f"{ROOT}/pause", {"reason": "x"})

    assert (answer.status_code, error_of(answer)["code"]) == (403, "forbidden")


def test_a_wrong_field_is_named(operator, session):
    answer = operator.post(f"{ROOT}/mode", {"mode": "DREAM"})

    error = error_of(answer)
    assert answer.status_code == 400
    assert set(error["fields"]) == {"mode", "reason"}


def test_what_nobody_expected_is_500_without_its_words(caplog):
    answer = errors.answer(RuntimeError("the secret"), {})

    assert answer.status_code == 500
    assert answer.data["error"]["code"] == "internal"
    assert "secret" not in str(answer.data)
    assert "the secret" in caplog.text


def test_a_database_that_is_away_is_503():
    answer = errors.answer(OperationalError("gone"), {})

    assert (answer.status_code, answer.data["error"]["code"]) == (503, "database_away")


def test_nested_complaints_stand_under_their_place():
    error = ValidationError({"legs": [{}, {"side": ["wrong"]}], "non_field_errors": ["no"]})

    fields = errors.answer(error, {}).data["error"]["fields"]

    assert fields == {"legs.1.side": ["wrong"], "body": ["no"]}


def test_an_accept_header_nobody_can_meet_is_answered_with_json(viewer):
    answer = viewer.get(f"{ROOT}/positions", HTTP_ACCEPT="image/png")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
