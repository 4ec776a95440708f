"""The compiled loop of the tick screen: one tick after the other, against what was seen before.

What the rules mean is told in `quality.py`, which owns the arrays given to these loops and imports
this module late, as the compiler behind it is slow to load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

Loop = TypeVar("Loop", bound=Callable[..., Any])
compiled = cast(Callable[[Loop], Loop], njit(cache=True, error_model="numpy"))

(
    UNKNOWN_TOKEN,
    ZERO_PRICE,
    AHEAD,
    REPEAT,
    LATE,
    PRICE_SCALE,
    VOLUME_STEP_BACK,
    CROSSED_QUOTE,
    RANGE,
) = (1 << bit for bit in range(9))
"""What is found of a tick, a bit each."""
_DROPPING = UNKNOWN_TOKEN | ZERO_PRICE | REPEAT | LATE | PRICE_SCALE
FIELDS = 12
_TOKEN, _AT, _LAST, _OPEN, _HIGH, _LOW, _BID, _ASK, _BIDS, _ASKS, _VOLUME = range(FIELDS - 1)
_UNKNOWN, _IGNORED = -1, -2
REFERENCE, MAY_LEAP, GOOD, REFUSED, AGREED, HIGHEST, CALLED, EARLY = range(FIELDS, FIELDS + 8)
ROW = FIELDS + 8
"""Words remembered of a token: its newest tick, the close before, whether it is an option, the last
price believed, the last one refused, how many of those followed one another, the highest volume,
the call that last named it, and the price told before it traded that day, NaN once it has.
"""


class Words(NamedTuple):
    """The same memory twice, flat: as whole numbers and as prices."""

    whole: Ints
    prices: Floats


class Places(NamedTuple):
    """Where the rows of tokens stand: `tokens` in their order, `order` sorts them to `ordered`.

    `ignored`: tokens that nobody watches, ascending.
    """

    tokens: Ints
    order: Ints
    ordered: Ints
    ignored: Ints


class Rules(NamedTuple):
    """The numbers of `ScreenSettings`, the session's open, and the moment of arrival."""

    most_jump: float
    most_gap: float
    agreeing: int
    most_ahead_us: int
    opens_at_us: int
    at_us: int


@compiled
def position(ordered: Ints, token: int) -> int:
    """Return the place of a token in ascending numbers, -1 where it isn't among them."""
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) >> 1
        if ordered[middle] < token:
            low = middle + 1
        else:
            high = middle
    return low if low < len(ordered) and ordered[low] == token else -1


@compiled
def locate(ticks: Ints, known: Places, memory: Ints, call: int, places: Ints) -> bool:
    """Write the place of each tick's token; return False where a watched one comes twice.

    Tokens often come in the order in which they are watched, so the next one is tried first.
    """
    tokens, order, ordered, ignored = known
    count, place = len(tokens), -1
    for number in range(len(places)):
        token = ticks[number * FIELDS + _TOKEN]
        found = place + 1
        if found >= count or tokens[found] != token:
            found = position(ordered, token)
            if found < 0:
                places[number] = _IGNORED if position(ignored, token) >= 0 else _UNKNOWN
                continue
            found = order[found]
        if memory[found * ROW + CALLED] == call:
            return False
        memory[found * ROW + CALLED] = call
        places[number] = place = found
    return True


@compiled
def is_within(price: float, base: float, allowed: float) -> bool:
    """Say whether a price is at most `allowed` away; false against an unknown base."""
    return abs(price - base) <= allowed * base


@compiled
def is_early(ticks: Words, at: int, memory: Words, row: int, rules: Rules) -> bool:
    """Say whether a tick is from before the open, or repeats its price while nothing has traded.

    What has a book trades; an index and an option are taken as they come.
    """
    whole, prices = ticks
    if whole[at + _AT] < rules.opens_at_us:
        return True
    if whole[at + _VOLUME] > 0 or memory.whole[row + MAY_LEAP]:
        return False
    has_book = not (np.isnan(prices[at + _BID]) and np.isnan(prices[at + _ASK]))
    return bool(has_book and prices[at + _LAST] == memory.prices[row + EARLY])


@compiled
def is_plausible(last: float, early: bool, memory: Words, row: int, rules: Rules) -> bool:
    """Say whether a price may be believed, and remember it either way.

    An early one is held against the reference, and no later price against it.
    """
    whole, prices = memory
    good, reference = prices[row + GOOD], prices[row + REFERENCE]
    is_first = np.isnan(good)
    base = reference if is_first else good
    allowed = rules.most_gap if is_first else rules.most_jump
    if not (np.isnan(base) or is_within(last, base, allowed) or whole[row + MAY_LEAP]):
        agrees = is_within(last, prices[row + REFUSED], rules.most_jump)
        count = whole[row + AGREED] + 1 if agrees else 1
        if count < rules.agreeing or not is_within(last, reference, rules.most_jump):
            prices[row + REFUSED] = last
            whole[row + AGREED] = count
            return False
    if not early:
        prices[row + GOOD] = last
    prices[row + REFUSED] = np.nan
    whole[row + AGREED] = 0
    return True


@compiled
def is_old(ticks: Ints, at: int, memory: Ints, row: int) -> int:
    """Return what speaks against a tick beside the one before it; remember it if nothing does."""
    differences = 0
    for field in range(FIELDS):
        differences |= memory[row + field] ^ ticks[at + field]
    if differences == 0:
        return REPEAT
    if ticks[at + _AT] < memory[row + _AT]:
        return LATE
    for field in range(FIELDS):
        memory[row + field] = ticks[at + field]
    return 0


@compiled
def mend_range(prices: Floats, at: int, may_leap: bool, most_jump: float) -> int:
    """Make a range that cannot be its last price."""
    last, opened = prices[at + _LAST], prices[at + _OPEN]
    high, low = prices[at + _HIGH], prices[at + _LOW]
    if 0 < low <= last <= high < np.inf and low <= opened <= high:
        if may_leap:
            return 0
        if is_within(high, last, most_jump) and is_within(low, last, most_jump):
            return 0
    prices[at + _OPEN] = last
    prices[at + _HIGH] = last
    prices[at + _LOW] = last
    return RANGE


@compiled
def mend_quote(whole: Ints, prices: Floats, at: int) -> int:
    """Empty both sides of a quote that is none."""
    bid, ask = prices[at + _BID], prices[at + _ASK]
    if not (bid > ask or bid <= 0 or ask <= 0 or np.isinf(bid) or np.isinf(ask)):
        return 0
    prices[at + _BID] = np.nan
    prices[at + _ASK] = np.nan
    whole[at + _BIDS] = 0
    whole[at + _ASKS] = 0
    return CROSSED_QUOTE


@compiled
def judge(ticks: Words, at: int, memory: Words, row: int, rules: Rules) -> int:
    """Return what is found of one tick of a watched token, mended where it is kept.

    `at`: where it begins in `ticks`; `row`: where the token begins in `memory`.
    """
    whole, prices = ticks
    seen, known = memory
    last, found = prices[at + _LAST], 0
    if not 0 < last < np.inf:
        return ZERO_PRICE
    if whole[at + _AT] > rules.at_us + rules.most_ahead_us:
        found = AHEAD
        whole[at + _AT] = rules.at_us
    elif whole[at + _AT] <= 0:
        whole[at + _AT] = rules.at_us
    old = is_old(whole, at, seen, row)
    if old:
        return found | old
    early = is_early(ticks, at, memory, row, rules)
    if not is_plausible(last, early, memory, row, rules):
        return found | PRICE_SCALE
    known[row + EARLY] = last if early else np.nan
    if early:
        whole[at + _AT] = min(whole[at + _AT], rules.opens_at_us - 1)
        whole[at + _VOLUME] = 0
    if whole[at + _VOLUME] < seen[row + HIGHEST]:
        found |= VOLUME_STEP_BACK
        whole[at + _VOLUME] = seen[row + HIGHEST]
    seen[row + HIGHEST] = whole[at + _VOLUME]
    found |= mend_quote(whole, prices, at)
    return found | mend_range(prices, at, seen[row + MAY_LEAP] != 0, rules.most_jump)


@compiled
def screen(ticks: Ints, places: Ints, memory: Words, rules: Rules, out: Words) -> int:
    """Write the ticks that may be believed and return their number; `places` become findings."""
    kept = 0
    for number in range(len(places)):
        place = places[number]
        if place < 0:
            places[number] = UNKNOWN_TOKEN if place == _UNKNOWN else 0
            continue
        at = kept * FIELDS
        for field in range(FIELDS):
            out.whole[at + field] = ticks[number * FIELDS + field]
        found = judge(out, at, memory, place * ROW, rules)
        places[number] = found
        if not found & _DROPPING:
            kept += 1
    return kept
