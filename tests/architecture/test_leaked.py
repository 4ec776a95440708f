from __future__ import annotations

import pytest

from tests.leaked import FORMS, PUBLIC, found_in, leaks, project_files

KEY = "A1b2C3d4E5f6G7h8"
SECRETS = {
    "private key": "-----BEGIN RSA PRIVATE" + " KEY-----\n" + KEY * 4,
    "bot token": "7312345678:" + "AA" + KEY * 2 + "x",
    "chat webhook": "https://hooks.slack.com/services/" + "T01ABCDEF/B01ABCDEF/" + KEY * 2,
    "cloud key": "AKIA" + "ABCDEFGH12345678",
    "forge token": "ghp_" + KEY * 2 + "abcd",
    "signed token": "eyJ" + KEY + ".eyJ" + KEY + "." + KEY * 2,
    "key of the desk": "KITE_API_SECRET=" + KEY * 2,
    "password in an address": "postgresql://desk:" + "hunter2!x" + "@db.desk.in/aitrapp",
}


def test_nothing_in_the_project_looks_like_a_secret():
    assert leaks(project_files()) == []


@pytest.mark.parametrize("kind", FORMS)
def test_a_secret_is_found_at_its_line(kind):
    assert (3, kind) in set(found_in("first\n\n" + SECRETS[kind]))


@pytest.mark.parametrize(
    "text",
    [
        "#KITE_API_SECRET=",
        "KITE_API_SECRET = _env.kite_api_secret",
        "SECRET_KEY: Annotated[SecretStr, Field(min_length=32)]",
        "postgresql://user:password@host:port/name",
        "at 12345678:30 the desk is flat",
        *PUBLIC,
    ],
)
def test_what_only_names_a_secret_is_let_through(text):
    assert list(found_in(text)) == []


def test_the_text_of_a_secret_is_not_told_again(tmp_path):
    (tmp_path / "notes.md").write_text(SECRETS["bot token"])

    (told,) = leaks([tmp_path / "notes.md"])

    assert told.endswith("notes.md:1: bot token")
    assert KEY not in told
