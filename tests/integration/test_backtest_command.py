"""The command from outside: what it writes, and one clear line for every kind of bad input."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from tests.unit.trading.research.made_bars import made_folder, write_bars
from trading.services.canonical import canonical, sha256_of

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "--strategies": "opening_range",
    "--from": "2021-07-06",
    "--to": "2021-07-12",
    "--capital": "1000000",
}


def backtest(folder: Path, out: Path, *more: str, **changed: str) -> subprocess.CompletedProcess:
    options = {"--bars": str(folder), "--out": str(out), **GOOD}
    options |= {f"--{name}": value for name, value in changed.items()}
    words = [word for pair in options.items() for word in pair]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL")
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "backtest", *words, *more],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    return made_folder(tmp_path_factory.mktemp("bars"), ("AAA", "BBB"), missing=0.02)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_it_writes_four_files_without_database_or_redis(bars, tmp_path):
    out = tmp_path / "new" / "out"

    done = backtest(bars, out, "--profile", "plain", "--set", "risk.heat=1", "exits.trail=false")

    assert (done.returncode, done.stderr) == (0, "")
    names = sorted(path.name for path in out.iterdir())
    assert names == ["equity.csv", "report.html", "summary.json", "trades.csv"]
    summary = json.loads((out / "summary.json").read_text())
    trades, equity = rows(out / "trades.csv"), rows(out / "equity.csv")
    net = sum(Decimal(trade["net"]) for trade in trades)
    assert len(trades) == summary["totals"]["trades"] > 0
    assert Decimal(equity[-1]["equity"]) == 1_000_000 + net
    assert Decimal(str(summary["totals"]["net"])) == net
    assert len(equity) == 5 * 375
    assert summary["data"]["AAA"]["missing_minutes"] > 0
    page = (out / "report.html").read_text()
    assert "<svg" in page
    assert "http" not in page.replace("http-equiv", "")


def test_coverage_assumptions_and_the_error_bar_of_fills_come_with_every_result(bars, tmp_path):
    """R-99."""
    done = backtest(bars, tmp_path)

    summary = json.loads((tmp_path / "summary.json").read_text())
    page = (tmp_path / "report.html").read_text()
    fills = summary["fills"]
    assert fills["fills"] >= 2 * summary["totals"]["trades"] > 0
    assert fills["net_worst"] < fills["net"] == summary["totals"]["net"] < fills["net_best"]
    assert fills["one_tick"] > 0
    assert len(summary["assumptions"]) >= 6
    for text in summary["assumptions"]:
        assert f"assumed: {text}" in done.stdout
    for symbol in ("AAA", "BBB"):
        assert f"{symbol}: 5 sessions" in done.stdout
    for number in ("net_worst", "net_best"):
        assert f"{fills[number]:,.2f}" in done.stdout
        assert f"{fills[number]:,.2f}" in page
    assert "Error bar of fills" in page


def test_the_same_run_writes_the_same_bytes(bars, tmp_path):
    for name in ("one", "two"):
        assert backtest(bars, tmp_path / name).returncode == 0

    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_the_result_tells_the_hash_of_the_configuration_it_was_made_under(bars, tmp_path):
    """R-103: what was loosened for a backtest shows in its hash."""
    runs = {"usual": (), "again": (), "loosened": ("--set", "risk.heat=1")}
    for name, more in runs.items():
        assert backtest(bars, tmp_path / name, *more).returncode == 0

    usual, again, loosened = (
        json.loads((tmp_path / name / "summary.json").read_text()) for name in runs
    )
    assert usual["config_sha256"] == again["config_sha256"] == sha256_of(canonical(usual["config"]))
    assert loosened["config_sha256"] == sha256_of(canonical(loosened["config"]))
    assert loosened["config_sha256"] != usual["config_sha256"]
    assert loosened["config"]["risk"]["heat"] == "1"


@pytest.mark.parametrize(
    ("changed", "more", "named"),
    [
        ({"from": "yesterday"}, (), ("--from", "YYYY-MM-DD")),
        ({"from": "2021-07-12", "to": "2021-07-06"}, (), ("--to", "before")),
        ({"from": "2022-07-06", "to": "2022-07-12"}, (), ("usable bar", "2021-07-12")),
        ({"capital": "-5"}, (), ("--capital", "above 0")),
        ({"capital": "ten"}, (), ("--capital", "above 0")),
        ({"strategies": "nonsense"}, (), ("nonsense", "opening_range")),
        ({"strategies": "opening_range,"}, (), ("--strategies", "commas")),
        ({}, ("--set", "risk.heet=1"), ("heet", "heat")),
        ({}, ("--set", "risk.heat=7"), ("heat", "at most 1")),
        ({}, ("--set", "risk.heat"), ("risk.heat", "key=value")),
        ({}, ("--set", "strategies.trend_pullback.min_adx=1"), ("trend_pullback", "not among")),
        ({}, ("--set", "strategies.opening_range.range_minutes=0"), ("range_minutes", "1")),
        ({}, ("--symbols", "AAA,ZZZ"), ("ZZZ", ".parquet")),
        ({}, ("--config", "nowhere.toml"), ("nowhere.toml", "TOML")),
        ({"bars": "nowhere"}, (), ("nowhere", "folder")),
    ],
)
def test_bad_options_are_told_in_one_line(bars, tmp_path, changed, more, named):
    done = backtest(bars, tmp_path / "out", *more, **changed)

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    for text in named:
        assert text in done.stderr
    assert not (tmp_path / "out").exists()


def _without_volume(bars: pd.DataFrame) -> pd.DataFrame:
    return bars.drop(columns="volume")


def _with_words(bars: pd.DataFrame) -> pd.DataFrame:
    return bars.assign(close="dear")


def _with_text_times(bars: pd.DataFrame) -> pd.DataFrame:
    return bars.assign(ts=bars["ts"].astype(str))


def _scaled(bars: pd.DataFrame) -> pd.DataFrame:
    late = bars.index > 1000
    prices = ["open", "high", "low", "close"]
    return bars.assign(**{name: bars[name].where(~late, bars[name] * 100) for name in prices})


def _five_minutes(bars: pd.DataFrame) -> pd.DataFrame:
    return bars[bars["ts"].dt.minute % 5 == 0]


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_without_volume, ("AAA.parquet", "volume", "missing")),
        (_with_words, ("AAA.parquet", "close", "numbers")),
        (_with_text_times, ("AAA.parquet", "ts", "timestamp")),
        (_scaled, ("AAA.parquet", "close", "one price scale")),
        (_five_minutes, ("AAA.parquet", "ts", "one-minute")),
        (lambda bars: bars.head(0), ("AAA.parquet", "ts", "at least one row")),
    ],
)
def test_bad_files_are_told_in_one_line(tmp_path, spoil, named):
    folder = made_folder(tmp_path / "bars", ("AAA",))
    bars = pd.concat([pd.read_parquet(folder / "AAA.parquet")], ignore_index=True)
    write_bars(folder, "AAA", spoil(bars))

    done = backtest(folder, tmp_path / "out")

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    for text in named:
        assert text in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_parquet_and_an_out_that_is_a_file(tmp_path):
    folder = made_folder(tmp_path / "bars", ("AAA",))
    (folder / "BBB.parquet").write_text("not bars")
    taken = tmp_path / "taken"
    taken.write_text("mine")

    unreadable = backtest(folder, tmp_path / "out")
    blocked = backtest(folder, taken)

    assert (unreadable.returncode, blocked.returncode) == (2, 2)
    assert "BBB.parquet" in unreadable.stderr
    assert "--out" in blocked.stderr
    assert taken.read_text() == "mine"


def test_dirty_rows_are_counted_and_the_run_goes_on(tmp_path):
    folder = made_folder(tmp_path / "bars", ("AAA",))
    bars = pd.read_parquet(folder / "AAA.parquet")
    bars.loc[500, ["open", "high", "low", "close"]] = 0.0
    bars.loc[510, "high"] = bars.loc[510, "low"] - 1
    bars.loc[520, "close"] = float("nan")
    bars.loc[530, "volume"] = -1
    bars = pd.concat([bars.iloc[:541], bars.iloc[540:541], bars.iloc[541:]])
    write_bars(folder, "AAA", bars)

    done = backtest(folder, tmp_path / "out")

    data = json.loads((tmp_path / "out" / "summary.json").read_text())["data"]["AAA"]
    assert done.returncode == 0
    assert data["dropped"] == {
        "duplicate-time": 1,
        "negative-volume": 1,
        "not-a-number": 1,
        "ohlc-order": 1,
        "zero-or-negative": 1,
    }
    assert data["missing_minutes"] == 4
    assert "duplicate-time 1" in done.stdout
