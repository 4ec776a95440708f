from __future__ import annotations

import json
from pathlib import Path

import pytest

from aitrapp.supervisor.errors import SupervisorError
from aitrapp.supervisor.kitesim import day_of, kite_addresses, kitesim_spec, told_file
from aitrapp.supervisor.processes import Restart

TOLD = {
    "root": "http://127.0.0.1:1",
    "ws_root": "ws://127.0.0.1:2",
    "api_key": "key",
    "api_secret": "secret",
    "request_token": "token",
}


@pytest.mark.parametrize(
    ("asked", "played"),
    [
        ("", "synthetic"),
        ("synthetic", "synthetic"),
        ("synthetic:7:5", "synthetic:7:5"),
        ("/days/one.tape", "/days/one.tape"),
        ("one.tape.gz", str(Path("one.tape.gz").absolute())),
    ],
)
def test_a_made_day_or_a_tape_is_played(asked: str, played: str):
    assert day_of(asked) == played


@pytest.mark.parametrize("asked", ["2021-04-28", "synthetics", "one.raw"])
def test_any_other_day_is_refused_with_what_was_expected(asked: str):
    with pytest.raises(SupervisorError, match=f"--day: {asked}, expected synthetic"):
        day_of(asked)


def test_it_waits_for_the_desk_and_tells_where_it_is(tmp_path: Path):
    spec = kitesim_spec("synthetic:3", 60.0, tmp_path, {"DATABASE_URL": "x"})

    words = " ".join(spec.argv)
    assert "kitesim --wait --control --speed 60.0 --day synthetic:3" in words
    assert f"--tell {tmp_path / 'kitesim.json'}" in words
    assert spec.restart is Restart.NEVER
    assert spec.environ == {"DATABASE_URL": "x"}


def test_it_is_ready_when_it_has_told_it_anew(tmp_path: Path):
    spec = kitesim_spec("", 60.0, tmp_path, {})
    told_file(tmp_path).write_text("of the day before")

    spec.before()
    assert not spec.answers()
    told_file(tmp_path).write_text(json.dumps(TOLD))

    assert spec.answers()


def test_the_desk_is_told_where_kite_is_but_not_the_request_token(tmp_path: Path):
    told_file(tmp_path).write_text(json.dumps(TOLD))

    assert kite_addresses(tmp_path) == {
        "KITE_API_KEY": "key",
        "KITE_API_SECRET": "secret",
        "KITE_ROOT": "http://127.0.0.1:1",
        "KITE_WS_ROOT": "ws://127.0.0.1:2",
        "KITE_LOGIN_ROOT": "http://127.0.0.1:1/connect/login",
    }


@pytest.mark.parametrize("text", ["", "{}", "[]"])
def test_a_kitesim_that_says_nothing_is_named(tmp_path: Path, text: str):
    told_file(tmp_path).write_text(text)

    with pytest.raises(SupervisorError, match="kitesim has not said where it is"):
        kite_addresses(tmp_path)
