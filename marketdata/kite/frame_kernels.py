"""The compiled loops over the packets of a frame, and over the rows of a board.

What the results mean is told in `frames.py` and `board.py`, which own the arrays given to these
loops and import this module late, as the compiler behind it is slow to load. A frame is read only
after `walk` has found all of its packets whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Words = NDArray[np.int32]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

Loop = TypeVar("Loop", bound=Callable[..., Any])
compiled = cast(Callable[[Loop], Loop], njit(cache=True, error_model="numpy"))

WHOLE, SHORT, LONG = 0, 1, 2
"""What `walk` finds: all packets whole; the frame ends within one; bytes are left behind them."""

ROW_BYTES = 184
ROW_WORDS = ROW_BYTES // 4
_LAST, _VOLUME, _HIGH, _LOW, _OI, _STAMPED, _BOOK, _SIDE = 1, 4, 8, 9, 12, 15, 16, 15
MARKS = 8
"""Numbers a board remembers of each row beside its bytes, in the order of these places."""
_LENGTH, _STAMP, _PRICED, _FIRST, _HIGHEST, _LOWEST, _DAY_HIGH, _DAY_LOW = range(MARKS)
ROW_BITS = 24
"""Low bits of a slot that hold the row; the token stands above them."""
_ROW = (1 << ROW_BITS) - 1
_LTP, _INDEX_QUOTE, _INDEX_FULL, _QUOTE = 8, 28, 32, 44
_MULTIPLIER = 2_654_435_769
_WORD = 0xFFFF_FFFF
_NOT_NEGATIVE = 0x7FFF_FFFF
"""Laid over a place it tells the compiler what all callers know, so that it copies by vectors."""


class Memory(NamedTuple):
    """The arrays of a board with N rows, as the loops know them.

    `slots`: the hash table of tokens and rows, -1 where free, its length a power of two. `rows`:
    `ROW_BYTES` a row; `words`: the same memory, four bytes each, which are read many times faster
    than single bytes and swapped, as Kite writes the high byte first. `marks`: `MARKS` a row:
    length of the newest packet (0 before the first), number of the frame that last touched it,
    whether prices came since the last `tell`, the first, highest and lowest of them, the day's
    high and low by the newest packet.
    """

    tokens: Ints
    slots: Ints
    divisors: Floats
    rows: Bytes
    words: Words
    marks: Words
    touched: Ints
    unknown: Ints


@compiled
def short(data: Bytes, place: int) -> int:
    first = place & _NOT_NEGATIVE
    return int(np.int64(data[first]) << 8 | np.int64(data[first + 1]))


@compiled
def big(data: Bytes, place: int) -> int:
    first = place & _NOT_NEGATIVE
    high = np.int64(data[first]) << 24 | np.int64(data[first + 1]) << 16
    return int(high | np.int64(data[first + 2]) << 8 | np.int64(data[first + 3]))


@compiled
def signed(words: Words, place: int) -> int:
    """Return a word with its bytes swapped, as a signed number; the machine is little-endian."""
    word = np.uint32(words[place & _NOT_NEGATIVE])
    outer = word >> np.uint32(24) | word << np.uint32(24)
    inner = word >> np.uint32(8) & np.uint32(0xFF00) | (word & np.uint32(0xFF00)) << np.uint32(8)
    return int(np.int32(outer | inner))


@compiled
def unsigned(words: Words, place: int) -> int:
    return signed(words, place) & _WORD


@compiled
def is_even(data: Bytes) -> bool:
    """Say whether a frame is whole because all of its packets are of the first one's length.

    Without a chain from packet to packet this is several times as fast as `walk`.
    """
    size = len(data)
    if size < 4:
        return False
    count, length = short(data, 0), short(data, 2)
    if size != 2 + count * (length + 2):
        return False
    differences = 0
    for number in range(count):
        differences |= short(data, 2 + number * (length + 2)) ^ length
    return differences == 0


@compiled
def walk(data: Bytes, starts: Ints, sizes: Ints) -> tuple[int, int]:
    """Write where each packet begins and how long it is; return what was found and the count.

    With empty `starts` nothing is written.
    """
    size, count = len(data), short(data, 0)
    keep = len(starts) > 0
    place = 2
    for number in range(count):
        if place + 2 > size:
            return SHORT, number
        length = short(data, place)
        place += 2
        if place + length > size:
            return SHORT, number
        if keep:
            starts[number] = place
            sizes[number] = length
        place += length
    return (WHOLE if place == size else LONG), count


@compiled
def find(slots: Ints, token: int) -> int:
    """Return the row of a token, or -1."""
    mask = len(slots) - 1
    slot = (token * _MULTIPLIER & _WORD) >> 7 & mask
    while True:
        entry = slots[slot & _NOT_NEGATIVE]
        if entry >> ROW_BITS == token:
            return int(entry & _ROW)
        if entry < 0:
            return -1
        slot = slot + 1 & mask


@compiled
def enter(tokens: Ints, slots: Ints) -> None:
    """Fill the hash table, which must be all -1 and at least twice as long as the tokens."""
    mask = len(slots) - 1
    for row in range(len(tokens)):
        slot = (tokens[row] * _MULTIPLIER & _WORD) >> 7 & mask
        while slots[slot] >= 0:
            slot = slot + 1 & mask
        slots[slot] = tokens[row] << ROW_BITS | row


@compiled
def copy(data: Bytes, place: int, length: int, rows: Bytes, row: int) -> None:
    """Lay a packet over a row in the layout of full packets; an index tells H-L-O-C.

    `rows` is flat here, `row` the place where the row begins.
    """
    start, to = place & _NOT_NEGATIVE, row & _NOT_NEGATIVE
    if length == ROW_BYTES:
        for k in range(ROW_BYTES):
            rows[to + k] = data[start + k]
    elif length == _QUOTE:
        for k in range(_QUOTE):
            rows[to + k] = data[start + k]
    else:
        for k in range(_LTP):
            rows[to + k] = data[start + k]
        if length != _LTP:
            for k in range(4):
                rows[to + 32 + k] = data[start + 8 + k]
                rows[to + 36 + k] = data[start + 12 + k]
                rows[to + 28 + k] = data[start + 16 + k]
                rows[to + 40 + k] = data[start + 20 + k]
        if length == _INDEX_FULL:
            for k in range(4):
                rows[to + 60 + k] = data[start + 28 + k]


@compiled
def follow(words: Words, place: int, length: int, marks: Words, row: int) -> None:
    """Widen the range of a row since the last `tell` by its newest packet; remember its length.

    `place`: where the row begins in `words`, `row`: where in `marks`.
    """
    at = row & _NOT_NEGATIVE
    last = signed(words, place + _LAST)
    before = marks[at + _LENGTH]
    marks[at + _LENGTH] = length
    if last and marks[at + _PRICED]:
        marks[at + _HIGHEST] = max(marks[at + _HIGHEST], last)
        marks[at + _LOWEST] = min(marks[at + _LOWEST], last)
    elif last:
        marks[at + _PRICED] = 1
        marks[at + _FIRST] = last
        marks[at + _HIGHEST] = last
        marks[at + _LOWEST] = last
    if length == _LTP:
        return
    high, low = signed(words, place + _HIGH), signed(words, place + _LOW)
    if last and before:
        day_high, day_low = marks[at + _DAY_HIGH], marks[at + _DAY_LOW]
        untold = day_high == 0 and day_low == 0
        if high and (untold or high > day_high):
            marks[at + _HIGHEST] = max(marks[at + _HIGHEST], high)
        if low and (untold or low < day_low):
            marks[at + _LOWEST] = min(marks[at + _LOWEST], low)
    marks[at + _DAY_HIGH] = high
    marks[at + _DAY_LOW] = low


@compiled
def take(data: Bytes, memory: Memory, stamp: int) -> tuple[int, int, int, int]:
    """Take every packet of a frame into the board, or none where it isn't whole.

    Return what `walk` found, the rows touched, the tokens unknown and the packets of no known
    kind; for a frame that isn't whole the second number is the packet where it breaks.
    """
    tokens, slots, _, rows, words, marks, touched, unknown = memory
    count = short(data, 0)
    if not is_even(data):
        found, broken = walk(data, touched[:0], touched[:0])
        if found != WHOLE:
            return found, broken, 0, 0
    touches = unknowns = strange = 0
    place, row = 2, -1
    for _ in range(count):
        length = short(data, place)
        start = place + 2
        place = start + length
        if length not in (ROW_BYTES, _INDEX_FULL, _QUOTE, _LTP, _INDEX_QUOTE):
            strange += 1
            continue
        token = big(data, start)
        row += 1
        if row >= len(tokens) or tokens[row & _NOT_NEGATIVE] != token:
            row = find(slots, token)
        if row < 0:
            unknown[unknowns] = token
            unknowns += 1
            continue
        copy(data, start, length, rows, row * ROW_BYTES)
        follow(words, row * ROW_WORDS, length, marks, row * MARKS)
        if marks[row * MARKS + _STAMP] != stamp:
            marks[row * MARKS + _STAMP] = stamp
            touched[touches] = row
            touches += 1
    return WHOLE, touches, unknowns, strange


@compiled
def tell(chosen: Ints, memory: Memory, unstamped_at: int, whole: Ints, prices: Floats) -> bool:
    """Write the ticks of rows, or nothing and return False where one of them does not exist.

    `whole` and `prices` are two views of the same memory: twelve words of eight bytes a tick, in
    the order of `TICK`.
    """
    tokens, _, divisors, _, words, marks, _, _ = memory
    for row in chosen:
        if row < 0 or row >= len(tokens):
            return False
    for number, row in enumerate(chosen):
        place, at, divisor = row * ROW_WORDS, row * MARKS, divisors[row]
        last, length = signed(words, place + _LAST), marks[at + _LENGTH]
        stamp = unsigned(words, place + _STAMPED) if length in (ROW_BYTES, _INDEX_FULL) else 0
        whole[number, 0] = tokens[row]
        whole[number, 1] = stamp * 1_000_000 if stamp else unstamped_at
        prices[number, 2] = last / divisor
        for k in range(3):
            price = marks[at + _FIRST + k] if marks[at + _PRICED] else last
            prices[number, 3 + k] = price / divisor
        marks[at + _PRICED] = 0
        for side in range(2):
            level = place + _BOOK + _SIDE * side
            quote = signed(words, level + 1)
            quoted = length == ROW_BYTES and quote != 0
            prices[number, 6 + side] = quote / divisor if quoted else np.nan
            whole[number, 8 + side] = unsigned(words, level) if quoted else 0
        whole[number, 10] = unsigned(words, place + _VOLUME)
        whole[number, 11] = unsigned(words, place + _OI)
    return True
