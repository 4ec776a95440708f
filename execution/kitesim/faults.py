"""The fault script: what goes wrong, when, to whom and how often; the same again from a seed.

What a fault does is written where it strikes; how a script file is read in `fault_script.py`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from fnmatch import fnmatchcase

from marketdata.calendar import IST


class FaultKind(StrEnum):
    """What can go wrong; behind each, the subject it is asked with.

    Answers, subject `METHOD /path`, for order calls followed by `EXCHANGE:SYMBOL`
    (`POST /orders/regular NFO:NIFTY26NOVFUT`): the request is done and never answered, done and
    answered with `code`, not done and answered with `code`, answered `seconds` late, answered with
    a page of HTML, cut short in the middle, or with 429.

    Orders, subject `EXCHANGE:SYMBOL SIDE TYPE`: one request makes two orders; an order that stays
    in OPEN PENDING for `seconds`, for good if 0; an accepted cancellation that the order outlives
    (`seconds` until it is shown as CANCELLED; it fills with the market at the next frame); a first
    partial fill whose rest is rejected.

    Session, no subject: every token is dead; the clock of all answers is `seconds` off.

    Market data: quotes that stand still, subject `EXCHANGE:SYMBOL`; an instruments file with its
    end missing, empty or garbled, subject the exchange asked for, or `ALL`.

    Socket, subject the connection's number from 1: the connection is closed, says nothing at all
    any more (no frames, heartbeats or pongs) for as long as the fault is active, and single
    frames are lost, `seconds` late, cut or changed.

    Order messages, subject `STATUS EXCHANGE:SYMBOL`: sent twice, after the next one, never.
    """

    ACCEPT_THEN_TIMEOUT = "accept-then-timeout"
    ACCEPT_THEN_ERROR = "accept-then-error"
    ERROR_BEFORE = "error-before-accepting"
    SLOW_ANSWER = "slow-answer"
    HTML_ANSWER = "html-answer"
    CUT_ANSWER = "cut-answer"
    TOO_MANY = "too-many-requests"
    ACCEPT_TWICE = "accept-twice"
    STUCK_OPEN_PENDING = "stuck-open-pending"
    FILL_AFTER_CANCEL = "fill-after-cancel"
    PARTIAL_THEN_REJECT = "partial-then-reject"
    TOKEN_DEATH = "token-death"
    CLOCK_SKEW = "clock-skew"
    STALE_QUOTES = "stale-quotes"
    CSV_SHORT = "csv-short"
    CSV_EMPTY = "csv-empty"
    CSV_GARBLED = "csv-garbled"
    SOCKET_CLOSE = "socket-close"
    SOCKET_MUTE = "socket-mute"
    FRAME_DROP = "frame-drop"
    FRAME_DELAY = "frame-delay"
    FRAME_TRUNCATE = "frame-truncate"
    FRAME_CORRUPT = "frame-corrupt"
    MESSAGE_DUPLICATE = "message-duplicate"
    MESSAGE_REORDER = "message-reorder"
    MESSAGE_LOSE = "message-lose"


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One line of a script.

    In force from `since` up to, not at, `until`, IST by the simulated clock. `subject`: a pattern
    with `*` and `?`. Of what matches, the first `skip` are spared, then `share` of them strike, in
    all at most `times` (None: no limit). `seconds` (simulated for orders and clock, real for
    answers and frames) and `code` (of HTTP) go to the kinds that use them.
    """

    kind: FaultKind
    since: time = time.min
    until: time = time.max
    subject: str = "*"
    share: float = 1.0
    skip: int = 0
    times: int | None = None
    seconds: float = 0.0
    code: int = 503

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise ValueError(f"until: {self.until}, expected after since {self.since}")
        if not 0 < self.share <= 1:
            raise ValueError(f"share: {self.share}, expected above 0, at most 1")
        if self.skip < 0:
            raise ValueError(f"skip: {self.skip}, expected 0 or more")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times: {self.times}, expected 1 or more")
        if not -86_400 <= self.seconds <= 86_400:
            raise ValueError(f"seconds: {self.seconds}, expected at most a day")
        if not 400 <= self.code <= 599:
            raise ValueError(f"code: {self.code}, expected 400 to 599")

    def covers(self, at: datetime, subject: str) -> bool:
        """Say whether it is in force at a moment for a subject."""
        clock = at.astimezone(IST).time()
        return self.since <= clock < self.until and fnmatchcase(subject, self.subject)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that strikes now.

    `number`: which strike of its rule, from 1. `chance`: 0 up to, not at, 2**63, the same for the
    same seed, for whatever else is left to chance (which byte is changed).
    """

    kind: FaultKind
    number: int
    chance: int
    seconds: float
    code: int


class Faults:
    """The rules in force, and how often each was asked and has struck.

    A subject's draws depend on the seed, the rule and how often that subject was asked, never on
    what happened to other subjects in between.
    """

    def __init__(self, rules: Sequence[FaultRule] = (), *, seed: int = 0) -> None:
        self._seed = seed
        self._rules: tuple[FaultRule, ...] = ()
        self._asked: Counter[tuple[int, str]] = Counter()
        self._met: Counter[int] = Counter()
        self._struck: Counter[int] = Counter()
        self.replace(rules)

    @property
    def rules(self) -> tuple[FaultRule, ...]:
        """Return the rules in the order they are asked."""
        return self._rules

    def replace(self, rules: Sequence[FaultRule]) -> None:
        """Put a new script in place of the old one; all counts begin again."""
        self._rules = tuple(rules)
        for counts in (self._asked, self._met, self._struck):
            counts.clear()

    def active(self, kind: FaultKind, at: datetime, subject: str = "") -> Fault | None:
        """Return the fault of this kind that strikes `subject` now, counted as a strike, or None.

        Of several rules the first that strikes wins. A state (mute, stale, skewed) is asked again
        for each thing it touches, so its rule should have no `times` and a share of 1.
        """
        for number, rule in enumerate(self._rules):
            if rule.kind is kind and rule.covers(at, subject):
                fault = self._strike(number, rule, subject)
                if fault is not None:
                    return fault
        return None

    def struck(self) -> tuple[tuple[FaultRule, int], ...]:
        """Return each rule with how often it has struck."""
        return tuple((rule, self._struck[number]) for number, rule in enumerate(self._rules))

    def _strike(self, number: int, rule: FaultRule, subject: str) -> Fault | None:
        if rule.times is not None and self._struck[number] >= rule.times:
            return None
        self._met[number] += 1
        if self._met[number] <= rule.skip:
            return None
        self._asked[number, subject] += 1
        chance = self._chance(number, subject, self._asked[number, subject])
        if (chance >> 10) / 2**53 >= rule.share:
            return None
        self._struck[number] += 1
        return Fault(rule.kind, self._struck[number], chance, rule.seconds, rule.code)

    def _chance(self, number: int, subject: str, asked: int) -> int:
        text = f"{self._seed}/{number}/{asked}/{subject}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1
