"""What goes wrong on a day: a list of single incidents drawn from a seed, each to be left out.

What an incident does is written where it strikes: at the broker, in its line, around the desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Kind(StrEnum):
    """What can go wrong.

    Calls: a request that never gets there, an answer that never comes, an error before or after
    it was done, an answer that is late, a refusal. Orders: rejected later, made twice, slow to
    reach the exchange, cancelled late (fills overtake it), cancelled by the exchange, taken and
    never there, or there and not listed. Messages:
    lost, repeated, late and so out of order. The market: a leap, an instrument that doesn't
    trade. Around the desk: a silent feed, a socket that is down, a broker nobody can reach, a
    dead token, a book that is read out of a cache, a database, recorder or Redis that is away, a
    death of the process or of the machine between two effects, another engine, an operator.
    """

    LOSE_REQUEST = "lose-request"
    LOSE_ANSWER = "lose-answer"
    ERROR_BEFORE = "error-before"
    ERROR_AFTER = "error-after"
    SLOW_ANSWER = "slow-answer"
    REFUSE = "refuse"
    REJECT = "reject"
    TWIN = "twin"
    STUCK = "stuck"
    LATE_CANCEL = "late-cancel"
    EXCHANGE_CANCEL = "exchange-cancel"
    UNLISTED = "unlisted"
    MESSAGE_LOST = "message-lost"
    MESSAGE_TWICE = "message-twice"
    MESSAGE_LATE = "message-late"
    LEAP = "leap"
    HALT = "halt"
    SILENCE = "silence"
    SOCKET = "socket"
    OUTAGE = "outage"
    TOKEN = "token"
    STALE_BOOK = "stale-book"
    DATABASE = "database"
    RECORDER = "recorder"
    REDIS = "redis"
    CRASH = "crash"
    POWER_CUT = "power-cut"
    RIVAL = "rival"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class _Nature:
    """How an incident is drawn: how often it strikes (at calls), and for how many seconds."""

    times: int = 1
    shortest: float = 0.0
    longest: float = 0.0


_NATURES: dict[Kind, _Nature] = {
    Kind.LOSE_REQUEST: _Nature(3),
    Kind.LOSE_ANSWER: _Nature(3),
    Kind.ERROR_BEFORE: _Nature(4),
    Kind.ERROR_AFTER: _Nature(4),
    Kind.SLOW_ANSWER: _Nature(6, 0.3, 1.9),
    Kind.REFUSE: _Nature(3),
    Kind.REJECT: _Nature(3),
    Kind.TWIN: _Nature(1),
    Kind.STUCK: _Nature(2, 0.5, 8),
    Kind.LATE_CANCEL: _Nature(3, 0.5, 5),
    Kind.EXCHANGE_CANCEL: _Nature(1),
    Kind.UNLISTED: _Nature(2, 0.5, 20),
    Kind.MESSAGE_LOST: _Nature(12),
    Kind.MESSAGE_TWICE: _Nature(12, 0, 8),
    Kind.MESSAGE_LATE: _Nature(12, 0.2, 8),
    Kind.LEAP: _Nature(1),
    Kind.HALT: _Nature(1, 5, 40),
    Kind.SILENCE: _Nature(1, 3, 60),
    Kind.SOCKET: _Nature(1, 1, 20),
    Kind.OUTAGE: _Nature(1, 3, 40),
    Kind.TOKEN: _Nature(1, 5, 60),
    Kind.STALE_BOOK: _Nature(20, 0.5, 2.5),
    Kind.DATABASE: _Nature(1, 2, 60),
    Kind.RECORDER: _Nature(1, 2, 60),
    Kind.REDIS: _Nature(1, 2, 60),
    Kind.CRASH: _Nature(1),
    Kind.POWER_CUT: _Nature(1),
    Kind.RIVAL: _Nature(1, 0.5, 20),
    Kind.COMMAND: _Nature(1),
}
_MOST = 12
_BESIDE = (Kind.UNLISTED,)
"""Kinds that are drawn behind the others, so that days draw those as they did without them."""
_BESIDE_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Trouble:
    """One incident: from `at` seconds after the open, the next `times` occasions or `seconds`.

    `pick` settles whatever else is to be chosen (which order, which effect, which command).
    """

    kind: Kind
    at: float
    seconds: float
    times: int
    pick: int

    def __str__(self) -> str:
        often = f" x{self.times}" if self.times > 1 else ""
        long = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.kind}{often} from {self.at:.1f} s{long} (pick {self.pick})"


@dataclass(frozen=True, slots=True)
class Span:
    """Between which seconds after the open troubles begin; none lasts beyond `over`."""

    first: float
    last: float
    over: float


def draw(chance: Random, kinds: Sequence[Kind], span: Span) -> tuple[Trouble, ...]:
    """Return the troubles of a day in order of time; none of no kinds.

    They are one to twelve, and with one in five of each kind drawn beside them.
    """
    if not kinds:
        return ()
    count = chance.choice((1, 1, 2, 3, 4, 6, 8, _MOST))
    first = [kind for kind in kinds if kind not in _BESIDE] or kinds
    drawn = [_one(chance, chance.choice(first), span) for _ in range(count)]
    beside = [kind for kind in kinds if kind not in first]
    drawn += [_one(chance, kind, span) for kind in beside if chance.random() < _BESIDE_SHARE]
    return tuple(sorted(drawn, key=lambda trouble: (trouble.at, trouble.kind, trouble.pick)))


def _one(chance: Random, kind: Kind, span: Span) -> Trouble:
    nature = _NATURES[kind]
    at = round(chance.uniform(span.first, span.last), 3)
    seconds = round(chance.uniform(nature.shortest, nature.longest), 3)
    times = chance.randint(1, nature.times)
    return Trouble(kind, at, min(seconds, span.over - at), times, chance.randrange(1_000_000))


class Occasions:
    """Tells at each occasion whether a trouble strikes there; each strikes its own times."""

    def __init__(self, troubles: Sequence[Trouble]) -> None:
        self._waiting = {kind: [t for t in troubles if t.kind is kind] for kind in Kind}
        self._struck: dict[int, int] = {}

    def strike(self, kind: Kind, gone: float) -> Trouble | None:
        """Return the trouble of a kind that strikes now, `gone` seconds after the open."""
        waiting = self._waiting[kind]
        if not waiting or waiting[0].at > gone:
            return None
        trouble = waiting[0]
        self._struck[id(trouble)] = self._struck.get(id(trouble), 0) + 1
        if self._struck[id(trouble)] >= trouble.times:
            del waiting[0]
        return trouble
