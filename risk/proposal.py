"""What the gate is asked: an opinion made into contracts, and the desk it would be added to.

All plain values; whoever asks fills them in. What is answered lives in `gate.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from execution.orders import Side
from marketdata.instruments import Instrument, PriceDirection
from risk.breakers import Breakers
from risk.event_rules import EventWindow
from risk.exposure import Exposure
from risk.hours import Stages
from risk.results import Result
from strategies.signals import Direction
from strategies.structures import Quote

Touch = tuple[str, Side]
"""One side of a contract's book: the contract's key, and the side of the orders that take it."""
Band = tuple[Decimal, Decimal]
"""Lowest and highest price that an order may have, both allowed, in rupees."""


_LONG, _SHORT, _BUY = Direction.LONG, Direction.SHORT, Side.BUY
_UP, _DOWN = PriceDirection.UP, PriceDirection.DOWN


class CostModel(Protocol):
    """What the proposed position would cost, by units; both rise with the quantity."""

    def round_trip(self, quantity: int) -> Decimal:
        """Return the charges of entry and exit together, in rupees."""

    def margin(self, quantity: int) -> Decimal:
        """Return what the broker would block, in rupees."""


class ProposedLeg(Struct, frozen=True, gc=False):
    """One contract to trade: `ratio` times the proposal's quantity.

    `age_seconds`: since the last news of the quote.
    """

    instrument: Instrument
    side: Side
    quote: Quote
    age_seconds: float
    ratio: int = 1

    def __post_init__(self) -> None:
        if self.ratio < 1:
            raise ValueError(f"ratio: {self.ratio} of {self.instrument.key}, expected 1 or more")

    @property
    def touch(self) -> float:
        """Return the price at which it trades at once; without a quote the last, or NaN."""
        return self.quote.executable(_LONG if self.side is _BUY else _SHORT)

    @property
    def displayed(self) -> int:
        """Return the units that its touch shows, 0 where that is not told."""
        quote = self.quote
        shown = quote.ask_quantity if self.side is Side.BUY else quote.bid_quantity
        return int(shown) if quote.has_book and 0 < shown < math.inf else 0

    def limit_price(self, chase_ticks: int) -> Decimal | None:
        """Return the limit of a marketable entry, or None where there is no price at all.

        It lies `chase_ticks` beyond the touch, on the tick grid, up for a buy, down for a sale.
        """
        touch, instrument = self.touch, self.instrument
        if not 0 < touch < math.inf:
            return None
        way = _UP if self.side is _BUY else _DOWN
        chase = self.side.sign * chase_ticks * instrument.tick_size
        return instrument.on_grid(instrument.on_grid(touch, way) + chase, way)


class Funds(Struct, frozen=True, gc=False):
    """What the broker has free for this position, in rupees; `problem`: why it didn't tell.

    `promised_inr`: what entries of ours will block that it may not have known of when it told.
    """

    free_inr: Decimal
    problem: str = ""
    promised_inr: Decimal = Decimal(0)

    @property
    def left_inr(self) -> Decimal:
        """Return what is free once every entry sent so far blocks its margin; may be below 0."""
        return self.free_inr - self.promised_inr


class Proposal(Struct, frozen=True, gc=False, kw_only=True):
    """One opinion made into contracts.

    `setup` names it within the day (`Signal.key`); `view` is the opinion on the underlying.
    `direction` says which way the traded price must go, LONG where a higher price of the legs
    together is profit; `stop`, `target1` and `target2` are rupees of that price. With one leg it
    is the contract's price; with more, the sum of bought less sold prices, turned by
    `direction`. `max_positions` is the strategy's own number; `liquidity` the units that the
    market can take, or None where unknown. `max_loss`: the most a unit can lose that is entered
    at the touch, in rupees, or None without a bound. `settles_physically`: delivery at expiry.
    `correlation`: the largest, from -1 to 1, with what is held or kept before it, on the
    underlying `correlated_with`. `moves_with`: other underlyings at risk, each with the measured
    correlation of its price with this one's, -1 to 1; what is not known is left out. `funds`: what
    the broker itself said of margin, None where its tables stand in. `leg_ticks`: how far
    beyond its limit each leg may follow the market until it has filled.
    """

    setup: str
    strategy: str
    max_positions: int
    underlying: str
    view: Direction
    valid_until: datetime
    direction: Direction
    stop: float
    target1: float
    target2: float
    legs: tuple[ProposedLeg, ...]
    costs: CostModel
    liquidity: int | None = None
    max_loss: Decimal | None = None
    settles_physically: bool = False
    correlation: float = 0.0
    correlated_with: str = ""
    moves_with: tuple[tuple[str, float], ...] = ()
    funds: Funds | None = None
    leg_ticks: int = 0

    def __post_init__(self) -> None:
        if not self.legs:
            raise ValueError(f"legs: none in {self.setup}, expected at least one")
        if len({leg.instrument.lot_size for leg in self.legs}) > 1:
            raise ValueError(f"legs: different lot sizes in {self.setup}, expected one")
        if self.valid_until.tzinfo is None:
            raise ValueError("valid_until: expected an aware datetime")

    @property
    def lot_size(self) -> int:
        """Return the units of one lot, the same in every leg."""
        return self.legs[0].instrument.lot_size

    def expires_on(self, day: date) -> bool:
        """Say whether any leg is a contract whose last day is `day`."""
        return day in [leg.instrument.expiry for leg in self.legs]

    def displayed(self) -> int | None:
        """Return the units that the best quotes show for every leg, None where one shows nothing.

        A bought leg counts what is offered, a sold one what is bid, a `ratio` of units for each.
        """
        shown = [leg.displayed // leg.ratio for leg in self.legs]
        return min(shown) if all(shown) else None

    def takeable(self, share: Decimal, taken: Mapping[Touch, int]) -> int | None:
        """Return the units left of `share` of what is displayed, None where a leg shows nothing.

        `taken`: units that orders of ours are about to take of a contract, by key and side.
        """
        if (shown := self.displayed()) is None:
            return None
        if not taken:
            return int(shown * share)
        left = (
            int(leg.displayed // leg.ratio * share)
            - -(-taken.get((leg.instrument.key, leg.side), 0) // leg.ratio)
            for leg in self.legs
        )
        return max(0, min(left))

    def entry(self, chase_ticks: int) -> Decimal | None:
        """Return the worst traded price the entry can fill at, or None without prices."""
        total = Decimal(0)
        for leg in self.legs:
            limit = leg.limit_price(chase_ticks)
            if limit is None:
                return None
            total += leg.side.sign * leg.ratio * limit
        return total * self.direction

    def at_touch(self) -> float:
        """Return the traded price at which it could be entered now; NaN without prices."""
        return self.direction * math.fsum(
            leg.side.sign * leg.ratio * leg.touch for leg in self.legs
        )


class GateContext(Struct, frozen=True, gc=False, kw_only=True):
    """The desk at the moment of asking.

    `stages` of the traded segment's session. `seen`: set-ups already acted on today.
    `new_underlyings`: those of the plans approved in this scan cycle, one entry a plan. `banned`:
    underlyings in the exchange's ban; every share where `has_ban_list` is false. `events`: the
    event windows open now, whomever they concern.
    `live`: orders would go to a real broker. `bands`: price bands by key of the contract, None on a
    day that has none, made or recorded. `stops`: the prices of the stop orders that are to rest,
    each with the key of its contract, a trigger before its limit. `killed`: scopes that the kill
    switch has closed, as `strategy:NAME` or `underlying:NAME`. `account_age_seconds`: since the
    broker's book was last found to agree with ours, None if it never was. `results`: of the
    positions closed today, oldest first. `messages`: orders, changes and cancels sent today,
    `trades` made of them. `taken`: units that entries sent in this scan cycle, or still working,
    take of a book.
    """

    now: datetime
    stages: Stages
    exposure: Exposure
    breakers: Breakers
    seen: frozenset[str] = frozenset()
    new_underlyings: tuple[str, ...] = ()
    banned: frozenset[str] = frozenset()
    has_ban_list: bool = True
    events: tuple[EventWindow, ...] = ()
    live: bool
    bands: Mapping[str, Band] | None = None
    stops: tuple[tuple[str, Decimal], ...] = ()
    killed: frozenset[str] = frozenset()
    account_age_seconds: float | None = None
    results: tuple[Result, ...] = ()
    messages: int = 0
    trades: int = 0
    taken: Mapping[Touch, int] = {}

    @property
    def day(self) -> date:
        """Return the trading day, by the exchange's clock."""
        return self.stages.flat_by.date()

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("now: expected an aware datetime")
