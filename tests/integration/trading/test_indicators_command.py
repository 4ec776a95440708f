"""`manage.py indicators`: the newest bars of a session with every indicator."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from marketdata.features.catalogue import ONE_OF_EACH
from tests.factories import ConfigVersionFactory, RunFactory
from tests.made_day import made_day
from trading.config import Config, document_of
from trading.models import Run
from trading.services.canonical import canonical

pytestmark = pytest.mark.django_db

INDEX = "NSE:NIFTY 50"


@pytest.fixture
def session(tmp_path: Path) -> Run:
    """Return a session on a made day that has ended."""
    built = made_day(tmp_path)
    return RunFactory(
        mode="PAPER",
        state="FINISHED",
        ended_at="2026-10-06T10:10:00Z",
        date=built.date,
        tape_path=str(built.tape_path),
        config_version=ConfigVersionFactory(document=canonical(document_of(Config()))),
    )


def told(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("indicators", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_the_newest_session_s_last_bars_are_told_with_every_indicator(session: Run):
    lines = told(INDEX, "--last", "2")

    names = {line.split("(")[0] for line in lines}
    assert {type(each).__name__ for each in ONE_OF_EACH} <= names
    assert lines[0].split()[-2:] == ["15:25:00", "15:30:00"]
    assert any(line.startswith("RSI(period=14)") for line in lines)


def test_a_function_of_ta_lib_can_be_asked_for_by_name(session: Run):
    (last,) = told(
        *(INDEX, "--run", session.code, "--bars", "MINUTES_15", "--last", "1", "--json"),
        *("--talib", "CCI", "--talib", "SMA:timeperiod=3", "--window", "60"),
    )

    body = json.loads(last)
    by_hand = [name for name in body["indicators"] if name.startswith("TALib(function='SMA'")]
    assert body["ends_at"] == "2026-10-06T15:30:00+05:30"
    assert len(by_hand) == 1
    assert body["indicators"][by_hand[0]] == pytest.approx(body["close"], rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["NSE:NOBODY"], "key: "),
        ([INDEX, "--last", "0"], "--last: 0, expected 1 or more"),
        ([INDEX, "--talib", "NOTHING"], "--talib NOTHING: function"),
        ([INDEX, "--talib", "SMA:colour=3"], "--talib SMA:colour=3: arguments"),
        ([INDEX, "--talib", "SMA:timeperiod=much"], "--talib SMA:timeperiod=much: "),
        ([INDEX, "--run", "nobody"], "unknown, expected a run's code"),
    ],
)
def test_what_cannot_be_is_answered_with_one_error(session: Run, arguments: list[str], words: str):
    with pytest.raises(CommandError, match=words):
        told(*arguments)


def test_a_tape_that_is_gone_is_named(session: Run):
    Path(session.tape_path).unlink()

    with pytest.raises(CommandError, match="No such file"):
        told(INDEX)


def test_without_a_session_there_is_nothing_to_read():
    with pytest.raises(CommandError, match="none with a tape"):
        told(INDEX)
