"""The result of a screen: a row for each parameter set, and the trades where there is one set.

What is traded stands in `screen.py`, what it earns in `screen_money.py`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from marketdata.calendar import IST
from risk.exits import kernel, stepping
from trading.research.coverage import Coverage
from trading.research.screen import Screened, ScreenTrades
from trading.research.screen_money import Earned

REASONS = {code: str(reason) for code, reason in stepping.REASONS.items()}
"""What each of the exit kernel's codes is called."""
_STOPS = (kernel.AT_HARD_STOP, kernel.AT_BREAK_EVEN, kernel.AT_TRAIL)
_TARGETS = (kernel.AT_TARGET1, kernel.AT_TARGET2)

_TRADE_COLUMNS = (
    "symbol",
    "direction",
    "signal_at",
    "entry_at",
    "entry_price",
    "exit_bar_at",
    "exit_price",
    "exit_reason",
    "gross",
    "charges",
    "net",
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one parameter set came to; rupees, and R the risk each trade began with.

    `profit_factor`: None without a loss; `win_rate`, `mean_r` and `worst_r`: None without a trade.
    A win is a trade with `net` above 0. `net_worst` and `net_best`: the net if every trade had met
    the worst, or the best, prices of its minutes.
    """

    trades: int
    wins: int
    win_rate: float | None
    gross: float
    charges: float
    net: float
    net_r: float
    mean_r: float | None
    worst_r: float | None
    profit_factor: float | None
    stopped: int
    at_target: int
    at_end_of_day: int
    otherwise: int
    net_worst: float
    net_best: float


def row_of(trades: ScreenTrades, money: Earned) -> Row:
    """Return the figures of one set; sums are 0 without a trade, means None."""
    net, count = money.net, len(trades)
    in_r = net / money.risk
    lost = -float(net[net < 0].sum())
    return Row(
        trades=count,
        wins=int(np.count_nonzero(net > 0)),
        win_rate=float(np.mean(net > 0)) if count else None,
        gross=float(money.gross.sum()),
        charges=float(money.charges.sum()),
        net=float(net.sum()),
        net_r=float(in_r.sum()),
        mean_r=float(in_r.mean()) if count else None,
        worst_r=float(in_r.min()) if count else None,
        profit_factor=float(net[net > 0].sum()) / lost if lost else None,
        stopped=int(np.isin(trades.code, _STOPS).sum()),
        at_target=int(np.isin(trades.code, _TARGETS).sum()),
        at_end_of_day=int(np.count_nonzero(trades.code == kernel.END_OF_DAY)),
        otherwise=count - int(np.isin(trades.code, (*_STOPS, *_TARGETS, kernel.END_OF_DAY)).sum()),
        net_worst=float(net.sum() - money.worse.sum()),
        net_best=float(net.sum() + money.better.sum()),
    )


def write_screen(out: Path, sets: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> None:
    """Write `screen.csv`: the parameters that vary and the figures, in the order of the sets.

    The trades that an earlier screen of one set left in `out` go, where there are several sets.
    """
    out.mkdir(parents=True, exist_ok=True)
    if len(sets) > 1:
        (out / "trades.csv").unlink(missing_ok=True)
    keys = list(sets[0])
    names = [each.name for each in fields(Row)]
    with (out / "screen.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*keys, *names])
        for parameters, row in zip(sets, rows, strict=True):
            told = ["" if value is None else _text(value) for value in astuple(row)]
            writer.writerow([*(json.dumps(parameters[key]) for key in keys), *told])


def write_basis(out: Path, coverage: Sequence[Coverage], assumptions: Sequence[str]) -> None:
    """Write `screen.json`: what the files held and lacked, and what is taken for granted."""
    out.mkdir(parents=True, exist_ok=True)
    told = {
        "data": {item.symbol: msgspec.to_builtins(item) for item in coverage},
        "assumptions": list(assumptions),
    }
    text = msgspec.json.format(msgspec.json.encode(told), indent=2)
    (out / "screen.json").write_bytes(text + b"\n")


def write_trades(out: Path, screened: Screened, trades: ScreenTrades, money: Earned) -> None:
    """Write `trades.csv`: one set's trades in the order of their signals."""
    out.mkdir(parents=True, exist_ok=True)
    columns = screened.market.laid.columns
    with (out / "trades.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_TRADE_COLUMNS)
        for at in np.lexsort((trades.column, trades.signal_at)):
            writer.writerow(
                [
                    columns[trades.column[at]].symbol,
                    "LONG" if trades.side[at] > 0 else "SHORT",
                    _moment(trades.signal_at[at]),
                    _moment(trades.entry_at[at]),
                    _text(trades.entry[at]),
                    _moment(trades.exit_bar_at[at]),
                    _text(trades.mean_exit[at]),
                    REASONS[int(trades.code[at])],
                    *(_text(each[at]) for each in (money.gross, money.charges, money.net)),
                ]
            )


def _moment(second: int) -> str:
    return datetime.fromtimestamp(int(second), IST).isoformat()


def _text(value: float) -> str:
    return str(int(value)) if isinstance(value, int) else repr(round(float(value), 6))
