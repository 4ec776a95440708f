"""The composition root for Kite: which of its adapters stand around an engine, on paper and live.

What stands around an engine everywhere is `bootstrap.py`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from execution.exchange import Exchange
from execution.kite.broker import BrokerSettings, KiteBroker
from execution.kite.calls import Around
from execution.kite.lanes import DEADLINES, Lanes
from execution.paper import PaperBroker
from marketdata.calendar import IST, Calendar
from marketdata.clock import Clock, SystemClock
from marketdata.events import MarketEvent
from marketdata.instruments import Instrument, Kind, Segment
from marketdata.kite.access import SocketLogin
from marketdata.kite.client import API_ROOT, Client, RestLogin
from marketdata.kite.feed import FeedDay, KiteFeed
from marketdata.kite.history import KiteHistory
from marketdata.kite.instruments import KiteInstruments
from marketdata.kite.layout import Mode
from marketdata.kite.link import OpenLink
from marketdata.kite.picows_link import open_picows
from marketdata.kite.quotes import KiteQuotes
from marketdata.kite.raw_tape import RawTapeWriter
from marketdata.kite.reads import Patience as ReadPatience
from marketdata.kite.reads import Reads
from marketdata.kite.tape_play import Played
from marketdata.kite.ticker import Ticker
from marketdata.kite.ticker_settings import MarketHours, Rim, TickerSettings
from marketdata.option_window import WindowSettings
from marketdata.pacing import Pacer, Patience
from marketdata.sources import History, InstrumentSource, QuoteSource
from marketdata.tape_head import TapeHead
from trading.bootstrap import (
    Outside,
    history_of,
    screen_of,
    session_windows,
    setup_of,
    timeline_of,
)
from trading.bootstrap_kite_ear import KiteEar
from trading.chain_desk import ChainDesk, listed_chains
from trading.chain_follower import ChainFollower
from trading.config import Config
from trading.doorbell import Doorbell
from trading.engine.core import Engine
from trading.engine.lived import Keeping
from trading.engine.runner import Journal, Runner, Surroundings
from trading.engine.venue import InstantVenue, Venue
from trading.iv_before import with_iv_history
from trading.live_venue import LiveVenue
from trading.live_watch import LiveSettings
from trading.own_books import EngineBooks
from trading.snapshots import Kept, RunKept, Snapshots, kept_of

ORDER_PATIENCE = Patience(urgent=15.0)
"""How long order calls wait for their turn: exits rather wait than not be sent, and those of forty
legs take the budget of six seconds."""
_BEFORE_OPEN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class KiteAccess:
    """Where Kite is, and the session that its calls and its socket are made in.

    `algo_id`: the exchange's id of a registered algo, told with every order; empty for none.
    """

    api_key: str
    access_token: str = field(repr=False)
    root: str
    ws_root: str
    algo_id: str = ""

    @property
    def rest(self) -> RestLogin:
        """Return what a REST client needs."""
        return RestLogin(self.api_key, self.access_token, self.root)

    @property
    def socket(self) -> SocketLogin:
        """Return what the ticker needs."""
        return SocketLogin(self.ws_root, self.api_key, self.access_token)


@dataclass(frozen=True, slots=True)
class Wall:
    """Real time, or what a test puts in its place.

    `clock` tells the day's time, `seconds` one that never runs backwards; `chance` returns from 0
    to below 1; `open_link` opens a socket.
    """

    clock: Clock = field(default_factory=SystemClock)
    seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    open_link: OpenLink = open_picows


@dataclass(frozen=True, slots=True)
class KiteDay:
    """One day to be traded on Kite's prices: the tape it goes onto, and who trades it.

    `banned`: the day's ban list, None where none is known. `events`: the scheduled events
    around the day, None for the packaged list. `snapshots`: where the run is kept, None for
    nowhere.
    """

    config: Config
    tape: RawTapeWriter
    warmup: Path | None
    run_code: str
    run_number: int
    banned: frozenset[str] | None
    events: tuple[MarketEvent, ...] | None = None
    snapshots: Snapshots | None = None


@dataclass(slots=True)
class KiteDesk:
    """A runner on Kite's prices and what belongs to it; `end` lets everything go.

    `access`: the session it works in; `broker`: None on paper.
    """

    runner: Runner
    feed: KiteFeed
    ticker: Ticker
    venue: Venue
    bell: Doorbell
    access: KiteAccess
    broker: KiteBroker | None = None

    @property
    def refusal(self) -> str:
        """Return why Kite wants a new login, empty while it doesn't."""
        if self.ticker.needs_login:
            return "the ticker's key or token was refused"
        if self.broker is not None and self.broker.is_expired:
            return "a call was refused for its token"
        return ""

    def renew(self, access_token: str) -> None:
        """Go on in another session of the same app, from the next call and socket on."""
        self.access = replace(self.access, access_token=access_token)
        self.ticker.renew(self.access.socket)
        if self.broker is not None:
            self.broker.renew(access_token)
        self.look()

    def look(self) -> None:
        """Read the broker's book soon, if there is one: something may have been missed."""
        if isinstance(self.venue, LiveVenue):
            self.venue.look()

    async def end(self) -> None:
        """Stop calls and sockets; the tape belongs to whoever opened it."""
        if isinstance(self.venue, LiveVenue):
            await self.venue.end()
        await self.ticker.stop()
        if self.broker is not None:
            self.broker.close()


def market_hours(head: TapeHead) -> MarketHours:
    """Return when a day's sockets are wanted, and when its indices must tick.

    An index stops with its shares, while derivatives go on. Raises the calendar's errors.
    """
    index = Calendar.load().session(head.date, Segment.CASH, is_index=True)
    return MarketHours(
        in_session=lambda at: head.session_open - _BEFORE_OPEN <= at < head.session_close,
        ticks_expected=index.is_open,
    )


def ticker_of(access: KiteAccess, head: TapeHead, wall: Wall) -> Ticker:
    """Return a ticker that wants every instrument of the day in full and watches the indices."""
    ticker = Ticker(
        access.socket,
        TickerSettings(),
        market_hours(head),
        Rim(wall.clock, wall.seconds, wall.sleep, wall.chance, wall.open_link),
    )
    ticker.want({item.token: Mode.FULL for item in head.instruments})
    ticker.watch(item.token for item in head.instruments if item.kind is Kind.INDEX)
    return ticker


def kite_broker(
    access: KiteAccess,
    instruments: Mapping[str, Instrument],
    pacer: Pacer,
    wall: Wall,
    fence: Callable[[], None],
) -> KiteBroker:
    """Return the broker of one session; the only way to an order that leaves this process.

    `fence`: raises once this process may not send any more.
    """
    login = access.rest
    lanes = Lanes(lambda connections: Client(login, connections=connections), DEADLINES)
    around = Around(
        lanes=lanes,
        pacer=pacer,
        clock=wall.clock,
        instrument=instruments.get,
        pause=lambda seconds: wall.sleep(seconds * (0.5 + wall.chance())),
        fence=fence,
    )
    return KiteBroker(around, BrokerSettings(algo_id=access.algo_id))


@dataclass(frozen=True, slots=True)
class _Core:
    """What differs between paper and live: the engine, where its orders go, who rings for it.

    `kept`: what the engine comes from, None for a new one.
    """

    engine: Engine
    venue: Venue
    bell: Doorbell
    access: KiteAccess
    broker: KiteBroker | None = None
    kept: Kept | None = None


def kite_paper_desk(
    day: KiteDay, access: KiteAccess, journal: Journal, outside: Outside, wall: Wall
) -> KiteDesk:
    """Return a desk that trades Kite's prices on the simulated exchange; no order leaves it."""
    kept = kept_of(day.snapshots, journal)
    engine, venue = _engine(day, kept, live=False), kept.lived.venue if kept else None
    if venue is None:
        windows = session_windows(day.tape.head, Calendar.load())
        exchange = Exchange(day.config.exchange, windows, run=day.run_number % 1000)
        venue = InstantVenue(PaperBroker(exchange))
    core = _Core(engine, venue, Doorbell(), access, kept=kept)
    return _desk(day, core, journal, (outside, wall))


def kite_live_desk(
    day: KiteDay,
    access: KiteAccess,
    journal: Journal,
    outside: Outside,
    rim: tuple[Wall, Pacer],
) -> KiteDesk:
    """Return a desk whose orders go to Kite; only a run that has passed the gate may ask for it."""
    kept = kept_of(day.snapshots, journal)
    engine = _engine(day, kept, live=True)
    return live_desk_of(day, (engine, kept), access, journal, (outside, *rim))


def live_desk_of(
    day: KiteDay,
    made: tuple[Engine, Kept | None],
    access: KiteAccess,
    journal: Journal,
    rim: tuple[Outside, Wall, Pacer],
) -> KiteDesk:
    """Return a live desk around an engine that was made for its day, or kept of it."""
    (outside, wall, pacer), head, bell = rim, day.tape.head, Doorbell()
    engine, kept = made
    listed = {item.key: item for item in head.instruments}
    broker = kite_broker(access, listed, pacer, wall, outside.before_orders)
    venue = LiveVenue(broker, EngineBooks(engine), (wall.clock.now, bell), LiveSettings())
    core = _Core(engine, venue, bell, access, broker, kept)
    return _desk(day, core, journal, (outside, wall))


def _desk(day: KiteDay, core: _Core, journal: Journal, rim: tuple[Outside, Wall]) -> KiteDesk:
    outside, wall = rim
    ticker = ticker_of(core.access, day.tape.head, wall)
    live = core.venue if isinstance(core.venue, LiveVenue) else None
    window = day.config.live_universe.window
    chains = ChainDesk(core.engine, chain_follower(ticker, day.tape.head, window))
    ear = KiteEar(chains.around(outside), core.bell, live)
    kept = core.kept
    feed = _feed(day, (ticker, kept.feed if kept else None), ear, wall)
    setup = core.engine.setup
    around = Surroundings(
        journal=journal,
        venue=core.venue,
        past=feed.past,
        feed=feed,
        now=feed.now,
        screen=kept.lived.screen if kept else screen_of(setup, day.config, day.tape.head),
        timeline=kept.lived.timeline if kept else timeline_of(setup),
        inputs=ear.inputs,
        before_orders=outside.before_orders,
        symbols={item.token: item.symbol for item in day.tape.head.instruments},
        pause=core.bell.wait,
        frames_safe=lambda: day.tape.safe_steps,
        sync_feed=day.tape.sync,
        keeping=_keeping(day, feed),
    )
    runner = Runner(core.engine, around, kept.lived if kept else None)
    return KiteDesk(runner, feed, ticker, core.venue, core.bell, core.access, core.broker)


def _keeping(day: KiteDay, feed: KiteFeed) -> Keeping | None:
    def played() -> tuple[Played, int]:
        return feed.past.played, feed.past.played.taken

    return RunKept(day.snapshots, played) if day.snapshots else None


def _engine(day: KiteDay, kept: Kept | None, *, live: bool) -> Engine:
    if kept is not None:
        return kept.lived.engine
    setup = setup_of(day.config, day.tape.head, day.run_code, banned=day.banned, events=day.events)
    setup = with_iv_history(setup, day.warmup)
    engine = Engine(replace(setup, live=live, asks_margin=live))
    if day.warmup is not None:
        engine.warm(history_of(setup, day.warmup))
    return engine


def _feed(day: KiteDay, source: tuple[Ticker, Played | None], ear: KiteEar, wall: Wall) -> KiteFeed:
    ticker, played = source
    over = FeedDay(wall.clock, wall.sleep, day.tape.head.session_close)
    return KiteFeed(day.tape, ticker, ear.listener(lambda _: None), over, played)


@dataclass(frozen=True, slots=True)
class KiteData:
    """What is asked of Kite to get a day ready; `close` gives its connections back."""

    instruments: InstrumentSource
    quotes: QuoteSource
    history: History
    close: Callable[[], None]


def is_practice(root: str) -> bool:
    """Say whether an address is not Kite's own but that of a Kite of ours."""
    return root.rstrip("/") != API_ROOT


def kite_data(access: KiteAccess, pacer: Pacer, wall: Wall) -> KiteData:
    """Return the readers of one session, which share the account's budgets."""
    client = Client(access.rest)

    def pause(seconds: float) -> Awaitable[None]:
        return wall.sleep(seconds * (0.5 + wall.chance()))

    reads = Reads(client, pacer, pause, ReadPatience())
    return KiteData(
        instruments=KiteInstruments(reads),
        quotes=KiteQuotes(reads, wall.clock.now().astimezone(IST).date()),
        history=KiteHistory(reads),
        close=client.close,
    )


def chain_follower(ticker: Ticker, head: TapeHead, window: WindowSettings) -> ChainFollower:
    """Return what keeps the ticker's options around the money, told of prices from time to time."""
    return ChainFollower(
        head.instruments,
        listed_chains(head),
        window,
        lambda tokens: ticker.want(dict.fromkeys(sorted(tokens), Mode.FULL)),
    )
