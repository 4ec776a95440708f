"""The screen every tick passes before anyone sees it: what is refused, what is mended, and counted.

Bars on disk are judged in `bar_checks.py`; decoding frames lives in the adapters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from marketdata.bars import Flags, Floats, Ints
from marketdata.tick_columns import TickColumns
from marketdata.ticks import Ticks


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
    the scale. `may_leap`: True for options, whose price may move by any factor. `ignored`: known
    tokens that nobody watches, shape `(M,)`; their ticks are left out without a fault.
    """

    tokens: Ints
    reference: Floats
    may_leap: Flags
    ignored: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

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
        self._seen = TickColumns.nothing(count)
        self._good = np.full(count, np.nan)
        self._refused = np.full(count, np.nan)
        self._agreed = np.zeros(count, dtype=np.int64)
        self._volume = np.zeros(count, dtype=np.int64)
        self._ignored = np.asarray(known.ignored, dtype=np.int64)
        self._found = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))

    def screen(self, ticks: Ticks, at_us: int) -> tuple[Ticks, tuple[Fault, ...]]:
        """Return the ticks that may be believed, mended where needed, and what was wrong.

        `ticks`: a token at most once, else `ValueError`; the array is not changed. `at_us`: the
        moment of arrival, microseconds since the epoch; it stands in for an exchange time that is
        missing (0 or less) or too far ahead. Ticks in, less those ignored and the faults
        of `DROPPING` reasons, equals ticks out.
        """
        faults: list[Fault] = []
        rows, place = self._known(TickColumns.of(ticks), faults)
        priced = (rows["last"] > 0) & np.isfinite(rows["last"])
        rows, place = _keep(rows, place, priced, FaultReason.ZERO_PRICE, faults)
        self._stamp(rows, at_us, faults)
        rows, place = self._new(rows, place, faults)
        rows, place = _keep(
            rows, place, self._plausible(rows["last"], place), FaultReason.PRICE_SCALE, faults
        )
        self._mend_volume(rows, place, faults)
        _mend_quote(rows, faults)
        self._mend_range(rows, place, faults)
        return rows.ticks(), _in_order(faults)

    def _known(self, rows: TickColumns, faults: list[Fault]) -> tuple[TickColumns, Ints]:
        """Return the rows of tokens that are watched, and where each stands; often as before."""
        tokens = rows["token"]
        if np.array_equal(tokens, self._found[0]):
            return rows, self._found[1]
        if not len(self._tokens):
            known, place = np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.int64)
        else:
            place = np.minimum(np.searchsorted(self._tokens, tokens), len(self._tokens) - 1)
            known = self._tokens[place] == tokens
        if len(self._ignored) and not known.all():
            told = known | ~np.isin(tokens, self._ignored)
            rows, place, known = rows.only(told), place[told], known[told]
        rows, place = _keep(rows, place, known, FaultReason.UNKNOWN_TOKEN, faults)
        if len(place) and np.bincount(place).max() > 1:
            raise ValueError("ticks: a token appears twice in one array")
        self._found = rows["token"].copy(), place
        return rows, place

    def _stamp(self, rows: TickColumns, at_us: int, faults: list[Fault]) -> None:
        exchange_at = rows["exchange_at"]
        ahead = exchange_at > at_us + self._settings.most_ahead_us
        _note(rows, ahead, FaultReason.AHEAD, faults)
        exchange_at[ahead | (exchange_at <= 0)] = at_us

    def _new(self, rows: TickColumns, place: Ints, faults: list[Fault]) -> tuple[TickColumns, Ints]:
        """Keep what is neither said twice, bit for bit, nor older than what was said before."""
        seen = self._seen.words.take(place, axis=1)
        fresh = ~np.logical_and.reduce(rows.words == seen, axis=0)
        in_time = rows["exchange_at"] >= TickColumns(seen)["exchange_at"]
        newest, rows_of = place, rows
        if not (fresh & in_time).all():
            newest, rows_of = place[fresh & in_time], rows.only(fresh & in_time)
        self._seen.words[:, newest] = rows_of.words
        rows, place = _keep(rows, place, fresh, FaultReason.REPEAT, faults)
        return _keep(rows, place, in_time[fresh], FaultReason.LATE, faults)

    def _plausible(self, last: Floats, place: Ints) -> Flags:
        settings = self._settings
        good, reference = self._good[place], self._reference[place]
        is_first = np.isnan(good)
        base = np.where(is_first, reference, good)
        allowed = np.where(is_first, settings.most_gap, settings.most_jump)
        passes: Flags = np.isnan(base) | _within(last, base, allowed) | self._may_leap[place]
        refused: Floats | float = np.nan
        agreed: Ints | int = 0
        if not passes.all():
            agrees = _within(last, self._refused[place], settings.most_jump)
            count = np.where(agrees, self._agreed[place] + 1, 1)
            near = _within(last, reference, settings.most_jump)
            passes |= (count >= settings.agreeing) & near
            refused, agreed = np.where(passes, np.nan, last), np.where(passes, 0, count)
        self._refused[place], self._agreed[place] = refused, agreed
        self._good[place[passes]] = last[passes]
        return passes

    def _mend_volume(self, rows: TickColumns, place: Ints, faults: list[Fault]) -> None:
        volume = rows["volume"]
        highest = np.maximum(volume, self._volume[place])
        _note(rows, volume < highest, FaultReason.VOLUME_STEP_BACK, faults)
        volume[:] = highest
        self._volume[place] = highest

    def _mend_range(self, rows: TickColumns, place: Ints, faults: list[Fault]) -> None:
        last, high, low, opened = rows["last"], rows["high"], rows["low"], rows["open"]
        inside = (low > 0) & (low <= last) & (last <= high) & np.isfinite(high)
        inside &= (low <= opened) & (opened <= high)
        jump = self._settings.most_jump
        near = _within(high, last, jump) & _within(low, last, jump)
        bad = ~(inside & (near | self._may_leap[place]))
        _note(rows, bad, FaultReason.RANGE, faults)
        for side in (opened, high, low):
            side[bad] = last[bad]


def _keep(
    rows: TickColumns, place: Ints, good: Flags, reason: FaultReason, faults: list[Fault]
) -> tuple[TickColumns, Ints]:
    if good.all():
        return rows, place
    _note(rows, ~good, reason, faults)
    return rows.only(good), place[good]


def _note(rows: TickColumns, bad: Flags, reason: FaultReason, faults: list[Fault]) -> None:
    if bad.any():
        tokens, counts = np.unique(rows["token"][bad], return_counts=True)
        faults.extend(
            Fault(int(token), reason, int(count))
            for token, count in zip(tokens, counts, strict=True)
        )


def _within(price: Floats, base: Floats, allowed: Floats | float) -> Flags:
    """Say whether a price is at most `allowed` away; false against an unknown base."""
    near: Flags = np.abs(price - base) <= allowed * base
    return near


def _mend_quote(rows: TickColumns, faults: list[Fault]) -> None:
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
