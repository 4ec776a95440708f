"""`manage.py screen` as a person runs it: what it writes, and what it says to bad input."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.trading.research.made_bars import DAYS, made_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    return made_folder(tmp_path_factory.mktemp("bars"), ("AAA", "BBB"))


def run(folder: Path, out: Path, *more: str, **changed: str) -> subprocess.CompletedProcess:
    options = {
        "bars": str(folder),
        "strategy": "opening_range",
        "from": str(DAYS[0]),
        "to": str(DAYS[-1]),
        "out": str(out),
    } | changed
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return subprocess.run(
        [sys.executable, "-W", "ignore", str(ROOT / "manage.py"), "screen", *words, *more],
        capture_output=True,
        text=True,
        check=False,
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_row_for_each_set_in_the_order_of_the_grid(bars, tmp_path):
    done = run(
        bars, tmp_path, "--grid", "range_minutes=5,15", "reward_to_risk=1.5,2.5", "--charges"
    )

    assert done.returncode == 0, done.stderr
    rows = read(tmp_path / "screen.csv")
    assert [(row["range_minutes"], row["reward_to_risk"]) for row in rows] == [
        ("5", "1.5"),
        ("5", "2.5"),
        ("15", "1.5"),
        ("15", "2.5"),
    ]
    for row in rows:
        kinds = ("stopped", "at_target", "at_end_of_day", "otherwise")
        assert sum(int(row[kind]) for kind in kinds) == int(row["trades"]) > 0
        assert float(row["net"]) == pytest.approx(float(row["gross"]) - float(row["charges"]))
    assert not (tmp_path / "trades.csv").exists()


def test_coverage_assumptions_and_the_error_bar_of_fills_come_with_every_result(bars, tmp_path):
    """R-99."""
    done = run(bars, tmp_path, "--grid", "range_minutes=5,15", "--charges")

    rows = read(tmp_path / "screen.csv")
    basis = json.loads((tmp_path / "screen.json").read_text())
    assert list(basis["data"]) == ["AAA", "BBB"]
    assert basis["data"]["AAA"]["bars"] > 0
    assert "One unit a trade, at market, with the dated charges" in basis["assumptions"][3]
    for text in basis["assumptions"]:
        assert f"assumed: {text}" in done.stdout
    assert "AAA: " in done.stdout
    for row in rows:
        bounds = [float(row[name]) for name in ("net_worst", "net", "net_best")]
        assert bounds == sorted(set(bounds))
        assert f"{bounds[0]:,.2f} to {bounds[2]:,.2f}" in done.stdout


def test_one_set_tells_its_trades_and_repeats_to_the_byte(bars, tmp_path):
    for name in ("a", "b"):
        assert run(bars, tmp_path / name, "--set", "hours.cash.square_off_at=14:00").returncode == 0

    trades = read(tmp_path / "a/trades.csv")
    (row,) = read(tmp_path / "a/screen.csv")
    assert len(trades) == int(row["trades"])
    assert [trade["signal_at"] for trade in trades] == sorted(t["signal_at"] for t in trades)
    assert max(trade["exit_bar_at"][11:16] for trade in trades) == "14:00"
    assert sum(float(trade["net"]) for trade in trades) == pytest.approx(float(row["net"]))
    for file in ("trades.csv", "screen.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_trades_of_an_earlier_screen_do_not_stand_beside_many_sets(bars, tmp_path):
    assert run(bars, tmp_path).returncode == 0
    assert (tmp_path / "trades.csv").exists()

    assert run(bars, tmp_path, "--grid", "range_minutes=5,15").returncode == 0

    assert not (tmp_path / "trades.csv").exists()


def test_a_set_without_a_trade_has_no_rates_and_lacking_sessions_are_warned_of(bars, tmp_path):
    done = run(bars, tmp_path, "--grid", "latest_minute=0,300", to="2021-07-14")

    assert done.returncode == 0, done.stderr
    (none, some) = read(tmp_path / "screen.csv")
    assert (none["trades"], none["net"], int(some["trades"]) > 0) == ("0", "0.0", True)
    assert (none["win_rate"], none["mean_r"], none["worst_r"]) == ("", "", "")
    assert "latest_minute=0: 0 trades, none won" in done.stdout
    assert "AAA: 6 sessions, 2 missing" in done.stdout
    assert "warning: 2 of 8 sessions asked for have no bar in any file" in done.stderr


@pytest.mark.parametrize(
    ("more", "changed", "told"),
    [
        (("--grid", "wide=1"), {}, "wide: no parameter of opening_range"),
        (("--grid", "range_minutes=0"), {}, "range_minutes: 0"),
        (("--grid", "range_minutes=x"), {}, "expected a whole number"),
        (("--set", "hours.cash.square_off_at=14:00:30"), {}, "expected a whole minute"),
        (("--set", "exchange.full_fills=0"), {}, "exchange.full_fills=0: a screen doesn't ask it"),
        (("--grid", "exits.hard_stop=false"), {}, "exits.hard_stop: no parameter of"),
        (("--grid", "exits.trail_atr=1,0"), {}, "trail_atr: 0"),
        (("--set", "risk.heat=0.5"), {}, "expected strategies.*, hours.*, screen.*"),
        ((), {"strategy": "iron_condor"}, "expected one that trades on bars alone"),
        (("--grid", "max_iv_rank=0,60"), {}, "looks at more than bars, expected one"),
        ((), {"strategy": "nothing"}, "--strategy nothing: expected one of bollinger_reversion, "),
        ((), {"from": "2021-13-01"}, "--from: '2021-13-01'"),
        ((), {"to": "2021-01-01"}, "is before --from"),
        (("--symbols", "ZZZ"), {}, "a file ZZZ.parquet"),
    ],
)
def test_bad_input_is_one_line_that_names_it_and_writes_nothing(
    bars, tmp_path, more, changed, told
):
    done = run(bars, tmp_path / "out", *more, **changed)

    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
