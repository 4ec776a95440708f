"""The screen every tick passes before anyone sees it: what is refused, what is mended, and counted.

Bars on disk are judged in `bar_checks.py`; decoding frames lives in the adapters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from marketdata.bars import Flags, Floats, Ints
from marketdata.ticks import TICK, Ticks, words_of

if TYPE_CHECKING:
    from marketdata.screen_kernels import Places, Rules, Words


class FaultReason(StrEnum):
    """What was wrong with a tick."""

    UNKNOWN_TOKEN = "unknown-token"
    ZERO_PRICE = "zero-price"
    AHEAD = "ahead"
    REPEAT = "repeat"
    LATE = "late"
    PRICE_SCALE = "price-scale"
    VOLUME_STEP_BACK = "volume-step-back"
    CROSSED_QUOTE = "crossed-quote"
    RANGE = "range"


DROPPING = frozenset(
    {
        FaultReason.UNKNOWN_TOKEN,
        FaultReason.ZERO_PRICE,
        FaultReason.REPEAT,
        FaultReason.LATE,
        FaultReason.PRICE_SCALE,
    }
)
"""The reasons for which a tick is left out; for the others it is mended and kept."""
_REASONS = tuple(FaultReason)


@dataclass(frozen=True, slots=True)
class Fault:
    """How often one reason applied to one token in one array of ticks."""

    token: int
    reason: FaultReason
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Faults:
    """What a screen found in one array of ticks, looked into only when someone asks.

    Of each tick with a fault, in their order: `tokens`, and `findings`, a bit for each reason.
    """

    tokens: Ints
    findings: Ints

    def told(self) -> tuple[Fault, ...]:
        """Return every fault once, by token and reason."""
        pairs = zip(self.tokens.tolist(), self.findings.tolist(), strict=True)
        return counted(Counter(pairs))


def counted(findings: Mapping[tuple[int, int], int]) -> tuple[Fault, ...]:
    """Return the faults by token and reason, of tokens and findings that came so many times."""
    counts: Counter[tuple[int, FaultReason]] = Counter()
    for (token, bits), count in findings.items():
        for reason in _reasons_of(bits):
            counts[token, reason] += count
    return tuple(Fault(*key, count) for key, count in sorted(counts.items()))


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """How far a price may move, as a fraction, and how sure a new level must be.

    `most_jump`: between two ticks of a session, and a tick's range around its price.
    `most_gap`: from the reference price to the first tick. `agreeing`: consecutive refused ticks,
    each within `most_jump` of the one before, after which a level within `most_jump` of the
    reference is believed over the last good price. `most_ahead_us`: how far the exchange's clock
    may run ahead of ours.
    """

    most_jump: float = 0.20
    most_gap: float = 0.35
    agreeing: int = 3
    most_ahead_us: int = 5_000_000

    def __post_init__(self) -> None:
        for name in ("most_jump", "most_gap"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name}: is {getattr(self, name)}, expected between 0 and 1")
        if self.agreeing < 1:
            raise ValueError(f"agreeing: is {self.agreeing}, expected 1 or more")
        if self.most_ahead_us < 0:
            raise ValueError(f"most_ahead_us: is {self.most_ahead_us}, expected 0 or more")


@dataclass(frozen=True, slots=True)
class ScreenedTokens:
    """What a screen watches, each array shape `(N,)`, tokens distinct.

    `reference`: the previous close in rupees, NaN where unknown; without it the first tick sets
    the scale. `may_leap`: True for options, whose price may move by any factor. `ignored`: known
    tokens that nobody watches, shape `(M,)`; their ticks are left out without a fault.
    `opens_at_us`: the session's open, microseconds since the epoch; 0 where no tick comes before.
    """

    tokens: Ints
    reference: Floats
    may_leap: Flags
    ignored: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    opens_at_us: int = 0

    @classmethod
    def plain(cls, tokens: Ints) -> ScreenedTokens:
        """Return tokens without references, none of them an option."""
        count = len(tokens)
        return cls(tokens, np.full(count, np.nan), np.zeros(count, dtype=np.bool_))

    def __post_init__(self) -> None:
        if not len(self.tokens) == len(self.reference) == len(self.may_leap):
            raise ValueError("reference, may_leap: expected one per token")
        if len(np.unique(self.tokens)) != len(self.tokens):
            raise ValueError("tokens: one appears twice")


class TickScreen:
    """Screens the ticks of one session; the same ticks always give the same answer.

    The rules, in this order; a tick that is dropped meets no later rule:

    - `unknown-token`; `zero-price`: last is not above 0 or no number: dropped;
    - `ahead`: the exchange's time is beyond ours: ours is used;
    - `repeat`: identical to the token's tick before; `late`: older than it: dropped;
    - `price-scale`: too far from the last good price, or at first from the reference: dropped for
      as long as it lasts. A new level is believed only after `agreeing` ticks and only within
      `most_jump` of the reference, so a hundredfold price never passes;
    - `volume-step-back`: raised to the day's highest so far;
    - `crossed-quote`: a bid above the ask, or a quote that is no price: both sides emptied;
    - `range`: last or open outside low to high, or an end further than `most_jump` away: all
      three become last.

    A tick before the open tells quotes and a price, but its volume is 0: a feed tells the day
    before's until the new day has begun. Nor is its price one that later ones are held against. A
    share's or a future's tick that repeats it, with a book but without volume, stays before the
    open whenever it comes: nobody has traded at that price in this session, and no bar is made
    of it.
    """

    def __init__(self, watched: ScreenedTokens | Ints, settings: ScreenSettings) -> None:
        """Begin with nothing seen; the loops are compiled here rather than at the first tick."""
        from marketdata import screen_kernels as kernels

        known = watched if isinstance(watched, ScreenedTokens) else ScreenedTokens.plain(watched)
        self._settings, self._opens_at_us = settings, known.opens_at_us
        self._places, self._memory = _places(known), _memory(known)
        self._rules, self._words = kernels.Rules, kernels.Words
        self._locate, self._screen = kernels.locate, kernels.screen
        self._calls = 0
        self.screen(np.zeros(0, TICK), 0)

    def screen(self, ticks: Ticks, at_us: int) -> tuple[Ticks, Faults]:
        """Return the ticks that may be believed, mended where needed, and what was wrong.

        `ticks`: a token at most once, else `ValueError`; the array is not changed. `at_us`: the
        moment of arrival, microseconds since the epoch; it stands in for an exchange time that is
        missing (0 or less) or too far ahead. Ticks in, less those ignored and the faults
        of `DROPPING` reasons, equals ticks out.
        """
        told, findings = words_of(ticks), np.empty(len(ticks), np.int64)
        self._calls += 1
        if not self._locate(told, self._places, self._memory.whole, self._calls, findings):
            raise ValueError("ticks: a token appears twice in one array")
        out = np.empty(len(ticks), TICK)
        words = self._words(out.view(np.int64), out.view(np.float64))
        count = self._screen(told, findings, self._memory, self._rules_at(at_us), words)
        (found,) = findings.nonzero()
        return out[:count], Faults(ticks["token"][found], findings[found])

    def _rules_at(self, at_us: int) -> Rules:
        settings = self._settings
        return self._rules(
            most_jump=float(settings.most_jump),
            most_gap=float(settings.most_gap),
            agreeing=settings.agreeing,
            most_ahead_us=settings.most_ahead_us,
            opens_at_us=self._opens_at_us,
            at_us=at_us,
        )


def _places(known: ScreenedTokens) -> Places:
    from marketdata.screen_kernels import Places

    tokens = np.array(known.tokens, np.int64)
    order = np.argsort(tokens)
    ignored = np.sort(np.asarray(known.ignored, np.int64))
    return Places(tokens=tokens, order=order, ordered=tokens[order], ignored=ignored)


def _memory(known: ScreenedTokens) -> Words:
    from marketdata import screen_kernels as kernels

    rows = np.zeros((len(known.tokens), kernels.ROW), np.int64)
    prices = rows.view(np.float64)
    prices[:, kernels.REFERENCE] = known.reference
    prices[:, [kernels.GOOD, kernels.REFUSED, kernels.EARLY]] = np.nan
    rows[:, kernels.MAY_LEAP] = known.may_leap
    return kernels.Words(rows.reshape(-1), prices.reshape(-1))


@cache
def _reasons_of(bits: int) -> tuple[FaultReason, ...]:
    """Return the reasons that some bits stand for, in the order of their names."""
    return tuple(sorted(reason for bit, reason in enumerate(_REASONS) if bits >> bit & 1))
