"""What a backtest takes for granted, in words, so that its figures are not read without it.

The rules themselves are told in `docs/backtesting.md`; what the files lacked is `coverage.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator

from trading.research.backtest import Result
from trading.research.profiles import Profile

_ALWAYS = (
    "A signal is formed on a bar's close; its entry fills no earlier than the next bar's open.",
    "A bar is told as its open and then its whole range; within it a stop comes before a target.",
    "What is left at the end of a session is closed; nothing is held overnight.",
)
_PLAIN = (
    "One unit a trade, at market, without slippage, charges, margins, filters or limits.",
    "A level reached within a bar fills at that level, a level gapped at the open at the open.",
)
_DEFAULT = (
    "Bid, ask and their sizes are modelled around each bar's prices; none were recorded.",
    "Orders meet the simulated exchange: slippage, sizes on display, refusals, dated charges.",
    "Shares are taken to have derivatives, and so to trade until the closing auction begins.",
)


_SCREEN = (
    "No capital, limits, ranking or risk gate stands between a signal and its trade.",
    "Prices are those of the files, without slippage; a future counts at its index's prices.",
    "The best of many sets is the luckiest too.",
)


def screen_assumptions(*, charged: bool, lots: bool) -> tuple[str, ...]:
    """Return the assumptions of a screen, a sentence each."""
    charges = "with the dated charges of an intraday order" if charged else "without charges"
    size = "One lot" if lots else "One unit"
    return (*_ALWAYS, f"{size} a trade, at market, {charges}.", _PLAIN[1], *_SCREEN)


def assumptions_of(result: Result) -> Iterator[str]:
    """Yield the assumptions of a run, a sentence each."""
    yield from _ALWAYS
    yield from _PLAIN if result.request.wishes.profile is Profile.PLAIN else _DEFAULT
    made = [item.symbol for item in result.coverage if any("made" in t for t in item.traded_as)]
    if made:
        yield f"Futures were made from their index at a fixed carry: {', '.join(made)}."
    before = min((item.history_sessions for item in result.coverage), default=0)
    yield f"Indicators began with {before} earlier sessions or more of each symbol's file."
