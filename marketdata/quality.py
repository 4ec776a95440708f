"""The screen every tick passes before anyone sees it: what is refused, what is mended, and counted.

Bars on disk are judged in `bar_checks.py`; decoding frames lives in the adapters.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from marketdata.bars import Flags, Floats, Ints
from marketdata.ticks import TICK, Ticks


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


_WORD = 8


@dataclass(frozen=True, slots=True)
class Fault:
    """How often one reason applied to one token in one array of ticks."""

    token: int
    reason: FaultReason
    count: int


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
    the scale. `may_leap`: True for options, whose price may move by any factor.
    """

    tokens: Ints
    reference: Floats
    may_leap: Flags

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
    """

    def __init__(self, watched: ScreenedTokens | Ints, settings: ScreenSettings) -> None:
        known = watched if isinstance(watched, ScreenedTokens) else ScreenedTokens.plain(watched)
        order = np.argsort(known.tokens)
        count = len(order)
        self._settings = settings
        self._tokens = np.asarray(known.tokens, dtype=np.int64)[order]
        self._reference = np.asarray(known.reference, dtype=np.float64)[order]
        self._may_leap = np.asarray(known.may_leap, dtype=np.bool_)[order]
        self._seen = np.zeros(count, dtype=TICK)
        self._good = np.full(count, np.nan)
        self._refused = np.full(count, np.nan)
        self._agreed = np.zeros(count, dtype=np.int64)
        self._volume = np.zeros(count, dtype=np.int64)

    def screen(self, ticks: Ticks, at_us: int) -> tuple[Ticks, tuple[Fault, ...]]:
        """Return the ticks that may be believed, mended where needed, and what was wrong.

        `ticks`: a token at most once, else `ValueError`; the array is not changed. `at_us`: the
        moment of arrival, microseconds since the epoch; it stands in for an exchange time that is
        missing (0 or less) or too far ahead. Ticks in, less faults of `DROPPING` reasons, equals
        ticks out.
        """
        faults: list[Fault] = []
        rows, place = self._known(ticks, faults)
        priced = (rows["last"] > 0) & np.isfinite(rows["last"])
        rows, place = _keep(rows, place, priced, FaultReason.ZERO_PRICE, faults)
        self._stamp(rows, at_us, faults)
        seen = self._seen[place]
        fresh = ~_identical(rows, seen)
        in_time = rows["exchange_at"] >= seen["exchange_at"]
        self._seen[place[fresh & in_time]] = rows[fresh & in_time]
        rows, place = _keep(rows, place, fresh, FaultReason.REPEAT, faults)
        rows, place = _keep(rows, place, in_time[fresh], FaultReason.LATE, faults)
        rows, place = _keep(
            rows, place, self._plausible(rows["last"], place), FaultReason.PRICE_SCALE, faults
        )
        self._mend_volume(rows, place, faults)
        _mend_quote(rows, faults)
        self._mend_range(rows, place, faults)
        return rows, _in_order(faults)

    def _known(self, ticks: Ticks, faults: list[Fault]) -> tuple[Ticks, Ints]:
        rows = np.array(ticks, dtype=TICK)
        place = np.searchsorted(self._tokens, rows["token"])
        inside = np.minimum(place, max(len(self._tokens) - 1, 0))
        known = (
            self._tokens[inside] == rows["token"]
            if len(self._tokens)
            else np.zeros(len(rows), dtype=np.bool_)
        )
        rows, place = _keep(rows, inside, known, FaultReason.UNKNOWN_TOKEN, faults)
        if len(np.unique(place)) != len(place):
            raise ValueError("ticks: a token appears twice in one array")
        return rows, place

    def _stamp(self, rows: Ticks, at_us: int, faults: list[Fault]) -> None:
        ahead = rows["exchange_at"] > at_us + self._settings.most_ahead_us
        _note(rows, ahead, FaultReason.AHEAD, faults)
        rows["exchange_at"][ahead | (rows["exchange_at"] <= 0)] = at_us

    def _plausible(self, last: Floats, place: Ints) -> Flags:
        settings = self._settings
        good, reference = self._good[place], self._reference[place]
        base = np.where(np.isnan(good), reference, good)
        allowed = np.where(np.isnan(good), settings.most_gap, settings.most_jump)
        passes = np.isnan(base) | _within(last, base, allowed) | self._may_leap[place]
        agrees = _within(last, self._refused[place], settings.most_jump)
        count = np.where(agrees, self._agreed[place] + 1, 1)
        believed = (count >= settings.agreeing) & _within(last, reference, settings.most_jump)
        passes |= believed
        self._good[place[passes]] = last[passes]
        self._refused[place] = np.where(passes, np.nan, last)
        self._agreed[place] = np.where(passes, 0, count)
        return passes

    def _mend_volume(self, rows: Ticks, place: Ints, faults: list[Fault]) -> None:
        highest = np.maximum(rows["volume"], self._volume[place])
        _note(rows, rows["volume"] < highest, FaultReason.VOLUME_STEP_BACK, faults)
        rows["volume"] = highest
        self._volume[place] = highest

    def _mend_range(self, rows: Ticks, place: Ints, faults: list[Fault]) -> None:
        last, high, low = rows["last"], rows["high"], rows["low"]
        inside = (low > 0) & (low <= last) & (last <= high) & np.isfinite(high)
        inside &= (low <= rows["open"]) & (rows["open"] <= high)
        jump = self._settings.most_jump
        near = _within(high, last, jump) & _within(low, last, jump)
        bad = ~(inside & (near | self._may_leap[place]))
        _note(rows, bad, FaultReason.RANGE, faults)
        for name in ("open", "high", "low"):
            rows[name][bad] = last[bad]


def _keep(
    rows: Ticks, place: Ints, good: Flags, reason: FaultReason, faults: list[Fault]
) -> tuple[Ticks, Ints]:
    if good.all():
        return rows, place
    _note(rows, ~good, reason, faults)
    return rows[good], place[good]


def _note(rows: Ticks, bad: Flags, reason: FaultReason, faults: list[Fault]) -> None:
    if bad.any():
        tokens, counts = np.unique(rows["token"][bad], return_counts=True)
        faults.extend(
            Fault(int(token), reason, int(count))
            for token, count in zip(tokens, counts, strict=True)
        )


def _identical(rows: Ticks, others: Ticks) -> Flags:
    """Say which rows equal their counterpart bit for bit, so that a missing quote equals one."""
    words = TICK.itemsize // _WORD
    same: Flags = np.logical_and.reduce(
        rows.view(np.int64).reshape(-1, words) == others.view(np.int64).reshape(-1, words), axis=1
    )
    return same


def _within(price: Floats, base: Floats, allowed: Floats | float) -> Flags:
    """Say whether a price is at most `allowed` away; false against an unknown base."""
    near: Flags = np.abs(price - base) <= allowed * base
    return near


def _mend_quote(rows: Ticks, faults: list[Fault]) -> None:
    bid, ask = rows["bid"], rows["ask"]
    bad = (bid > ask) | (bid <= 0) | (ask <= 0) | np.isinf(bid) | np.isinf(ask)
    _note(rows, bad, FaultReason.CROSSED_QUOTE, faults)
    for name, nothing in (
        ("bid", np.nan),
        ("ask", np.nan),
        ("bid_quantity", 0),
        ("ask_quantity", 0),
    ):
        rows[name][bad] = nothing


def _in_order(faults: list[Fault]) -> tuple[Fault, ...]:
    merged: dict[tuple[int, FaultReason], int] = {}
    for fault in faults:
        key = (fault.token, fault.reason)
        merged[key] = merged.get(key, 0) + fault.count
    return tuple(Fault(*key, merged[key]) for key in sorted(merged))
