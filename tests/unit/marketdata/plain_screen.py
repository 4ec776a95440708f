"""The tick screen once more, one tick at a time in plain Python: slow, and easy to follow."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from marketdata.quality import Fault, FaultReason, ScreenedTokens, ScreenSettings
from marketdata.ticks import TICK, Ticks

R = FaultReason
_NOTHING = np.zeros(1, TICK).tobytes()


@dataclass(slots=True)
class Known:
    """What is remembered of one token."""

    reference: float
    may_leap: bool
    seen: bytes = _NOTHING
    seen_at: int = 0
    good: float = math.nan
    refused: float = math.nan
    agreed: int = 0
    early: float = math.nan
    volume: int = 0


def within(price: float, base: float, allowed: float) -> bool:
    return abs(price - base) <= allowed * base


@dataclass(slots=True)
class PlainScreen:
    watched: ScreenedTokens
    settings: ScreenSettings
    known: dict[int, Known] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for token, reference, may_leap in zip(
            self.watched.tokens, self.watched.reference, self.watched.may_leap, strict=True
        ):
            self.known[int(token)] = Known(float(reference), bool(may_leap))

    def screen(self, ticks: Ticks, at_us: int) -> tuple[Ticks, tuple[Fault, ...]]:
        tokens = [int(token) for token in ticks["token"] if int(token) in self.known]
        if len(set(tokens)) != len(tokens):
            raise ValueError("ticks: a token appears twice in one array")
        found: Counter[tuple[int, FaultReason]] = Counter()
        kept = [row for tick in ticks if (row := self._one(tick, at_us, found)) is not None]
        faults = tuple(Fault(*key, found[key]) for key in sorted(found))
        return np.array(kept, TICK) if kept else np.zeros(0, TICK), faults

    def _one(self, tick: Any, at_us: int, found: Counter[tuple[int, FaultReason]]) -> Any:
        row = np.array([tick], TICK)[0]
        token, last = int(row["token"]), float(row["last"])
        if token not in self.known:
            return self._drop(found, token, R.UNKNOWN_TOKEN)
        if not (last > 0 and math.isfinite(last)):
            return self._drop(found, token, R.ZERO_PRICE)
        known = self.known[token]
        if row["exchange_at"] > at_us + self.settings.most_ahead_us:
            found[token, R.AHEAD] += 1
            row["exchange_at"] = at_us
        if row["exchange_at"] <= 0:
            row["exchange_at"] = at_us
        if row.tobytes() == known.seen:
            return self._drop(found, token, R.REPEAT)
        if row["exchange_at"] < known.seen_at:
            return self._drop(found, token, R.LATE)
        known.seen, known.seen_at = row.tobytes(), int(row["exchange_at"])
        is_open = not self._is_early(known, row)
        if not self._is_plausible(known, last, is_open):
            return self._drop(found, token, R.PRICE_SCALE)
        known.early = math.nan if is_open else last
        if not is_open:
            row["volume"] = 0
            row["exchange_at"] = min(row["exchange_at"], self.watched.opens_at_us - 1)
        return self._mended(known, row, found)

    def _drop(
        self, found: Counter[tuple[int, FaultReason]], token: int, reason: FaultReason
    ) -> None:
        found[token, reason] += 1

    def _is_early(self, known: Known, row: Any) -> bool:
        if row["exchange_at"] < self.watched.opens_at_us:
            return True
        has_book = not (math.isnan(row["bid"]) and math.isnan(row["ask"]))
        is_still = row["volume"] <= 0 and row["last"] == known.early
        return bool(has_book and is_still and not known.may_leap)

    def _is_plausible(self, known: Known, last: float, is_open: bool) -> bool:
        settings, is_first = self.settings, math.isnan(known.good)
        base = known.reference if is_first else known.good
        allowed = settings.most_gap if is_first else settings.most_jump
        passes = math.isnan(base) or within(last, base, allowed) or known.may_leap
        count = known.agreed + 1 if within(last, known.refused, settings.most_jump) else 1
        is_near = within(last, known.reference, settings.most_jump)
        if passes or (count >= settings.agreeing and is_near):
            known.good = last if is_open else known.good
            known.refused, known.agreed = math.nan, 0
            return True
        known.refused, known.agreed = last, count
        return False

    def _mended(self, known: Known, row: Any, found: Counter[tuple[int, FaultReason]]) -> Any:
        token, last = int(row["token"]), float(row["last"])
        if row["volume"] < known.volume:
            found[token, R.VOLUME_STEP_BACK] += 1
            row["volume"] = known.volume
        known.volume = int(row["volume"])
        bid, ask = float(row["bid"]), float(row["ask"])
        if bid > ask or bid <= 0 or ask <= 0 or math.isinf(bid) or math.isinf(ask):
            found[token, R.CROSSED_QUOTE] += 1
            row["bid"] = row["ask"] = math.nan
            row["bid_quantity"] = row["ask_quantity"] = 0
        high, low, opened = float(row["high"]), float(row["low"]), float(row["open"])
        inside = 0 < low <= last <= high < math.inf and low <= opened <= high
        jump = self.settings.most_jump
        if not inside or not (
            (within(high, last, jump) and within(low, last, jump)) or known.may_leap
        ):
            found[token, R.RANGE] += 1
            row["open"] = row["high"] = row["low"] = last
        return row
