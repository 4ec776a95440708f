"""Which way an opinion, and the position made of it, looks; opinions are in `signals.py`."""

from __future__ import annotations

from enum import IntEnum


class Direction(IntEnum):
    """Which way an opinion expects the price to go; also the sign of the position.

    `NEUTRAL` is an opinion that expects no direction; a position and a structure always have one.
    """

    SHORT = -1
    NEUTRAL = 0
    LONG = 1


LONG, SHORT, NEUTRAL = Direction.LONG, Direction.SHORT, Direction.NEUTRAL
"""The members by themselves: asking the class for one costs more than what is done with it."""
