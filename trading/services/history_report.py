"""What a download of history came to: bars written, candles that were bad, sessions with gaps.

Fetching and judging is `marketdata/history_download.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from marketdata.history_download import StepReport
from marketdata.history_gaps import Gaps

_MOST_LINES = 15


@dataclass(slots=True)
class Download:
    """The steps of one download, added up; `gaps` and `bad` by symbol."""

    answers: int = 0
    told: int = 0
    written: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)
    gaps: dict[str, Gaps] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def take(self, report: StepReport) -> None:
        """Add one step."""
        self.answers += 1
        symbol = report.step.symbol
        if report.failure:
            first, last = report.step.span
            self.failures.append(f"{symbol} {first} to {last}: {report.failure}")
            return
        self.told += report.told
        self.written += report.written
        self.dropped.update(report.dropped)
        if report.dropped:
            self.bad[symbol] += sum(report.dropped.values())
        if report.gaps.silent or report.gaps.missing:
            self.gaps[symbol] = self.gaps.get(symbol, Gaps()) + report.gaps


def told(download: Download) -> str:
    """Return a download in a few lines: totals, then what a person should look at."""
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(download.dropped.items()))
    lines = [
        f"{download.answers} answers, {download.told} candles, {download.written} new bars",
        f"bad candles: {reasons or 'none'}",
        *(f"  {symbol}: {count} bad" for symbol, count in download.bad.most_common(_MOST_LINES)),
        f"symbols with gaps: {len(download.gaps) or 'none'}",
        *_worst(download.gaps),
        *(f"failed: {failure}" for failure in download.failures[:_MOST_LINES]),
    ]
    return "\n".join(lines)


def _worst(gaps: dict[str, Gaps]) -> list[str]:
    ranked = sorted(gaps.items(), key=lambda item: (-len(item[1].silent), -item[1].missing))
    lines = []
    for symbol, gap in ranked[:_MOST_LINES]:
        days = ", ".join(str(day) for day in gap.silent[:3])
        more = f" ({days}{', …' if len(gap.silent) > 3 else ''})" if days else ""
        lines.append(
            f"  {symbol}: {len(gap.silent)} sessions without bars{more}, {gap.missing} bars missing"
        )
    return lines
