"""What a failed call proves, by kind of error, code, and what was asked."""

from __future__ import annotations

import pytest
from kiteconnect.exceptions import (
    DataException,
    GeneralException,
    InputException,
    KiteException,
    NetworkException,
    OrderException,
    PermissionException,
    TokenException,
)

from execution.broker import OutcomeUnknown, Refused, SessionExpired
from execution.kite.errors import Doing, TooManyRequests, failure_of
from marketdata.kite.answers import (
    HoldingException,
    MarginException,
    UnreadableAnswer,
    UserException,
)

ORDERING = (Doing.PLACE, Doing.CHANGE)
NO = (InputException, MarginException, HoldingException, PermissionException, UserException)
PROVES_NOTHING = (GeneralException, NetworkException, DataException, KiteException)


def said(kind: type[KiteException], code: int, words: str = "Invalid `price`.") -> KiteException:
    return kind(words, code=code)


@pytest.mark.parametrize("doing", ORDERING)
@pytest.mark.parametrize("code", [400, 403, 407, 409, 428, 430, 499])
@pytest.mark.parametrize("kind", NO)
def test_kites_own_no_with_a_code_that_says_no_is_a_refusal_in_its_words(
    kind: type[KiteException], code: int, doing: Doing
) -> None:
    failure = failure_of(said(kind, code), doing)

    assert (type(failure), str(failure)) == (Refused, "Invalid `price`.")


@pytest.mark.parametrize("doing", ORDERING)
@pytest.mark.parametrize("code", [200, 399, 408, 500, 502, 504])
@pytest.mark.parametrize("kind", [*NO, TokenException, OrderException])
def test_no_word_proves_anything_with_a_code_that_does_not_say_no(
    kind: type[KiteException], code: int, doing: Doing
) -> None:
    failure = failure_of(said(kind, code), doing)

    assert type(failure) is OutcomeUnknown
    assert str(failure) == f"{kind.__name__} {code}: Invalid `price`."


@pytest.mark.parametrize("kind", NO)
def test_a_read_is_never_refused(kind: type[KiteException]) -> None:
    assert type(failure_of(said(kind, 400), Doing.READ)) is OutcomeUnknown


@pytest.mark.parametrize("doing", Doing)
@pytest.mark.parametrize("kind", PROVES_NOTHING)
def test_words_of_no_known_refusal_prove_nothing(kind: type[KiteException], doing: Doing) -> None:
    failure = failure_of(said(kind, 400, "odd"), doing)

    assert (type(failure), str(failure)) == (OutcomeUnknown, f"{kind.__name__} 400: odd")


@pytest.mark.parametrize(
    ("doing", "proves"),
    [(Doing.PLACE, OutcomeUnknown), (Doing.CHANGE, Refused), (Doing.READ, OutcomeUnknown)],
)
def test_an_order_that_failed_proves_something_of_changes_alone(
    doing: Doing, proves: type[Exception]
) -> None:
    assert type(failure_of(said(OrderException, 400), doing)) is proves


@pytest.mark.parametrize("doing", Doing)
@pytest.mark.parametrize("kind", [NetworkException, InputException, TokenException])
def test_too_many_requests_are_told_apart_whatever_the_words(
    kind: type[KiteException], doing: Doing
) -> None:
    failure = failure_of(said(kind, 429, "Too many"), doing)

    assert (type(failure), str(failure)) == (TooManyRequests, f"{kind.__name__} 429: Too many")


@pytest.mark.parametrize("doing", Doing)
@pytest.mark.parametrize("code", [400, 401, 403])
def test_a_dead_token_wants_a_login(code: int, doing: Doing) -> None:
    failure = failure_of(said(TokenException, code, "gone"), doing)

    assert (type(failure), str(failure)) == (SessionExpired, f"TokenException {code}: gone")


@pytest.mark.parametrize("doing", Doing)
@pytest.mark.parametrize("words", ["Missing `API_KEY`.", "access_token is missing"])
def test_an_input_that_lacks_a_credential_wants_a_login(words: str, doing: Doing) -> None:
    assert type(failure_of(said(InputException, 400, words), doing)) is SessionExpired


def test_other_refusals_that_speak_of_credentials_want_none() -> None:
    failure = failure_of(said(PermissionException, 403, "api_key has no permission"), Doing.PLACE)

    assert type(failure) is Refused


def test_a_refusal_without_words_names_its_kind() -> None:
    assert str(failure_of(said(MarginException, 400, ""), Doing.PLACE)) == "MarginException 400: "


@pytest.mark.parametrize("doing", Doing)
def test_an_answer_that_cannot_be_read_proves_nothing(doing: Doing) -> None:
    failure = failure_of(UnreadableAnswer(400, "no JSON"), doing)

    assert type(failure) is OutcomeUnknown
    assert str(failure) == "unreadable answer with HTTP 400: no JSON"


def test_an_unreadable_answer_with_the_code_of_too_many_is_that() -> None:
    failure = failure_of(UnreadableAnswer(429, "a page"), Doing.PLACE)

    assert type(failure) is TooManyRequests
    assert str(failure) == "unreadable answer with HTTP 429: a page"


def test_a_connection_that_broke_proves_nothing() -> None:
    failure = failure_of(ConnectionError("reset"), Doing.PLACE)

    assert (type(failure), str(failure)) == (OutcomeUnknown, "reset")
