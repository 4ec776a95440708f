"""The history command against a broker of our own, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from marketdata.built_day import bars_symbol
from marketdata.history import BAR_SCHEMA
from tests.integration.trading.served_kite import DAY, ServedKite, log_in, served_kite
from trading.services import instruments

pytestmark = pytest.mark.django_db


@pytest.fixture
def kite(tmp_path: Path, settings) -> Iterator[ServedKite]:
    with served_kite(tmp_path) as served:
        log_in(served, settings)
        head = served.sim.backend.market.head
        instruments.sync(instruments=head.instruments, on=DAY, source="kite")
        yield served


def fetch(out: Path, *words: str) -> str:
    told = StringIO()
    span = ("--from", "2026-09-30", "--to", "2026-10-05")
    call_command("fetch_history", *words, *span, "--out", str(out), stdout=told)
    return told.getvalue()


def test_bars_come_into_parquet_files_and_are_not_fetched_again(kite, tmp_path):
    out = tmp_path / "history"

    first = fetch(out, "NIFTY 50", "NSE:RELIANCE")
    again = fetch(out, "NIFTY 50", "NSE:RELIANCE")

    assert sorted(path.name for path in out.glob("*.parquet")) == [
        "NIFTY.parquet",
        "RELIANCE.parquet",
    ]
    assert pq.read_table(out / "NIFTY.parquet").schema.equals(BAR_SCHEMA)
    assert "2 answers to be asked for" in first
    assert "bad candles: none" in first
    assert "0 answers to be asked for" in again


def test_groups_and_names_choose_what_is_fetched(kite, tmp_path):
    out = tmp_path / "history"

    fetch(out, "--groups", "indices", "futures", "--names", "NIFTY")

    future = next(i for i in kite.sim.backend.market.instruments if i.symbol.startswith("NIFTY26"))
    assert {path.stem for path in out.glob("*.parquet")} == {"NIFTY", bars_symbol(future)}


def test_a_broken_session_stops_with_what_to_do(kite, tmp_path):
    kite.sim.backend.sessions.kill()

    with pytest.raises(CommandError, match="log in and call again"):
        fetch(tmp_path / "history", "NIFTY 50")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("NOBODY",), "symbols: NOBODY not listed on 2026-10-06"),
        (("--interval", "5minute", "NIFTY 50"), ""),
    ],
)
def test_what_cannot_be_asked_for_is_named(kite, tmp_path, words, complaint):
    out = tmp_path / "history"
    fetch(out, "TCS")

    with pytest.raises(CommandError, match=complaint or "interval: expected 5minute"):
        fetch(out, *words)


def test_without_a_login_nothing_is_asked(kite, settings, tmp_path):
    settings.KITE_API_KEY = "another"

    with pytest.raises(CommandError, match="NO_TOKEN"):
        fetch(tmp_path / "history", "NIFTY 50")


def test_today_is_never_fetched(kite, tmp_path):
    with pytest.raises(CommandError, match="--from"):
        call_command(
            "fetch_history",
            "TCS",
            "--from",
            "2098-01-01",
            "--out",
            str(tmp_path),
            stdout=StringIO(),
        )
