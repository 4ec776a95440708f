"""The figures of a backtest: totals, ratios, and a warning where they are too good to be true.

The curve they rest on is `equity.py`'s; how they are written down is `report_files.py`'s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from statistics import fmean, stdev

import numpy as np

from trading.research.equity import Curve
from trading.research.round_trips import RoundTrip

DAYS_A_YEAR = 252
_FEW_TRADES = 10
_SURE = 4.0
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures over some trades, rupees; None where they would be divided by nothing.

    A win is a trade with `net` above 0, a loss one below. `profit_factor`: won over lost.
    `expectancy`: mean net of a trade.
    """

    trades: int
    wins: int
    losses: int
    gross: float
    charges: float
    net: float
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    average_win: float | None
    average_loss: float | None
    largest_win: float | None
    largest_loss: float | None


@dataclass(frozen=True, slots=True)
class Ratios:
    """Figures over the curve; None where there is too little to make them of.

    `max_drawdown`: a fraction, marked to market, positive. `exposure`: the share of minutes in
    which a position was open. Ratios are of daily returns, times the root of 252, without a
    risk-free rate; `calmar`: the annualised return over the greatest drawdown.
    """

    end_equity: float
    total_return: float
    max_drawdown: float
    exposure: float
    sharpe: float | None
    sortino: float | None
    calmar: float | None


def totals_of(trades: Sequence[RoundTrip]) -> Totals:
    """Return the figures over trades."""
    nets = [trade.net for trade in trades]
    won, lost = [net for net in nets if net > 0], [net for net in nets if net < 0]
    return Totals(
        trades=len(trades),
        wins=len(won),
        losses=len(lost),
        gross=_rupees(sum((trade.gross for trade in trades), _NOTHING)),
        charges=_rupees(sum((trade.charges for trade in trades), _NOTHING)),
        net=_rupees(sum(nets, _NOTHING)),
        win_rate=len(won) / len(trades) if trades else None,
        profit_factor=float(sum(won) / -sum(lost)) if lost else None,
        expectancy=_rupees(sum(nets, _NOTHING) / len(nets)) if nets else None,
        average_win=_rupees(sum(won, _NOTHING) / len(won)) if won else None,
        average_loss=_rupees(sum(lost, _NOTHING) / len(lost)) if lost else None,
        largest_win=_rupees(max(won)) if won else None,
        largest_loss=_rupees(min(lost)) if lost else None,
    )


def day_ends(curve: Curve) -> list[float]:
    """Return the equity at the end of each session."""
    last = np.flatnonzero(np.diff(curve.day, append=-1))
    return [float(equity) for equity in curve.equity[last]]


def ratios_of(curve: Curve, capital: Decimal) -> Ratios:
    """Return the figures over a curve that began with `capital`."""
    ends = [float(capital), *day_ends(curve)]
    returns = [after / before - 1 for before, after in pairwise(ends) if before]
    deepest = max(0.0, -float(curve.drawdown.min()))
    total = ends[-1] / ends[0] - 1
    return Ratios(
        end_equity=round(ends[-1], 2),
        total_return=total,
        max_drawdown=deepest,
        exposure=float(np.mean(curve.open_positions > 0)),
        sharpe=_per_year(fmean(returns), _spread(returns)),
        sortino=_per_year(fmean(returns), _downside(returns)),
        calmar=_yearly(total, len(returns)) / deepest if deepest > 0 and total > -1 else None,
    )


def _spread(returns: Sequence[float]) -> float:
    return stdev(returns) if len(returns) > 1 else 0.0


def _downside(returns: Sequence[float]) -> float:
    return math.sqrt(fmean(min(each, 0.0) ** 2 for each in returns))


def _per_year(mean: float, spread: float) -> float | None:
    return mean / spread * math.sqrt(DAYS_A_YEAR) if spread > 0 else None


def _yearly(total: float, days: int) -> float:
    return float((1 + total) ** (DAYS_A_YEAR / days) - 1)


def warnings_of(trades: Sequence[RoundTrip], curve: Curve) -> tuple[str, ...]:
    """Return what makes a result unbelievable: it beats a coin by far, or never loses.

    A coin wins half of its trades, and earns nothing on average; four standard errors above that
    are reported. So few as 10 trades say nothing.
    """
    if len(trades) < _FEW_TRADES:
        return ()
    found = []
    nets = [float(trade.net) for trade in trades]
    wins = sum(net > 0 for net in nets)
    from_half = (wins - len(nets) / 2) / math.sqrt(len(nets) / 4)
    if from_half > _SURE:
        found.append(f"{wins} of {len(nets)} trades won, {from_half:.1f} standard errors over half")
    spread = stdev(nets)
    if spread > 0:
        sure = fmean(nets) / spread * math.sqrt(len(nets))
        if sure > _SURE:
            found.append(f"the mean trade lies {sure:.1f} standard errors above nothing")
    if not any(net < 0 for net in nets):
        found.append(f"none of {len(nets)} trades lost")
    if float(curve.drawdown.min()) > -1e-9:
        found.append("the account was never below an earlier high")
    return tuple(f"too good to be true: {text}; look for an error first" for text in found)


def _rupees(value: Decimal) -> float:
    return float(round(value, 2))
