"""What the option strategies would have traded at 11:30 of 18 August 2026, worked out twice.

The chain is NSE's of that expiry Tuesday: last prices, open interest and volume of NIFTY options
of four expiries; books are modelled around the last prices. The second working-out reads the same
quotes and knows nothing of the desk's option code: forward, volatilities, deltas, payoffs and
odds are plain arithmetic here. Volatility of days before isn't recorded, so the opinions carry a
percentile of 50.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from math import log, sqrt
from pathlib import Path

import numpy as np
import pytest

from marketdata.calendar import IST
from marketdata.dayset_chain import OptionColumn, option_columns
from marketdata.dayset_days import RECORDED_DAYS
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.options.chain import chains_of
from marketdata.panel import Panel
from marketdata.timeframes import Timeframe
from marketdata.universe import Column, Universe
from strategies.calendar_spread import CalendarSpread
from strategies.context import IV_PERCENTILE, IV_RANK
from strategies.expiry_strangle import ExpiryStrangle
from strategies.iron_condor import IronCondor
from strategies.long_straddle import LongStraddle
from strategies.options_ranker import OptionsRanker
from strategies.short_strangle import ShortStrangle
from strategies.signals import Direction, Signal
from strategies.structures import NotPossible, Structure, StructureKind
from strategies.trend_credit_spread import TrendCreditSpread
from tests.replay.chain_by_hand import by_hand, nearest, normal, promise, tried
from trading.engine.structure_market import PanelMarket

pytestmark = pytest.mark.shared_data

DAY = date(2026, 8, 18)
AT = datetime(2026, 8, 18, 11, 30, tzinfo=IST)
LOT = 65


@pytest.fixture(scope="module")
def options(shared_data: Path) -> tuple[OptionColumn, ...]:
    (spec,) = [each for each in RECORDED_DAYS if each.date == DAY]
    opens_at = int(datetime(2026, 8, 18, 9, 15, tzinfo=IST).timestamp() * 1_000_000)
    return option_columns(spec, shared_data, opens_at)


@pytest.fixture(scope="module")
def quotes(options: tuple[OptionColumn, ...]) -> dict[Instrument, np.void]:
    """The newest tick of each option at 11:30."""
    now = int(AT.timestamp() * 1_000_000)
    newest = {}
    for column in options:
        heard = int(np.searchsorted(column.arrivals.at, now, side="right"))
        if heard and now - int(column.arrivals.at[heard - 1]) <= 360_000_000:
            newest[column.instrument] = column.arrivals.ticks[heard - 1]
    return newest


@pytest.fixture(scope="module")
def market(options: tuple[OptionColumn, ...], quotes: dict[Instrument, np.void]) -> PanelMarket:
    items = [column.instrument for column in options]
    places = [Column(place, item, False, None, place, "option") for place, item in enumerate(items)]
    universe = Universe(tuple(places), (), frozenset())
    panel = Panel(
        np.array([item.token for item in items]),
        [Timeframe.MINUTE],
        int(datetime(2026, 8, 18, 9, 15, tzinfo=IST).timestamp()),
        DAY.toordinal(),
        None,
        None,
    )
    panel.apply(np.array(list(quotes.values()), dtype=next(iter(quotes.values())).dtype))
    return PanelMarket(universe, panel, chains_of(universe, DAY), AT, lambda *_: "")


def opinion(direction: Direction) -> Signal:
    move = 40.0 * direction
    index = Instrument(1, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, Decimal("0.05"))
    return Signal(
        strategy="made",
        instrument=index,
        direction=direction,
        at=AT,
        valid_until=AT + timedelta(minutes=10),
        entry=24_200.0,
        stop=24_200.0 - move,
        target1=24_200.0 + move,
        target2=24_200.0 + 2 * move,
        confidence=0.6,
        setup="made",
        features=((IV_PERCENTILE, 50.0), (IV_RANK, 20.0), ("realised", 0.05)),
    )


def made(found: Structure | NotPossible) -> Structure:
    assert isinstance(found, Structure), found
    return found


def legs_of(structure: Structure) -> list[tuple[int, float, Kind]]:
    return [
        (leg.sign, float(leg.instrument.strike or 0), leg.instrument.kind) for leg in structure.legs
    ]


def test_the_condor_of_fifteen_days(market: PanelMarket, quotes: dict[Instrument, np.void]) -> None:
    # 1 September is 14 days away, the first expiry of 9 to 20 days. Its forward is about 24,267,
    # so the money is 24,250, the sold strikes 24,050 and 24,450, the wings 200 farther out.
    chain = by_hand(quotes, date(2026, 9, 1), AT)
    condor = made(IronCondor(min_oi=0.0).structure.build(opinion(Direction.NEUTRAL), market))

    assert chain.forward == pytest.approx(24_267, abs=2)
    assert legs_of(condor) == [
        (1, chain.atm - 400, Kind.PUT),
        (1, chain.atm + 400, Kind.CALL),
        (-1, chain.atm - 200, Kind.PUT),
        (-1, chain.atm + 200, Kind.CALL),
    ]
    credit = (
        chain.puts[24_050].bid
        + chain.calls[24_450].bid
        - chain.puts[23_850].ask
        - chain.calls[24_650].ask
    )
    assert condor.entry == pytest.approx(credit)
    assert (condor.max_loss, condor.max_profit) == pytest.approx((200 - credit, credit))
    assert condor.break_evens == pytest.approx((24_050 - credit, 24_450 + credit))
    assert condor.probability_of_profit == pytest.approx(
        chain.above(24_050 - credit) - chain.above(24_450 + credit), abs=1e-6
    )
    # Half of the credit is the target; twice the credit lies beyond 0.8 of the largest loss.
    assert condor.target2 == pytest.approx(credit / 2)
    assert condor.stop == pytest.approx(credit + 0.8 * (200 - credit))
    assert condor.stop < 2 * credit


def test_the_condor_says_which_leg_is_too_thin(
    market: PanelMarket, quotes: dict[Instrument, np.void]
) -> None:
    chain = by_hand(quotes, date(2026, 9, 1), AT)

    refused = IronCondor().structure.build(opinion(Direction.NEUTRAL), market)

    assert isinstance(refused, NotPossible)
    assert chain.puts[24_050].oi < 20_000
    assert refused.reason == (
        f"IRON_CONDOR: open interest of NIFTY2690124050PE is {chain.puts[24_050].oi}, "
        "expected 20000 or more"
    )


@pytest.mark.parametrize("direction", [Direction.LONG, Direction.SHORT])
def test_the_ranker_takes_the_best_of_all_it_tries(
    direction: Direction, market: PanelMarket, quotes: dict[Instrument, np.void]
) -> None:
    # 25 August is 7 days away; a percentile of 50 lets it buy and sell.
    chain = by_hand(quotes, date(2026, 8, 25), AT)
    best = made(OptionsRanker().structure.build(opinion(direction), market))

    candidates = list(tried(chain, direction is Direction.LONG))
    promised, legs = max(candidates, key=lambda each: each[0])

    assert len(candidates) > 3
    assert legs_of(best) == legs
    assert best.kind is StructureKind.DEBIT_SPREAD
    chance = best.probability_of_profit
    assert promise(chance, best.reward, best.risk) == pytest.approx(promised, abs=1e-5)


def test_the_trend_spread_sells_a_quarter_delta(
    market: PanelMarket, quotes: dict[Instrument, np.void]
) -> None:
    # Up: puts of 25 August. The hedge lies 100 below the sold strike.
    chain = by_hand(quotes, date(2026, 8, 25), AT)
    spread = made(TrendCreditSpread().structure.build(opinion(Direction.LONG), market))

    sold = nearest(chain, False, 0.25)
    credit = chain.puts[sold].bid - chain.puts[sold - 100].ask

    assert legs_of(spread) == [(1, sold - 100, Kind.PUT), (-1, sold, Kind.PUT)]
    assert spread.entry == pytest.approx(credit)
    assert spread.probability_of_profit == pytest.approx(chain.above(sold - credit), abs=1e-6)
    assert spread.max_loss * LOT == pytest.approx((100 - credit) * LOT)
    assert spread.max_loss * LOT < 6_000


def test_the_strangles_of_the_expiry_day(
    market: PanelMarket, quotes: dict[Instrument, np.void]
) -> None:
    # Four hours and ten minutes are left.
    chain = by_hand(quotes, DAY, AT)
    bold = {"allow_naked_short": True, "max_spread": 0.02}
    rules = (ExpiryStrangle(**bold), ShortStrangle(**bold))

    for rule, target in zip(rules, (0.20, 0.25), strict=True):
        strangle = made(rule.structure.build(opinion(Direction.NEUTRAL), market))
        put, call = nearest(chain, False, target), nearest(chain, True, target)
        credit = chain.puts[put].bid + chain.calls[call].bid

        assert legs_of(strangle) == [(-1, put, Kind.PUT), (-1, call, Kind.CALL)]
        assert strangle.entry == pytest.approx(credit)
        assert strangle.break_evens == pytest.approx((put - credit, call + credit))
        assert strangle.stop == pytest.approx(rule.stop * credit)
        assert len(strangle.uncovered) == 2


def test_the_straddle_of_an_event_costs_both_asks_at_the_money(
    market: PanelMarket, quotes: dict[Instrument, np.void]
) -> None:
    chain = by_hand(quotes, date(2026, 8, 25), AT)
    straddle = made(LongStraddle().structure.build(opinion(Direction.NEUTRAL), market))

    paid = chain.puts[chain.atm].ask + chain.calls[chain.atm].ask

    assert legs_of(straddle) == [(1, chain.atm, Kind.PUT), (1, chain.atm, Kind.CALL)]
    assert straddle.entry == straddle.max_loss == pytest.approx(paid)
    assert straddle.probability_of_profit == pytest.approx(
        chain.above(chain.atm + paid) + 1 - chain.above(chain.atm - paid), abs=1e-6
    )


def test_the_calendar_of_two_weeks(market: PanelMarket, quotes: dict[Instrument, np.void]) -> None:
    # Sold 25 August, bought 1 September, at the money of the nearer one. If the nearer one
    # expires there, the later call has a week left and keeps its volatility.
    near, far = by_hand(quotes, date(2026, 8, 25), AT), by_hand(quotes, date(2026, 9, 1), AT)
    strategy = CalendarSpread(min_iv_ratio=0.9, min_oi=0.0)
    calendar = made(strategy.structure.build(opinion(Direction.NEUTRAL), market))

    debit = far.calls[near.atm].ask - near.calls[near.atm].bid
    deviation = far.volatility(near.atm) * sqrt(far.years - near.years)
    forward = near.atm * far.forward / near.forward
    first = log(forward / near.atm) / deviation + deviation / 2
    left = (
        far.discount
        / near.discount
        * (forward * normal(first) - near.atm * normal(first - deviation))
    )

    assert legs_of(calendar) == [(1, near.atm, Kind.CALL), (-1, near.atm, Kind.CALL)]
    assert [leg.instrument.expiry for leg in calendar.legs] == [
        date(2026, 9, 1),
        date(2026, 8, 25),
    ]
    assert calendar.entry == pytest.approx(debit)
    assert calendar.max_profit == pytest.approx(left - debit, abs=0.5)
    refused = CalendarSpread().structure.build(opinion(Direction.NEUTRAL), market)
    assert isinstance(refused, NotPossible)
    assert "is 0.988, expected 1.2 or more" in refused.reason
