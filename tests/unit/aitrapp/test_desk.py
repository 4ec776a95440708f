from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from aitrapp.env import read_environment
from aitrapp.supervisor.desk import DeskOptions, add_desk, processes
from aitrapp.supervisor.errors import SupervisorError


def options(*words: str) -> DeskOptions:
    parser = argparse.ArgumentParser()
    add_desk(parser)
    return DeskOptions.of(parser.parse_args([*words, "--data", "/somewhere"]))


def engine(asked: DeskOptions) -> tuple[str, ...]:
    return next(spec.argv for spec in processes(asked, {}) if spec.name == "engine")


def test_the_engine_is_told_from_when_to_keep_its_speed():
    asked = options("--speed", "1", "--from", "09:45")

    assert engine(asked)[-4:] == ("--speed", "1.0", "--from", "09:45:00")
    assert asked.logs == Path("/somewhere")


def test_without_a_time_the_speed_is_kept_all_day():
    assert "--from" not in engine(options("--from", ""))


@pytest.mark.parametrize("feed", ["", "kitesim"])
def test_prices_come_from_the_tape_itself_or_from_a_kitesim(feed: str):
    assert options("--feed", feed, "--day", "synthetic:3").feed == feed


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--from", "9 o'clock"), "--from: 9 o'clock, expected a time of the day as HH:MM"),
        (("--speed", "0"), "--speed: 0.0, expected above 0"),
        (("--port", "70000"), "--port: 70000, expected 1 to 65535"),
        (("--feed", "kite"), "--feed: kite, expected nothing or kitesim"),
        (("--feed", "kitesim", "--day", "2021-04-28"), "--day: 2021-04-28, expected synthetic"),
        (("--feed", "kitesim", "--from", "09:45"), "--from: not with --feed kitesim"),
    ],
)
def test_a_bad_option_is_named_with_what_was_expected(words: tuple[str, ...], text: str):
    with pytest.raises(SupervisorError, match=text):
        options(*words)


def test_no_process_that_is_started_here_may_ever_trade_live(monkeypatch):
    asked = options("--feed", "kitesim", "--day", "synthetic:3")

    told = [spec.environ for spec in processes(asked, {"LIVE_TRADING": "true"})]

    for environ in told:
        for key, value in {"LIVE_TRADING": "true", **environ}.items():
            monkeypatch.setenv(key, value)
        assert not read_environment(None).live_trading
    assert len(told) == 5
