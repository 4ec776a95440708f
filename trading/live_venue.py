"""The venue of a real broker: calls run beside the engine's loop, their answers come as news.

What the broker's book proves of our orders is worked out by `live_book.py`; what the engine makes
of it is the engine's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVarTuple

from execution.broker import BrokerBook, OutcomeUnknown, SessionExpired
from execution.orders import Order, OrderState, OrderUpdate
from execution.orders_book import can_be
from marketdata.ticks import Ticks
from trading.doorbell import Doorbell
from trading.engine.actions import AskMargin, PlaceOrder
from trading.engine.events import (
    BOOK,
    SESSION,
    UNREAD,
    BrokerSaid,
    ChangeRefused,
    ForeignSeen,
    TwinFound,
)
from trading.engine.venue import OrderWish, Wish, answered, is_refusal, margin_told, number_of
from trading.live_book import BookLooks, Looked, OwnBooks
from trading.live_broker import LiveBroker
from trading.live_calls import Calls
from trading.live_lost import LastWords
from trading.live_news import LiveNews, News, proven
from trading.live_watch import (
    BookWatch,
    LiveSettings,
    Reading,
    Standing,
    Urgency,
    standing_of,
)

Ts = TypeVarTuple("Ts")


class LiveVenue:
    """Sends wishes to a broker and gathers its answers, its messages and what its book proves.

    `books` tells what the engine knows, `rim` the moment it is and the bell to ring when there is
    news. Until the book has been read and agrees, the condition `BOOK` is bad.
    """

    is_relived = False

    def __init__(
        self,
        broker: LiveBroker,
        books: Callable[[], OwnBooks],
        rim: tuple[Callable[[], datetime], Doorbell],
        settings: LiveSettings,
    ) -> None:
        now, bell = rim
        self._broker = broker
        self._books = books
        self._now = now
        self._settings = settings
        self._calls = Calls()
        self._looks = BookLooks(settings.patience, now())
        self._last_words = LastWords(broker, self.look)
        self._stirred_at = self._looked_at = self._glanced_at = now()
        self._broker_ids: dict[str, str] = {}
        self._twins: set[str] = set()
        self._absent: set[str] = set()
        self._sent: set[tuple[str, int]] = set()
        self._doubted: set[str] = set()
        self._seen: OwnBooks | None = None
        self._standing = standing_of(())
        self._news = LiveNews(rim, settings.confirm_every)
        self._bell = bell
        self._failure: BaseException | None = None
        self._asked, self._has_looked = 0, False
        reading = Reading(
            lambda: self._guarded(self._look),
            lambda: self._guarded(self._glance),
            lambda: self._guarded(self._trades),
            self._pause,
            self._how_urgent,
        )
        self._watch = BookWatch(settings, reading)
        self._watching: asyncio.Task[None] | None = None
        self._news.turn(BOOK, UNREAD)

    # the port Venue ---------------------------------------------------------------------------

    def observe(self, at: datetime, ticks: Ticks) -> tuple[OrderUpdate, ...]:
        """Return nothing: prices move no order here."""
        del at, ticks
        return ()

    def advance(self, at: datetime) -> tuple[OrderUpdate, ...]:
        """Return nothing: time moves no order here."""
        del at
        return ()

    async def begin(self) -> None:
        """Take over what earlier processes sent and begin to read the broker's book."""
        for order in self._books().orders:
            self._broker.adopt(order)
            if order.broker_id:
                self._broker_ids[order.request.client_id] = order.broker_id
            elif order.state is OrderState.PLANNED:
                self._absent.add(order.request.client_id)
        self._doubt_what_was_asked()
        self._watching = asyncio.create_task(self._watch.run())

    def _doubt_what_was_asked(self) -> None:
        """Tell that nothing is proven of changes asked for, but not sent, by this process."""
        at, reason = self._now(), "asked for before the restart"
        for client_id, number in self._books().unanswered(self._sent):
            self._broker.doubt(client_id)
            self._news.tell(ChangeRefused(at, client_id, reason, proven=False, number=number))

    async def end(self) -> None:
        """Stop reading the book; calls on their way are left to themselves."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})

    async def send(self, wish: Wish) -> tuple[()]:
        """Start the call; its answer comes among the news."""
        if isinstance(wish, AskMargin):
            self._calls.begin(wish.code, lambda: self._guarded(self._ask, wish))
            return ()
        self._stirred_at = self._now()
        self._introduce()
        if isinstance(wish, PlaceOrder):
            subject = wish.request.client_id
            self._looks.sent(subject, self._stirred_at)
        else:
            subject = wish.client_id
            self._sent.add((subject, number_of(wish)))
        self._calls.begin(subject, lambda: self._guarded(self._carry_out, subject, wish))
        return ()

    async def tells_more(self) -> bool:
        """Wait a moment, unless the book has agreed or was waited for often enough."""
        if (not self._news and self._news.is_agreed) or self._asked >= self._settings.last_words:
            return False
        self._asked += 1
        await self._bell.wait(self._settings.look_at_once_seconds)
        return True

    # what comes in ----------------------------------------------------------------------------

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take a message about an order; what it proves comes among the news."""
        self._stirred_at = self._now()
        subject = str(message.get("order_id", ""))
        self._calls.begin(subject, lambda: self._guarded(self._read, message))

    def look(self) -> None:
        """Read the book soon: something may have been missed."""
        self._watch.want()

    def news(self, at: datetime) -> list[News]:
        """Return what has come since the last call, as of engine time `at`.

        Raises what a call failed with unexpectedly: the process then stops and recovers.
        """
        if self._failure is not None:
            raise self._failure
        return self._news.take(at)

    @property
    def is_idle(self) -> bool:
        """Say whether no call is on its way and no look at the book is asked for."""
        return not self._calls.tasks and not self._watch.is_wanted

    @property
    def has_news(self) -> bool:
        """Say whether there is something that `news` has not told yet."""
        return bool(self._news) or self._failure is not None

    def _pause(self) -> float:
        """Return the seconds that should lie between two looks, as things stand."""
        settings = self._settings
        is_stirred = self._now() - self._stirred_at <= settings.stirred
        match self._how_urgent():
            case Urgency.HELD if not is_stirred:
                seconds = settings.look_held_seconds
            case Urgency.NONE if not is_stirred:
                seconds = settings.look_every_seconds
            case _:
                seconds = settings.look_soon_seconds
        return min(seconds, settings.look_every_seconds)

    def _how_urgent(self) -> Urgency:
        """Return how soon something of our orders should be known."""
        books = self._books()
        if books is not self._seen:
            self._seen, self._standing = books, standing_of(books.orders)
        is_doubted = self._is_in_doubt(books, self._standing)
        return Urgency.DOUBT if is_doubted else self._standing.urgency

    def _is_in_doubt(self, books: OwnBooks, standing: Standing) -> bool:
        """Say whether nothing is proven of an order, or of a change, or an answer stays away."""
        if standing.is_unknown or self._calls.is_silent(self._now(), self._settings.silent):
            return True
        if not self._doubted.isdisjoint(books.changing):
            return True
        return any(client_id not in self._calls.last for client_id in standing.sent)

    # calls ------------------------------------------------------------------------------------

    async def _guarded(self, call: Callable[[*Ts], Coroutine[Any, Any, None]], *args: *Ts) -> None:
        """Make a call; what nobody expected is raised by the next `news`."""
        try:
            await call(*args)
        except SessionExpired as error:
            self._news.turn(SESSION, str(error))
        except OutcomeUnknown:
            self.look()
        except Exception as error:
            self._failure = error
            self._bell.ring()
            raise

    async def _ask(self, wish: AskMargin) -> None:
        self._news.tell(await margin_told(self._broker, wish))

    async def _carry_out(self, subject: str, wish: OrderWish) -> None:
        self._calls.asked_at[subject] = self._now()
        try:
            answer = await answered(self._broker, wish)
        finally:
            del self._calls.asked_at[subject]
        if isinstance(answer, BrokerSaid):
            self._pass_on(answer.update, answer.answers)
        else:
            self._doubted.add(answer.client_id)
            self._news.tell(answer)
        if is_refusal(answer):
            self.look()

    async def _read(self, message: Mapping[str, Any]) -> None:
        """Tell what a message says of an order of ours; anything else the book must explain."""
        update = await self._broker.hear(message)
        order = self._ours(update.client_id) if update is not None else None
        if update is None or order is None or not can_be(order, update, self._books().trades):
            self.look()
            return
        self._pass_on(update)
        if max(order.filled_quantity, proven(update)) < update.filled_quantity:
            self.look()

    def _ours(self, client_id: str) -> Order | None:
        orders = self._books().orders
        return next((order for order in orders if order.request.client_id == client_id), None)

    async def _look(self) -> None:
        """Hold our orders against the broker's book and tell what it proves.

        A book that was asked for before one that has been looked at tells nothing.
        """
        asked_at = self._now()
        self._introduce()
        try:
            book = await self._broker.book()
        except OutcomeUnknown as error:
            if asked_at >= self._looked_at:
                self._news.turn(BOOK, str(error))
            return
        if asked_at < self._looked_at:
            self._let_go(book)
            return
        self._looked_at, self._has_looked = asked_at, True
        looked = self._looks.take(self._books(), book, asked_at)
        self._tell_strays(looked.taken_out, asked_at, by_other=True)
        self._tell_found(looked, asked_at)
        self._tell_strays(looked.strays, asked_at, by_other=False)
        if (seen := looked.foreign) is not None:
            self._news.tell(ForeignSeen(asked_at, seen.orders, seen.positions))
        await self._seek(looked.lost, asked_at)
        self._news.turn(SESSION, "")
        if looked.problem is not None:
            self._news.turn(BOOK, looked.problem)
            self._news.confirm()

    def _tell_strays(
        self, strays: Iterable[OrderUpdate], asked_at: datetime, *, by_other: bool
    ) -> None:
        """Tell of orders that are none of those we know.

        What somebody else took out is told before that its stop has gone: nothing is sent for it.
        """
        for stray in strays:
            if stray.broker_id not in self._twins:
                if stray.broker_id != self._broker_ids.get(stray.client_id):
                    self._twins.add(stray.broker_id)
                self._news.tell(TwinFound(asked_at, stray.client_id, stray, by_other))

    async def _seek(self, lost: Sequence[Order], asked_at: datetime) -> None:
        """Tell what the broker says of orders by themselves that its lists have lacked too long."""
        for order in self._last_words.lacking(lost):
            word = await self._last_words.of(order, asked_at)
            if word is not None and can_be(order, word, self._books().trades):
                self._pass_on(word)

    async def _glance(self) -> None:
        """Hold our orders against those of the book alone; what it can't tell a look has to.

        Orders that were asked for before others that have been glanced at tell nothing, and the
        next are asked for soon where none came.
        """
        asked_at = self._now()
        self._introduce()
        try:
            book = await self._broker.glance()
        except OutcomeUnknown:
            return
        if asked_at < self._glanced_at:
            self._let_go(book)
            return
        self._glanced_at = asked_at
        seen = self._looks.glance(self._books(), book, asked_at)
        self._tell_found(seen if self._has_looked else seen.without_ends(), asked_at)
        is_claimed = any(update.filled_quantity > proven(update) for update in seen.updates)
        if is_claimed or any(stray.broker_id not in self._twins for stray in seen.strays):
            self.look()

    async def _trades(self) -> None:
        """Tell the fills of our orders that the trades of the book prove."""
        self._introduce()
        try:
            book = await self._broker.trades()
        except OutcomeUnknown:
            return
        for update in self._looks.traded(self._books(), book):
            self._pass_on(update)

    def _let_go(self, book: BrokerBook) -> None:
        """Let a book go unheard that was asked for too early; the next one tells what rests."""
        for client_id in book.changed:
            self._broker.doubt(client_id)

    def _tell_found(self, looked: Looked, asked_at: datetime) -> None:
        for update in looked.updates:
            self._pass_on(update)
        for client_id in looked.absent:
            if self._broker_ids.get(client_id):
                continue
            self._absent.add(client_id)
            update = OrderUpdate(client_id, "", asked_at, OrderState.PLANNED, reason="not there")
            self._news.tell(BrokerSaid(asked_at, update))

    def _introduce(self) -> None:
        """Tell the broker of orders that the engine took over from its book."""
        if not self._twins:
            return
        for order in self._books().orders:
            client_id = order.request.client_id
            if order.broker_id in self._twins and client_id not in self._broker_ids:
                self._broker_ids[client_id] = order.broker_id
                self._broker.adopt(order)

    # telling ----------------------------------------------------------------------------------

    def _pass_on(self, update: OrderUpdate, answers: int = 0) -> None:
        """Tell news of an order, unless it is of a second order under the same id.

        So is one that turns up after it was told never to have been there: the book tells of it.
        `answers`: the number of the change that it answers; of a change of a second order nothing
        is proven for the first.
        """
        if update.client_id in self._absent:
            self.look()
            return
        known = self._broker_ids.get(update.client_id) or update.broker_id
        if update.broker_id and known != update.broker_id:
            if answers:
                reason = f"answered for {update.broker_id}, not {known}"
                self._news.tell(ChangeRefused(update.at, update.client_id, reason, False, answers))
            self.look()
            return
        self._broker_ids[update.client_id] = known
        self._news.tell(BrokerSaid(update.at, update, answers))
