"""Calls to Kite, each in its turn and its line, and what their failures prove.

What is called for, and what becomes of an answer, is `broker.py`'s.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from execution.broker import NotNow, OutcomeUnknown, Refused, SessionExpired
from execution.kite.asking import Insistence, first_answer
from execution.kite.errors import Doing, TooManyRequests, failure_of
from execution.kite.lanes import Lanes, Line, NoAnswer, NotSent
from marketdata.clock import Clock
from marketdata.instruments import Instrument
from marketdata.kite.client import CALL_FAILURES, Client
from marketdata.pacing import NEVER, Call, Lane, OverBudget, Pacer

T = TypeVar("T")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the adapter.

    `instrument`: the instrument of a key, None if there is none. `pause`: sleeps about so many
    seconds, with jitter, before a read is tried again. `fence` is asked when an order call's turn
    has come, and raises where this process may not send any more.
    """

    lanes: Lanes
    pacer: Pacer
    clock: Clock
    instrument: Callable[[str], Instrument | None]
    pause: Callable[[float], Awaitable[None]]
    fence: Callable[[], None] = lambda: None


class KiteCalls:
    """The calls of one session's token at a time; `is_expired` once the broker has refused it."""

    def __init__(self, around: Around, insistence: Insistence) -> None:
        self._around, self._insistence = around, insistence
        self.is_expired = False
        self._logins = 0

    def renew(self, access_token: str) -> None:
        """Go on with the token of a new login."""
        self._around.lanes.renew(access_token)
        self.is_expired = False
        self._logins += 1

    async def send(
        self,
        turn: tuple[Call, Lane, str],
        call: Callable[[Client], T],
        late: Callable[[T], object] | None = None,
    ) -> T:
        """Make an order call once, when its turn has come.

        Where none comes any more today it is refused: an order that was changed as often as may be
        has to be replaced.
        """
        self._refuse_expired()
        try:
            await self._around.pacer.take(*turn)
        except OverBudget as error:
            kind = Refused if error.wait == NEVER else NotNow
            raise kind(f"Not sent: {error}.") from error
        self._around.fence()
        line = Line.EXITS if turn[1] is Lane.URGENT else Line.ENTRIES
        doing = Doing.PLACE if turn[0] is Call.PLACE else Doing.CHANGE
        return await self._call(line, call, (turn[0], doing), late)

    async def read(self, call: Callable[[Client], T]) -> T:
        """Read, again where nothing comes of it in time."""
        return await first_answer(lambda: self.ask(call), self._insistence, self._around.pause)

    async def turn_to_read(self, lane: Lane) -> None:
        """Wait until a read may be made."""
        self._refuse_expired()
        await self._around.pacer.take(Call.OTHER, lane)

    async def ask(self, call: Callable[[Client], T], lane: Lane = Lane.URGENT) -> T:
        """Read once, when the turn has come."""
        await self.turn_to_read(lane)
        return await self.read_now(call)

    async def seek(self, call: Callable[[Client], T]) -> T:
        """Ask for one order by itself, when the turn has come; `Refused` where there is none."""
        await self.turn_to_read(Lane.URGENT)
        return await self._call(Line.READS, call, (Call.OTHER, Doing.SEEK))

    async def read_now(self, call: Callable[[Client], T]) -> T:
        """Read once, the turn having come."""
        return await self._call(Line.READS, call, (Call.OTHER, Doing.READ))

    async def _call(
        self,
        line: Line,
        call: Callable[[Client], T],
        what: tuple[Call, Doing],
        late: Callable[[T], object] | None = None,
    ) -> T:
        """Make a call; raise what its failure proves, holding on to nothing of the failure.

        A refusal that was on its way when a new login came says nothing of that one.
        """
        logins = self._logins
        try:
            return await self._around.lanes.run(line, call, late)
        except NotSent as error:
            failure: Exception = NotNow(f"Not sent: {error}.")
        except NoAnswer as error:
            failure = OutcomeUnknown(str(error))
        except CALL_FAILURES as error:
            failure = failure_of(error, what[1])
        if isinstance(failure, TooManyRequests):
            self._around.pacer.hold(what[0])
        if isinstance(failure, SessionExpired) and logins == self._logins:
            self.is_expired = True
        _log.warning(
            "kite call failed", call=what[0], kind=type(failure).__name__, told=str(failure)
        )
        raise failure

    def _refuse_expired(self) -> None:
        if self.is_expired:
            raise SessionExpired("The session has ended; nothing is sent before a new login.")
