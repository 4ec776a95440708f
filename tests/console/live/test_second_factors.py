from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from backoffice import second_factors
from backoffice.models import SecondFactor
from backoffice.permissions import Role
from tests.console.live.lived import PERIOD, code_of, enrolled
from trading.models import AuditEntry

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 3, 10, 5, tzinfo=UTC)


@pytest.fixture
def asha() -> User:
    return User.objects.create_user("asha")


@pytest.fixture
def secret(asha: User) -> str:
    made = second_factors.begin(asha, AT - 9 * PERIOD).secret
    second_factors.confirm(asha, code_of(made, AT - 9 * PERIOD), AT - 9 * PERIOD)
    return made


def test_the_app_is_told_a_secret_that_is_kept_encrypted(asha):
    told = second_factors.begin(asha, AT)

    assert told.address.startswith("otpauth://totp/AITRAPP:asha?")
    assert told.secret in told.address
    row = SecondFactor.objects.get()
    assert base64.b32decode(told.secret).hex() not in row.secret
    assert told.secret not in row.secret
    assert told.secret not in repr(told)


def test_before_it_is_confirmed_there_is_no_second_factor(asha):
    told = second_factors.begin(asha, AT)

    assert not second_factors.is_set(asha)
    assert second_factors.check(asha, code_of(told.secret, AT), AT) is None


def test_a_wrong_first_code_confirms_nothing(asha):
    second_factors.begin(asha, AT)

    with pytest.raises(second_factors.SecondFactorError, match="wrong"):
        second_factors.confirm(asha, "000000x", AT)
    assert not second_factors.is_set(asha)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_of_now_or_of_the_period_beside_is_right(asha, secret, steps: int):
    assert second_factors.check(asha, code_of(secret, AT + steps * PERIOD), AT) is True


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_of_another_time_is_wrong(asha, secret, steps: int):
    assert second_factors.check(asha, code_of(secret, AT + steps * PERIOD), AT) is False


def test_no_code_is_good_twice_nor_one_from_before(asha, secret):
    code = code_of(secret, AT)
    assert second_factors.check(asha, code, AT) is True

    assert second_factors.check(asha, code, AT) is False
    assert second_factors.check(asha, code_of(secret, AT - PERIOD), AT) is False
    assert second_factors.check(asha, code_of(secret, AT + PERIOD), AT + PERIOD) is True


def test_without_a_code_or_a_second_factor_nothing_is_measured(asha, secret):
    other = User.objects.create_user("other")

    assert second_factors.check(asha, "", AT) is None
    assert second_factors.check(other, "123456", AT) is None


def test_after_five_wrong_codes_none_is_right_for_a_while(asha, secret):
    for _ in range(second_factors.MOST_WRONG):
        assert second_factors.check(asha, "12345a", AT) is False

    assert second_factors.check(asha, code_of(secret, AT), AT) is False
    later = AT + second_factors.LOCKED
    assert second_factors.check(asha, code_of(secret, later), later) is True
    assert AuditEntry.objects.filter(action="second-factor.locked").count() == 1


def test_a_code_of_another_person_is_wrong(asha, secret):
    other = User.objects.create_user("other")
    theirs = enrolled(other)

    assert second_factors.check(asha, code_of(theirs, AT), AT) is False


def test_a_second_one_needs_an_admin_who_takes_the_first_away(asha, secret):
    with pytest.raises(second_factors.SecondFactorError, match="admin"):
        second_factors.begin(asha, AT)

    second_factors.forget(asha, by="root")

    assert not second_factors.is_set(asha)
    second_factors.begin(asha, AT)
    assert AuditEntry.objects.get(action="second-factor.forget").by == "root"


def test_a_secret_of_another_key_is_good_for_nothing(asha, secret, settings):
    settings.TOKEN_KEY = base64.urlsafe_b64encode(bytes(32)).decode()

    assert second_factors.check(asha, code_of(secret, AT), AT) is False
    settings.TOKEN_KEY = ""
    assert second_factors.check(asha, code_of(secret, AT), AT) is False


def test_a_person_sets_it_up_on_the_page_and_the_secret_shows_once(sign_in):
    browser = sign_in(Role.OPERATOR)
    assert "You have no second factor" in browser.get("/second-factor/").content.decode()

    told = browser.post("/second-factor/begin/")
    secret = told.content.decode().partition('id="secret">')[2].partition("<")[0]
    assert told["Cache-Control"].startswith("max-age=0")
    wrong = browser.post("/second-factor/confirm/", {"code": "abc"}, follow=True)
    assert "Not done" in wrong.content.decode()
    code = code_of(secret, datetime.now(UTC))
    done = browser.post("/second-factor/confirm/", {"code": code}, follow=True)

    assert "Your second factor is set." in done.content.decode()
    assert secret not in browser.get("/second-factor/").content.decode()
    again = browser.post("/second-factor/begin/", follow=True)
    assert "an admin must take it away" in again.content.decode()


@pytest.mark.parametrize("path", ["/second-factor/", "/mode/"])
def test_a_viewer_has_no_business_here(sign_in, path: str):
    assert sign_in(Role.VIEWER).get(path).status_code == 403


def test_the_period_is_that_of_every_authenticator_app():
    assert timedelta(seconds=30) == PERIOD
