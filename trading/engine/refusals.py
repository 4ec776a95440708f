"""How long the next exit waits once exits were refused; whether it waits is `protection.py`'s."""

from __future__ import annotations

from collections.abc import Iterable

from execution.orders import OrderState

_FIRST_PAUSE_SECONDS = 0.5
_SOON_AGAIN = 8
_DOUBLED_AT_MOST = 8


def pause_seconds(exits: Iterable[OrderState], longest: float) -> float:
    """Return the seconds to wait after the newest of `exits`, newest first, at most `longest`.

    Half a second, after eight refusals in a row twice as long each time: what a broker takes back
    soon costs little cover, what it doesn't few calls.
    """
    refused = 0
    for state in exits:
        if state is not OrderState.REJECTED:
            break
        refused += 1
    doubled = min(max(refused - _SOON_AGAIN, 0), _DOUBLED_AT_MOST)
    return min(_FIRST_PAUSE_SECONDS * (1 << doubled), longest)
