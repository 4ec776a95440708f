"""`python -m trading.bench_ours desk|screen BARS OUT TIMES`: the desk's side of a bench, timed.

Reading the bars is left out, as it is for everybody; what is compared stands in `bench_contest`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

from trading.research.backtest import Request, read_market
from trading.research.equity import curve_of
from trading.research.profiles import Profile, Wishes, config_of
from trading.research.screen import ScreenTrades, prepare, screen
from trading.research.sessions import Plan, run_sessions
from trading.research.statistics import ratios_of, totals_of

Trade = tuple[str, int, int, float, int, float]
"""Symbol, side, start of the entry's bar, price, start of the exit's bar, price."""

_AMPLE = Decimal(10**12)


def _unheard(*_: object) -> None:
    """Let progress go untold."""


def _request(folder: Path, strategies: tuple[str, ...]) -> Request:
    wishes = Wishes(Profile.PLAIN, strategies, _AMPLE, {}, ())
    return Request(folder, None, date(2025, 1, 1), date(2026, 12, 31), wishes)


def desk(folder: Path) -> Callable[[], list[Trade]]:
    """Return the full desk's backtest of a folder, its bars read."""
    request = _request(folder, ("opening_range",))
    config = config_of(request.wishes)
    market = read_market(request, config)

    def run() -> list[Trade]:
        done = asyncio.run(run_sessions(Plan(config, market, 0, False), _unheard))
        curve = curve_of(market, 0, len(done.balances), done.notes, done.trades)
        totals_of(done.trades)
        ratios_of(curve, config.capital_inr)
        return [
            (
                trade.symbol,
                1 if trade.direction == "LONG" else -1,
                int(trade.entry_at.timestamp()),
                float(trade.entry_price),
                int(trade.exit_at.timestamp()) // 60 * 60,
                float(trade.exit_price),
            )
            for trade in done.trades
        ]

    return run


def screened(folder: Path) -> Callable[[], list[Trade]]:
    """Return the screen of one parameter set, its bars read and laid out."""
    ready = prepare(_request(folder, ("opening_range",)))
    names = [column.symbol for column in ready.market.laid.columns]
    found: list[ScreenTrades] = []

    def run() -> list[Trade]:
        found[:] = screen(ready, [{}], _unheard)
        return []

    def told() -> list[Trade]:
        (one,) = found
        columns = (one.column, one.side, one.entry_at, one.entry, one.exit_bar_at, one.exit)
        rows = zip(*(values.tolist() for values in columns), strict=True)
        return [(names[row[0]], *row[1:]) for row in rows]

    return _Late(run, told)


class _Late:
    """A run whose trades are told as rows only after the clock has stopped."""

    def __init__(self, run: Callable[[], list[Trade]], told: Callable[[], list[Trade]]) -> None:
        self._run, self.told = run, told

    def __call__(self) -> list[Trade]:
        return self._run()


def main() -> None:
    """Run one of ours as often as asked; print what it took, write the trades of the last run."""
    name, folder, out, times = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    run = {"desk": desk, "screen": screened}[name](folder)
    cpu, wall, trades = [], [], []
    for _ in range(times):
        gc.collect()
        began, worked = time.perf_counter(), time.process_time()
        trades = run()
        cpu.append(time.process_time() - worked)
        wall.append(time.perf_counter() - began)
    if isinstance(run, _Late):
        trades = run.told()
    out.write_text(json.dumps(sorted(trades)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": cpu, "wall": wall, "peak_mib": peak, "trades": len(trades)}))


if __name__ == "__main__":
    main()
