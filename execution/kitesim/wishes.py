"""What a client may ask of the socket: subscribe, unsubscribe, set modes; read and carried out.

Sending what it asked for is `socket.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from execution.kitesim.wire import RANKS, Ranks
from marketdata.kite.layout import Mode

_QUOTE = RANKS[Mode.QUOTE]


class WishError(Exception):
    """A message that can't be carried out; the text is for the client."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One message of a client; `mode` for `mode` only."""

    action: str
    tokens: tuple[int, ...]
    mode: Mode | None = None


def read_wish(text: str) -> Wish:
    """Return the message told by JSON text. Raises `WishError`."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WishError("Invalid JSON.") from error
    if not isinstance(told, dict):
        raise WishError("Invalid message. Expected an object with `a` and `v`.")
    match told.get("a"), told.get("v"):
        case "subscribe" | "unsubscribe" as action, list() as tokens:
            return Wish(action, _tokens(tokens))
        case "mode", [mode, list() as tokens] if mode in tuple(Mode):
            return Wish("mode", _tokens(tokens), Mode(mode))
        case "mode", _:
            raise WishError("Invalid mode. Expected ltp, quote or full, and a list of tokens.")
        case action, _:
            raise WishError(f"Invalid action {action!r}.")


def apply_wish(wish: Wish, rows: NDArray[np.int64], ranks: Ranks, most: int) -> NDArray[np.int64]:
    """Change `ranks` in place and return the rows that are told anew, each once.

    `rows`: those of the wish's tokens, -1 for an unknown one, which is passed over as Kite does.
    A new subscription is in quote mode; a mode changes what is subscribed only. Raises `WishError`
    when more than `most` would be subscribed; then nothing has changed.
    """
    known: NDArray[np.int64] = np.unique(rows[rows >= 0])
    if wish.action == "unsubscribe":
        ranks[known] = 0
        return known[:0]
    if wish.action == "subscribe":
        fresh: NDArray[np.int64] = known[ranks[known] == 0]
        if np.count_nonzero(ranks) + len(fresh) > most:
            raise WishError(f"Too many instruments. At most {most} on one connection.")
        ranks[fresh] = _QUOTE
        return fresh
    subscribed: NDArray[np.int64] = known[ranks[known] > 0]
    if wish.mode is not None:
        ranks[subscribed] = RANKS[wish.mode]
    return subscribed


def _tokens(values: list[Any]) -> tuple[int, ...]:
    for value in values:
        if type(value) is not int or not 0 <= value < 2**32:
            raise WishError(f"Invalid token {value!r}. Expected whole numbers.")
    return tuple(values)
