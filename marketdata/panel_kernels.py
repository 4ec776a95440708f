"""The compiled loops that fold ticks into a panel and into its forming bars.

What the columns mean is told in `panel.py`, which owns the arrays given to these loops and imports
this module late, as the compiler behind it is slow to load.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from marketdata.screen_kernels import FIELDS, Flags, Floats, Ints, Words, compiled, position

_TOKEN, _AT, _LAST, _OPEN, _HIGH, _LOW, _BID, _ASK, _BIDS, _ASKS, _VOLUME, _OI = range(FIELDS)
_FIRST_MINUTE_US = 60_000_000


class Newest(NamedTuple):
    """The columns of a panel; `counted`: the highest volume that bars have counted, -1 for none."""

    last: Floats
    bid: Floats
    ask: Floats
    step_open: Floats
    step_high: Floats
    step_low: Floats
    bid_quantity: Ints
    ask_quantity: Ints
    volume: Ints
    oi: Ints
    seen_at_us: Ints
    counted: Ints


class Forming(NamedTuple):
    """The arrays of one `FormingBars`."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    oi: Floats
    traded: Flags


class Bars(NamedTuple):
    """Microseconds of the session's open and of the shortest bar, and how many bars are closed."""

    opens_at_us: int
    length_us: int
    closed: int


@compiled
def find_columns(ticks: Ints, tokens: Ints, order: Ints, ordered: Ints, columns: Ints) -> int:
    """Write the column of each tick; return the number of the first that has none, else -1.

    `order` sorts `tokens` to `ordered`. Ticks often come in the order of the columns, so the next
    one is tried first.
    """
    count, column = len(tokens), -1
    for number in range(len(columns)):
        token = ticks[number * FIELDS + _TOKEN]
        column += 1
        if column >= count or tokens[column] != token:
            place = position(ordered, token)
            if place < 0:
                return number
            column = order[place]
        columns[number] = column
    return -1


@compiled
def write(ticks: Words, columns: Ints, newest: Newest) -> None:
    """Write what each tick tells over its column."""
    last, bid, ask, opened, high, low, bids, asks, volume, oi, seen_at, _ = newest
    whole, prices = ticks
    for number in range(len(columns)):
        at, column = number * FIELDS, columns[number]
        last[column] = prices[at + _LAST]
        bid[column] = prices[at + _BID]
        ask[column] = prices[at + _ASK]
        opened[column] = prices[at + _OPEN]
        high[column] = prices[at + _HIGH]
        low[column] = prices[at + _LOW]
        bids[column] = whole[at + _BIDS]
        asks[column] = whole[at + _ASKS]
        volume[column] = whole[at + _VOLUME]
        oi[column] = whole[at + _OI]
        seen_at[column] = whole[at + _AT]


@compiled
def count(
    ticks: Ints, columns: Ints, counted: Ints, bars: Bars, told: tuple[Ints, Ints]
) -> tuple[int, bool]:
    """Write which bar each tick belongs to and the units traded since its column's tick before.

    Return how many came after their bar had closed, which leave their units to a later one, and
    whether all belong to the same bar.
    """
    slots, rises = told
    late, differences = 0, 0
    for number in range(len(columns)):
        at, column = number * FIELDS, columns[number]
        since_open = ticks[at + _AT] - bars.opens_at_us
        slot = since_open // bars.length_us
        volume, before = ticks[at + _VOLUME], counted[column]
        if before < 0:
            before = np.int64(0) if since_open < _FIRST_MINUTE_US else volume
        rises[number] = max(volume - before, 0)
        slots[number] = slot
        differences |= slot ^ slots[0]
        if 0 <= slot < bars.closed:
            late += 1
        else:
            counted[column] = max(counted[column], volume)
    return late, differences == 0


@compiled
def fold(ticks: Words, columns: Ints, slot: int, told: tuple[Ints, Ints], forming: Forming) -> None:
    """Take the ticks of one bar into it, and the units traded since the ones before them."""
    opened, high, low, close, volume, oi, traded = forming
    whole, prices = ticks
    slots, rises = told
    for number in range(len(columns)):
        if slots[number] != slot:
            continue
        at, column = number * FIELDS, columns[number]
        if not traded[column]:
            opened[column] = prices[at + _OPEN]
            traded[column] = True
        highest, lowest = prices[at + _HIGH], prices[at + _LOW]
        if not (high[column] >= highest or np.isnan(high[column])):
            high[column] = highest
        if not (low[column] <= lowest or np.isnan(low[column])):
            low[column] = lowest
        close[column] = prices[at + _LAST]
        volume[column] += rises[number]
        oi[column] = whole[at + _OI]
