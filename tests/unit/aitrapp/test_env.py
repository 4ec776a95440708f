from __future__ import annotations

import os
import stat
from decimal import Decimal

import pytest
from cryptography.fernet import Fernet

from aitrapp.env import (
    EnvironmentInvalidError,
    checkout_secret_key,
    checkout_token_key,
    database,
    read_environment,
    token_key,
)

KEYS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "LOG_LEVEL")


@pytest.fixture
def says(tmp_path, monkeypatch):
    """Return a way to read an environment in which only the given keys are set."""
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)

    def read(*, needed=(), **keys):
        file = tmp_path / ".env"
        file.write_text("".join(f'{key}="{value}"\n' for key, value in keys.items()))
        return read_environment(file, needed=needed)

    return read


def test_nothing_has_to_be_set(says):
    environment = says()

    assert environment.database_url is None
    assert environment.redis_url is None
    assert environment.secret_key is None
    assert environment.allowed_hosts == ()
    assert environment.log_level == "INFO"


def test_the_environment_wins_over_the_file(says, monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "ERROR")

    assert says(LOG_LEVEL="DEBUG").log_level == "ERROR"


def test_hosts_are_separated_by_commas(says):
    assert says(ALLOWED_HOSTS="a.example, b.example").allowed_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("DATABASE_URL", "sqlite:///desk.db", "expected postgresql://user:password@host:port/name"),
        ("DATABASE_URL", "mysql://me:pw@here/desk", "got the scheme 'mysql'"),
        ("DATABASE_URL", "postgresql://me:pw@here", "got no database name"),
        ("DATABASE_URL", "postgresql:///desk", "got no valid host and port"),
        ("DATABASE_URL", "postgresql://me:pw@here:99999/desk", "got no valid host and port"),
        ("REDIS_URL", "http://here:6379", "expected redis://:password@host:port/number"),
        ("SECRET_KEY", "short", "expected at least 32 characters"),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_a_wrong_value_is_told_by_its_key_and_what_was_expected(says, key, value, expected):
    with pytest.raises(EnvironmentInvalidError) as caught:
        says(**{key: value})

    assert str(caught.value).startswith(f"{key}: ")
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DATABASE_URL", "mysql://me:hush@here/desk"),
        ("DATABASE_URL", "postgresql://me:hush@here:0x/desk"),
        ("REDIS_URL", "http://:hush@here:6379"),
        ("SECRET_KEY", "hush"),
    ],
)
def test_a_complaint_never_shows_a_secret(says, key, value):
    with pytest.raises(EnvironmentInvalidError) as caught:
        says(**{key: value})

    assert "hush" not in str(caught.value)


def test_every_missing_key_is_named_at_once(says):
    with pytest.raises(EnvironmentInvalidError) as caught:
        says(REDIS_URL="redis://here:6379/0", needed=("SECRET_KEY", "DATABASE_URL", "REDIS_URL"))

    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "SECRET_KEY",
        "DATABASE_URL",
    ]


def test_a_database_address_becomes_django_s_entry():
    entry = database("postgresql://a%40b:p%2Fw@db.example/desk%20one")

    assert entry["ENGINE"] == "django.db.backends.postgresql"
    assert entry["NAME"] == "desk one"
    assert (entry["USER"], entry["PASSWORD"]) == ("a@b", "p/w")
    assert (entry["HOST"], entry["PORT"]) == ("db.example", "5432")


def test_no_database_address_gives_an_entry_that_fails_on_use():
    assert database(None)["ENGINE"] == "aitrapp.unset_database"


def test_the_secret_key_of_a_checkout_is_made_once_and_only_ours_to_read(tmp_path):
    folder = tmp_path / "var"

    first, second = checkout_secret_key(folder), checkout_secret_key(folder)

    assert first == second
    assert len(first) >= 50
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o711


def test_two_checkouts_have_different_secret_keys(tmp_path):
    assert checkout_secret_key(tmp_path / "a") != checkout_secret_key(tmp_path / "b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_checkout_that_cannot_be_written_still_gets_a_key(tmp_path):
    tmp_path.chmod(0o500)

    assert len(checkout_secret_key(tmp_path / "var")) >= 50


def test_the_token_key_of_a_checkout_encrypts_and_is_only_ours_to_read(tmp_path):
    folder = tmp_path / "var"
    first, second = checkout_token_key(folder), checkout_token_key(folder)

    assert first == second
    assert Fernet(second).decrypt(Fernet(first).encrypt(b"token")) == b"token"
    assert [path.name for path in folder.iterdir()] == ["token_key"]
    assert stat.S_IMODE((folder / "token_key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("TOKEN_KEY", "short"),
        ("TOKEN_KEY", "%" * 44),
        ("KITE_API_KEY", "a b"),
        ("KITE_ROOT", "ftp://kite.test"),
        ("KITE_WS_ROOT", "https://kite.test"),
    ],
)
def test_wrong_keys_of_the_broker_are_named_and_not_repeated(key, value, monkeypatch):
    monkeypatch.setenv(key, value)

    with pytest.raises(EnvironmentInvalidError, match=key) as raised:
        read_environment(None)

    assert value not in str(raised.value)


def test_an_app_at_the_broker_needs_a_token_key_where_machines_share_it(monkeypatch):
    assert token_key(read_environment(None)) == ""
    monkeypatch.setenv("KITE_API_KEY", "appkey")
    with pytest.raises(EnvironmentInvalidError, match="TOKEN_KEY"):
        token_key(read_environment(None))

    monkeypatch.setenv("TOKEN_KEY", Fernet.generate_key().decode())

    assert len(token_key(read_environment(None))) == 44


def test_live_trading_is_off_unless_somebody_turns_it_on(says):
    assert not says().live_trading
    assert says(LIVE_TRADING="true").live_trading


def test_a_dead_engine_is_replaced_after_a_minute_unless_told_otherwise(says):
    assert says().dead_man_seconds == 60
    assert says(DEAD_MAN_SECONDS="0").dead_man_seconds == 0
    assert says(DEAD_MAN_SECONDS="15").dead_man_seconds == 15


def test_how_a_dead_engines_orders_are_priced_and_sent_anew_can_be_set(says):
    told = says(DEAD_MAN_BEYOND_PERCENT="0.5", DEAD_MAN_LOOKS="4")

    assert (says().dead_man_beyond_percent, says().dead_man_looks) == (2, 20)
    assert (told.dead_man_beyond_percent, told.dead_man_looks) == (Decimal("0.5"), 4)


def test_what_the_gate_before_live_compares_with_is_read(says):
    told = says(KITE_CLIENTS="AB1234, CD5678", EGRESS_ADDRESS="203.0.113.7", ALGO_ID="A1")

    assert told.kite_clients == ("AB1234", "CD5678")
    assert (told.egress_address, told.algo_id) == ("203.0.113.7", "A1")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("LIVE_TRADING", "perhaps", "valid boolean"),
        ("EGRESS_ADDRESS", "here", "expected an address like 203.0.113.7"),
        ("EGRESS_LOOKUP", "ftp://there", "expected https://host"),
        ("ALGO_ID", "a b", "expected letters, digits, - and _ only"),
        ("DEAD_MAN_BEYOND_PERCENT", "0", "expected above 0, at most 10 percent"),
        ("DEAD_MAN_BEYOND_PERCENT", "10.1", "expected above 0, at most 10 percent"),
        ("DEAD_MAN_BEYOND_PERCENT", "NaN", ""),
        ("DEAD_MAN_LOOKS", "3", "expected 4 to 200 looks"),
        ("DEAD_MAN_LOOKS", "201", "expected 4 to 200 looks"),
        ("DEAD_MAN_SECONDS", "5", "expected 0 for off, or 15 seconds and more"),
    ],
)
def test_a_wrong_key_of_the_gate_is_named(says, key: str, value: str, expected: str):
    with pytest.raises(EnvironmentInvalidError, match=f"{key}: .*{expected}"):
        says(**{key: value})
