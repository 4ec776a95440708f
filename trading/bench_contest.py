"""The backtest bench: one rule on the same bars by the desk, the screen and every peer there is.

Peers run in an environment of their own (`make peers`), each in its own process; a time counts
only for trades that are the reference's, one by one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from trading.bench import Figure
from trading.bench_bars import write_bars

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".venv" / "peers" / "bin" / "python"
SCRIPTS = ROOT / "tests" / "peers"
REFERENCE = "plain Python loop"

Trade = tuple[str, int, int, float, int, float]


class NotTheSameError(Exception):
    """A contestant made other trades than the reference: its time means nothing."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """Who runs: its command, how often in a process (the first of several warms up).

    `rounds`: in how many of the first rounds it takes part, at most. `gaps_at_limit`: it may fill
    a target that the open gaps through at the target's price.
    """

    name: str
    command: tuple[str, ...]
    times: int
    rounds: int = 100
    gaps_at_limit: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What one process told: seconds of CPU and wall a run, peak memory, trades."""

    cpu: float
    wall: float
    peak_mib: float
    trades: tuple[Trade, ...]


def contestants() -> tuple[Contestant, ...]:
    """Return the reference, ours, and the peers where their environment exists."""
    return (*ours(), *peers())


def ours() -> tuple[Contestant, ...]:
    """Return the reference and both of ours."""
    mine = (sys.executable, "-W", "ignore", "-m", "trading.bench_ours")
    return (
        Contestant(REFERENCE, (sys.executable, str(SCRIPTS / "plain_loop.py")), 3),
        Contestant("screen", (*mine, "screen"), 8),
        Contestant("desk", (*mine, "desk"), 1),
    )


def peers() -> tuple[Contestant, ...]:
    """Return the peers that can run here, none without their environment."""
    if not PEERS.exists():
        return ()
    run = (str(PEERS), "-W", "ignore")
    return (
        Contestant("vectorbt", (*run, str(SCRIPTS / "vectorbt_orb.py")), 5),
        Contestant("backtesting.py", (*run, str(SCRIPTS / "backtesting_orb.py")), 1, rounds=1),
        Contestant("backtrader", (*run, str(SCRIPTS / "backtrader_orb.py")), 1, rounds=1),
        Contestant(
            "nautilus_trader",
            (*run, str(SCRIPTS / "nautilus_orb.py")),
            1,
            rounds=1,
            gaps_at_limit=True,
        ),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """How much is run: made instruments and days, and how many interleaved rounds."""

    instruments: int
    days: int
    rounds: int


CASE_B = Case(50, 60, 3)


def contest(case: Case, entered: Sequence[Contestant]) -> dict[str, list[Told]]:
    """Run everybody in turn, round after round; return what each told.

    The first entered is the reference. Raises `NotTheSameError` naming who traded otherwise,
    `subprocess.CalledProcessError` where a process fails.
    """
    told: dict[str, list[Told]] = {one.name: [] for one in entered}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arrays = write_bars(folder, case.instruments, case.days)
        for number in range(case.rounds):
            for one in (one for one in entered if number < one.rounds):
                own = folder if "trading.bench_ours" in one.command else arrays
                told[one.name].append(_run(one, own, folder / "trades.json"))
        opens = _opens(arrays)
    reference = told[entered[0].name][0].trades
    for one in entered:
        for run in told[one.name]:
            _check(one, run.trades, reference, opens)
    return told


def _run(one: Contestant, bars: Path, out: Path) -> Told:
    done = subprocess.run(
        [*one.command, str(bars), str(out), str(one.times)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    counted = slice(1, None) if one.times > 1 else slice(None)
    return Told(
        cpu=median(said["cpu"][counted]),
        wall=median(said["wall"][counted]),
        peak_mib=said["peak_mib"],
        trades=tuple(tuple(row) for row in json.loads(out.read_text())),
    )


def _opens(arrays: Path) -> dict[tuple[str, int], float]:
    with np.load(arrays) as file:
        names, starts, opens = file["symbols"].tolist(), file["start"].tolist(), file["open"]
    return {
        (name, start): float(opens[row, place])
        for place, name in enumerate(names)
        for row, start in enumerate(starts)
    }


def _check(
    one: Contestant,
    trades: Sequence[Trade],
    reference: Sequence[Trade],
    opens: dict[tuple[str, int], float],
) -> None:
    if len(trades) != len(reference):
        raise NotTheSameError(f"{one.name}: {len(trades)} trades, expected {len(reference)}")
    for made, expected in zip(trades, reference, strict=True):
        if made == expected:
            continue
        side, left = expected[1], expected[5]
        gapped = opens.get((expected[0], expected[4])) == left and side * (left - made[5]) > 0
        if not (one.gaps_at_limit and gapped and made[:5] == expected[:5]):
            raise NotTheSameError(f"{one.name}: traded {made}, expected {expected}")


def figures_of(case: Case, told: dict[str, list[Told]]) -> list[Figure]:
    """Return medians over the rounds, and how many times longer each took than ours."""
    reference = told[REFERENCE][0].trades
    figures = [
        Figure("bars", float(case.instruments * case.days * 375), ""),
        Figure("trades", float(len(reference)), ""),
    ]
    for name, runs in told.items():
        same = sum(a == b for a, b in zip(runs[0].trades, reference, strict=True))
        figures += [
            Figure(f"{name}: run, CPU", 1_000 * median(run.cpu for run in runs), "ms"),
            Figure(f"{name}: run, wall", 1_000 * median(run.wall for run in runs), "ms"),
            Figure(f"{name}: peak memory", median(run.peak_mib for run in runs), "MiB"),
            Figure(f"{name}: trades equal to the reference's", float(same), ""),
        ]
    for mine in ("screen", "desk"):
        figures += [
            Figure(f"{mine}: times faster than {name}", ratio(told, name, mine), "x")
            for name in told
            if name not in ("screen", "desk")
        ]
    return figures


def ratio(told: dict[str, list[Told]], name: str, mine: str) -> float:
    """Return the median of somebody's CPU time over ours, over the rounds both took part in."""
    return median(a.cpu / b.cpu for a, b in zip(told[name], told[mine], strict=False))
