"""What goes wrong on the day of a seed: one thing alone, or several at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from execution.kitesim.faults import FaultKind, FaultRule
from tests.faults.kite.street import FAULTS_UNTIL, OPENS

_UNTIL = FAULTS_UNTIL.time()
_CODES = (500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Script:
    """A day's faults.

    `rules` are kitesim's. `late_share` of the order messages come up to some seconds late;
    `stale_seconds`: how old a read may be. The rest are moments and lengths in seconds: of the
    socket's gaps, of times without anybody at Kite, of a dead token until a person logs in. `dies`
    are moments at which the desk dies, `dies_at` the numbers of order calls before or after which
    it does.
    """

    names: tuple[str, ...] = ()
    rules: tuple[FaultRule, ...] = ()
    late_share: float = 0.0
    stale_seconds: float = 0.0
    gaps: tuple[tuple[datetime, float], ...] = ()
    outages: tuple[tuple[datetime, float], ...] = ()
    deaths: tuple[tuple[datetime, float], ...] = ()
    dies: tuple[datetime, ...] = ()
    dies_at: tuple[tuple[int, str], ...] = ()


Part = Callable[[Random], Script]


def _rule(kind: FaultKind, subject: str = "*", **fields: object) -> FaultRule:
    return FaultRule(kind, until=_UNTIL, subject=subject, **fields)  # type: ignore[arg-type]


def _calls(kind: FaultKind) -> Part:
    def part(chance: Random) -> Script:
        method = chance.choice(("POST *", "PUT *", "DELETE *", "GET *", "*"))
        fields = {"code": chance.choice(_CODES), "share": chance.uniform(0.03, 0.15)}
        return Script((kind,), (_rule(kind, method, **fields),))

    return part


def _slow(chance: Random) -> Script:
    rule = _rule(FaultKind.SLOW_ANSWER, seconds=chance.uniform(0.5, 6), share=0.3)
    return Script((FaultKind.SLOW_ANSWER,), (rule,))


def _orders(kind: FaultKind, *seconds: float) -> Part:
    def part(chance: Random) -> Script:
        length = chance.choice(seconds) if seconds else 0.0
        rule = _rule(kind, share=chance.uniform(0.1, 0.5), seconds=length)
        return Script((kind,), (rule,))

    return part


def _messages(kind: FaultKind) -> Part:
    def part(chance: Random) -> Script:
        return Script((kind,), (_rule(kind, share=chance.uniform(0.2, 0.8)),))

    return part


def _skew(chance: Random) -> Script:
    seconds = chance.choice((-90.0, -5.0, 2.0, 60.0))
    return Script((FaultKind.CLOCK_SKEW,), (_rule(FaultKind.CLOCK_SKEW, seconds=seconds),))


def _late(chance: Random) -> Script:
    return Script(("message-late",), late_share=chance.uniform(0.2, 0.7))


def _stale(chance: Random) -> Script:
    rule = _rule(FaultKind.STALE_QUOTES, share=0.3)
    return Script(("stale-book",), (rule,), stale_seconds=chance.uniform(0.5, 2.5))


def _moment(chance: Random) -> datetime:
    return OPENS + timedelta(seconds=chance.uniform(90, 1_350))


def _gap(chance: Random) -> Script:
    told = tuple((_moment(chance), chance.uniform(1, 20)) for _ in range(3))
    return Script(("socket-gap",), gaps=told)


def _outage(chance: Random) -> Script:
    return Script(("outage",), outages=((_moment(chance), chance.uniform(5, 40)),))


def _death(chance: Random) -> Script:
    return Script(("token-death",), deaths=((_moment(chance), chance.uniform(5, 60)),))


def _crash(chance: Random) -> Script:
    dies = tuple(sorted(_moment(chance) for _ in range(2)))
    at_calls = tuple((chance.randint(1, 60), chance.choice(("before", "after"))) for _ in range(2))
    return Script(("crash",), dies=dies, dies_at=at_calls)


PARTS: tuple[Part, ...] = (
    _calls(FaultKind.ACCEPT_THEN_TIMEOUT),
    _calls(FaultKind.ACCEPT_THEN_ERROR),
    _calls(FaultKind.ERROR_BEFORE),
    _calls(FaultKind.HTML_ANSWER),
    _calls(FaultKind.CUT_ANSWER),
    _calls(FaultKind.TOO_MANY),
    _slow,
    _orders(FaultKind.STUCK_OPEN_PENDING, 0.0, 2.0, 8.0, 40.0),
    _orders(FaultKind.FILL_AFTER_CANCEL, 0.0, 1.0, 5.0),
    _orders(FaultKind.PARTIAL_THEN_REJECT),
    _messages(FaultKind.MESSAGE_LOSE),
    _messages(FaultKind.MESSAGE_DUPLICATE),
    _messages(FaultKind.MESSAGE_REORDER),
    _late,
    _skew,
    _stale,
    _gap,
    _outage,
    _death,
    _crash,
    _orders(FaultKind.ACCEPT_TWICE),
)


def script_of(seed: int) -> Script:
    """Return the faults of a seed: the first seeds one each, all later ones two to five."""
    chance = Random(seed)
    if seed == 0:
        return Script()
    if seed <= len(PARTS):
        return PARTS[seed - 1](chance)
    parts = [part(chance) for part in chance.sample(PARTS, chance.randint(2, 5))]
    return Script(
        names=tuple(name for part in parts for name in part.names),
        rules=tuple(rule for part in parts for rule in part.rules),
        late_share=max(part.late_share for part in parts),
        stale_seconds=max(part.stale_seconds for part in parts),
        gaps=tuple(gap for part in parts for gap in part.gaps),
        outages=tuple(one for part in parts for one in part.outages),
        deaths=tuple(one for part in parts for one in part.deaths),
        dies=tuple(one for part in parts for one in part.dies),
        dies_at=tuple(one for part in parts for one in part.dies_at),
    )
