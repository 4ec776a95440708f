"""The day of a kitesim made ready for a desk, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from marketdata.broker_session import LoginRefused
from marketdata.tape import TapeReader
from tests.integration.trading.served_kite import DAY, ServedKite, served_kite
from trading.kitesim_day import SimMorning, open_day
from trading.kitesim_hand import SimAway, SimTold
from trading.models import Run
from trading.services import broker_login
from trading.services.ban_list import store_ban_list
from trading.services.seed import seed

pytestmark = pytest.mark.django_db


@pytest.fixture
def kite(tmp_path: Path, settings) -> Iterator[ServedKite]:
    (tmp_path / "sim").mkdir()
    with served_kite(tmp_path / "sim", control=True) as served:
        settings.KITE_API_KEY = served.sim.keys.api_key
        settings.KITE_API_SECRET = served.sim.keys.api_secret
        settings.KITE_ROOT, settings.KITE_WS_ROOT = served.sim.root, served.sim.ws_root
        yield served


def morning(kite: ServedKite, folder: Path) -> SimMorning:
    told = SimTold(kite.sim.request_token(), kite.built.warmup_path)
    return SimMorning(told, folder / "days", by="tests")


def test_the_day_is_what_the_kitesim_lists_on_a_tape_yet_to_be_written(kite, tmp_path):
    played = TapeReader(kite.built.tape_path).head

    tape = open_day(morning(kite, tmp_path))

    assert len(tape) == 0
    assert tape.path.suffix == ".raw"
    assert tape.head.source == "kitesim"
    assert tape.head.date == DAY
    listed = {replace(item, made_from="") for item in played.instruments}
    assert set(tape.head.instruments) == listed
    assert dict(tape.head.previous_close) == dict(played.previous_close)
    assert tape.head.session_open == played.session_open
    assert tape.head.session_close == played.session_close


def test_the_bars_before_the_day_stand_beside_the_tape(kite, tmp_path):
    tape = open_day(morning(kite, tmp_path))

    beside = tape.path.with_suffix(".warmup")
    bars = {path.name: path.read_bytes() for path in kite.built.warmup_path.iterdir()}
    assert {path.name: path.read_bytes() for path in beside.iterdir()} == bars


def test_the_desk_is_logged_in_afterwards(kite, tmp_path):
    open_day(morning(kite, tmp_path))

    assert broker_login.access(timezone.now()).api_key == kite.sim.keys.api_key
    assert kite.sim.state()["has_session"]


def test_a_request_token_serves_once(kite, tmp_path):
    first = morning(kite, tmp_path)
    open_day(first)

    with pytest.raises(LoginRefused):
        open_day(first)


def test_a_kite_without_control_is_no_kitesim(kite, tmp_path, settings):
    (tmp_path / "other").mkdir()
    with served_kite(tmp_path / "other") as other:
        settings.KITE_ROOT = other.sim.root
        with pytest.raises(SimAway):
            open_day(SimMorning(SimTold(other.sim.request_token(), None), tmp_path, by="tests"))


def test_a_run_is_opened_on_it_and_an_unfinished_one_is_closed(kite, tmp_path, capsys):
    for number in (1, 2):
        file = tmp_path / f"told-{number}.json"
        told = {"request_token": kite.sim.request_token(), "warmup": None}
        file.write_text(json.dumps(told))
        words = ("--feed", str(file), "--console", "http://x/", "--folder", str(tmp_path))
        call_command("prepare_run", *words)

    first, second = Run.objects.order_by("pk")
    assert (first.state, second.state) == ("FAILED", "RUNNING")
    assert (second.source, second.tape_sha256, second.date) == ("kitesim", "", DAY)
    assert second.tape_path.endswith(".raw")
    assert second.banned == []
    told = capsys.readouterr().out
    assert f"Trading {DAY} on paper (kitesim prices), run {second.code}." in told
    assert f"Run {first.code} of {DAY} was left unfinished; it is closed." in told


def test_a_stored_ban_list_holds_for_the_run(kite, tmp_path):
    seed(by="tests")
    store_ban_list(symbols=("SBIN",), on=DAY, source="x", by="tests")
    file = tmp_path / "told.json"
    file.write_text(json.dumps({"request_token": kite.sim.request_token(), "warmup": None}))

    call_command(
        "prepare_run", "--feed", str(file), "--console", "http://x/", "--folder", str(tmp_path)
    )

    assert Run.objects.get().banned == ["SBIN"]


def test_a_file_that_no_kitesim_wrote_ends_it_with_one_line(tmp_path):
    words = ("--console", "http://x/", "--folder", str(tmp_path))

    with pytest.raises(CommandError, match=r"kitesim: .*expected what `kitesim --tell` writes"):
        call_command("prepare_run", "--feed", str(tmp_path / "nothing"), *words)
