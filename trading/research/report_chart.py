"""The chart of a backtest: equity above, drawdown below, as one inline SVG.

The curve itself is `equity.py`'s; the page around the chart `report_page.py`'s.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

from marketdata.bars import Floats, Ints
from marketdata.calendar import IST
from trading.research.equity import Curve

_WIDTH, _TOP, _BOTTOM = 1040, 300, 130
_LEFT, _RIGHT, _GAP = 78, 8, 26
_MOST_POINTS = 1500
_TICKS = 5


def chart_of(curve: Curve, capital: float) -> str:
    """Return the chart; of each stretch of minutes its highest and lowest equity are kept."""
    rows = _kept(curve.equity)
    equity, drawdown = curve.equity[rows], curve.drawdown[rows]
    low = min(float(equity.min()), capital)
    high = max(float(equity.max()), capital)
    span = (high - low) or max(abs(capital) * 0.001, 1.0)
    deepest = min(float(drawdown.min()), -1e-4)
    x = _LEFT + rows / max(len(curve.equity) - 1, 1) * (_WIDTH - _LEFT - _RIGHT)
    y = 10 + (high - equity) / span * (_TOP - 20)
    base = _TOP + _GAP
    down = base + drawdown / deepest * _BOTTOM
    start = 10 + (high - capital) / span * (_TOP - 20)
    return "\n".join(
        (
            f'<svg viewBox="0 0 {_WIDTH} {base + _BOTTOM + 24}" role="img" '
            'aria-label="Equity and drawdown over time">',
            *(
                _rule(10 + (_TOP - 20) * i / _TICKS, f"{high - span * i / _TICKS:,.0f}")
                for i in range(_TICKS + 1)
            ),
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{start:.1f}" y2="{start:.1f}" '
            'stroke="var(--soft)" stroke-dasharray="4 4"/>',
            '<polyline fill="none" stroke="var(--up)" stroke-width="1.5" '
            f'points="{_points(x, y)}"/>',
            *(
                _rule(base + _BOTTOM * i / 2, f"{deepest * i / 2:.2%}" if i else "0 %")
                for i in range(3)
            ),
            f'<polygon fill="var(--fill)" stroke="var(--down)" points="{x[0]:.1f},{base} '
            f'{_points(x, down)} {x[-1]:.1f},{base}"/>',
            *_dates(curve.end, base + _BOTTOM + 18),
            "</svg>",
        )
    )


def _kept(equity: Floats) -> Ints:
    """Return the rows of each stretch's first, lowest, highest and last value, in order."""
    count = len(equity)
    if count <= _MOST_POINTS:
        return np.arange(count)
    bounds = np.linspace(0, count, _MOST_POINTS // 4 + 1).astype(np.int64)
    rows = {0, count - 1}
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        part = equity[begin:end]
        rows |= {begin, begin + int(part.argmin()), begin + int(part.argmax()), end - 1}
    return np.array(sorted(rows))


def _points(x: Floats, y: Floats) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def _rule(y: float, label: str) -> str:
    return (
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
        f'stroke="var(--line)"/><text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
        f"{label}</text>"
    )


def _dates(end: Ints, y: float) -> list[str]:
    places = np.linspace(0, len(end) - 1, 6).astype(np.int64).tolist()
    width = (_WIDTH - _LEFT - _RIGHT) / max(len(end) - 1, 1)
    return [
        f'<text x="{_LEFT + place * width:.1f}" y="{y}" text-anchor="{_anchor(number)}">'
        f"{datetime.fromtimestamp(int(end[place]), IST):%d %b %Y}</text>"
        for number, place in enumerate(places)
    ]


def _anchor(number: int) -> str:
    return "start" if number == 0 else "end" if number == _TICKS else "middle"
