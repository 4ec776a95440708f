"""How fast frames are decoded, next to the parser of Kite's own Python client in the same run.

Figures are of the machine they are measured on; compare what stands in one line. Nothing is
asserted here but that both read the same prices. Run: `python -m marketdata.kite.bench_decode`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from kiteconnect import KiteTicker
from numpy.typing import NDArray

from marketdata.kite.board import Board
from marketdata.kite.layout import FULL_PACKET, INDEX_FULL_PACKET

SIZES = (1, 10, 100, 500, 1000, 3000)
_ROUNDS = 7
_OFFICIAL_PACKETS, _OUR_PACKETS = 3_000, 300_000
_MOST_CALLS = 5_000


@dataclass(frozen=True, slots=True)
class DecodeFigure:
    """Packets a second of CPU for frames of one size, medians of interleaved rounds.

    `board`: taken into the row board; `ticks`: taken, and all rows told as ticks; `official`: the
    client's parser. `times` compares the board, `times_ticks` the ticks, with the client.
    """

    kind: str
    packets: int
    board: float
    ticks: float
    official: float

    @property
    def times(self) -> float:
        """Return how many times as many packets the board takes."""
        return self.board / self.official

    @property
    def times_ticks(self) -> float:
        """Return how many times as many packets become ticks."""
        return self.ticks / self.official


def decode_figures(sizes: Sequence[int] = SIZES) -> tuple[DecodeFigure, ...]:
    """Measure frames of full packets of each size, and two more of the largest size.

    Packets stand in the order of the board's rows, but for the last two figures: in no order, and
    in no order with a tenth of them indices.
    """
    most = max(sizes)
    return (
        *(_figure("full", size, *_in_order(*made_frame(size, 0))) for size in sizes),
        _figure("full, in no order", most, *made_frame(most, 0)),
        _figure("full and indices, in no order", most, *made_frame(most, most // 10)),
    )


def print_decode(write: Callable[[str], object], sizes: Sequence[int] = SIZES) -> None:
    """Measure, and write one line for each size."""
    write(f"{'frame':<44}{'board':>14}{'ticks':>14}{'official':>12}{'times':>9}{'(ticks)':>9}")
    for figure in decode_figures(sizes):
        rates = f"{figure.board:>12,.0f}/s{figure.ticks:>12,.0f}/s{figure.official:>10,.0f}/s"
        write(
            f"{figure.packets:>5} packets, {figure.kind:<30}{rates}"
            f"{figure.times:>8.1f}x{figure.times_ticks:>8.1f}x"
        )


def made_frame(size: int, indices: int) -> tuple[bytes, NDArray[np.int64]]:
    """Return a frame of random packets of full mode, in no order, and its tokens in theirs.

    The first `indices` of them are of indices.
    """
    random = np.random.default_rng(size)
    tokens = np.arange(1, size + 1) * 256 + 2
    tokens[:indices] += 7
    body = b""
    for dtype, mine in ((INDEX_FULL_PACKET, tokens[:indices]), (FULL_PACKET, tokens[indices:])):
        words = random.integers(1, 2**24, (len(mine), dtype.itemsize // 4)).astype(">u4")
        packets = np.zeros(len(mine), [("length", ">u2"), ("packet", dtype)])
        packets["length"] = dtype.itemsize
        packets["packet"] = words.view(dtype)[:, 0]
        packets["packet"]["token"] = random.permutation(mine)
        body += packets.tobytes()
    return size.to_bytes(2, "big") + body, tokens


def _in_order(frame: bytes, tokens: NDArray[np.int64]) -> tuple[bytes, NDArray[np.int64]]:
    """Return the frame with its tokens in the order of its packets."""
    rows = Board(tokens).take(frame).rows
    return frame, tokens[rows]


def _figure(kind: str, size: int, frame: bytes, tokens: NDArray[np.int64]) -> DecodeFigure:
    board, official = Board(tokens), KiteTicker("", "")
    rows = np.arange(size)
    _check(board, official, frame)

    def take_and_tell() -> None:
        board.take(frame)
        board.ticks(rows)

    contestants = (
        (lambda: board.take(frame), _OUR_PACKETS),
        (take_and_tell, _OUR_PACKETS),
        (lambda: official._parse_binary(frame), _OFFICIAL_PACKETS),
    )
    calls = [max(1, min(_MOST_CALLS, packets // size)) for _, packets in contestants]
    spent: list[list[float]] = [[] for _ in contestants]
    for _ in range(_ROUNDS):
        for (call, _), count, seconds in zip(contestants, calls, spent, strict=True):
            seconds.append(_seconds(call, count))
    return DecodeFigure(kind, size, *(size / median(seconds) for seconds in spent))


def _seconds(call: Callable[[], object], count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - began) / count


def _check(board: Board, official: KiteTicker, frame: bytes) -> None:
    """Raise `ValueError` unless both read the same prices from the frame."""
    ticks = board.ticks(board.take(frame).rows)
    told = official._parse_binary(frame)
    if [tick["last_price"] for tick in told] != ticks["last"].tolist():
        raise ValueError("frame: the client reads other prices from it than the board")


if __name__ == "__main__":
    print_decode(lambda line: sys.stdout.write(line + "\n"))
