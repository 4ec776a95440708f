"""Keeps the options that are told live around the money while the spot moves.

Which options those are is said by `marketdata/option_window.py`; subscribing them is the ticker's
work.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import structlog

from marketdata.instruments import Instrument, Kind
from marketdata.option_window import Chain, WindowMove, WindowSettings, move_windows

_log = structlog.get_logger(__name__)


class ChainFollower:
    """Holds the windows of a day; `want` is given all tokens to subscribe whenever they change."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        chains: Sequence[Chain],
        settings: WindowSettings,
        want: Callable[[frozenset[int]], None],
    ) -> None:
        """`instruments`: all that the day may watch, the options of `chains` among them."""
        self._chains = tuple(chains)
        self._settings = settings
        self._want = want
        self._always = frozenset(
            item.token for item in instruments if item.kind not in (Kind.CALL, Kind.PUT)
        )
        self._move: WindowMove | None = None

    @property
    def names(self) -> frozenset[str]:
        """Return the underlyings that have a chain, by the name of their derivatives."""
        return frozenset(chain.key[0] for chain in self._chains)

    @property
    def tokens(self) -> frozenset[int]:
        """Return what is wanted now: everything but options, and the options in the windows."""
        return self._always | (self._move.tokens if self._move else frozenset())

    def follow(self, spots: Mapping[str, float], held: Collection[int]) -> WindowMove:
        """Move the windows to where the spots are, and say what changed.

        `spots`: prices of the underlyings, by the name of their derivatives. `held`: tokens in
        which something is open; they stay. Raises what `want` raises; then nothing has moved.
        """
        move = move_windows(self._chains, self._move, spots, self._settings, held)
        if self._move is None or move.added or move.dropped:
            self._want(self._always | move.tokens)
            _log.info(
                "option window moved",
                added=len(move.added),
                dropped=len(move.dropped),
                told=len(move.tokens),
            )
        self._move = move
        return move
