"""What one input leads to, in turn, up to where it must have come to an end.

What is made of each event is the runner's. The answers of a venue that answers at once are events
too: without an end the run would stand still, asking and being refused at one moment for ever.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from trading.engine.events import Event

MOST_EVENTS = 10_000
"""Events that one input may lead to: a whole desk sent out at once takes some hundreds."""


class EndlessError(Exception):
    """What follows from one input comes to no end."""


def in_turn(inbox: deque[Event], first: Event) -> Iterator[Event]:
    """Yield an input, then what is put into `inbox` meanwhile, oldest first, until that is empty.

    Raises `EndlessError` once `MOST_EVENTS` have been yielded and more wait.
    """
    inbox.append(first)
    for _ in range(MOST_EVENTS):
        yield inbox.popleft()
        if not inbox:
            return
    raise EndlessError(
        f"{type(first).__name__} at {first.at.isoformat()}: more than {MOST_EVENTS} events follow "
        f"from it, the next is {inbox[0]}"
    )
