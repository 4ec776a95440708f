"""18 August 2026 as three option strategies lived it alone, from the legs to the way out.

A condor, a straddle bought before an event and a strangle sold on the last day: strikes, prices,
levels, sizes and the moment of leaving are worked out a second time in plain arithmetic from the
quotes (`chain_by_hand.py`). When they speak is checked in `test_golden_option_opinions.py`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import log, sqrt
from pathlib import Path
from statistics import stdev
from typing import Any

import numpy as np
import pytest

from marketdata.built_day import BuiltDay
from marketdata.calendar import IST
from marketdata.dayset import RECORDED_DAYS, build_day
from marketdata.instruments import Instrument, Kind
from marketdata.tape import TapeReader
from tests.replay.chain_by_hand import nearest
from tests.replay.played import Day, Played
from tests.replay.slow_bars import bars_of
from tests.replay.test_golden_option_day import (
    DAY,
    FORTNIGHT,
    NEXT_WEEK,
    OPEN,
    at_of,
    chain_at,
    legs_of,
    plans,
)
from tests.replay.test_golden_option_opinions import EVENT, FIVE_SESSIONS_BEFORE, NIFTY
from trading.config import read

pytestmark = pytest.mark.shared_data

LOT = 65
PAPER, LARGE = 1_000_000, 3_000_000
Told = list[tuple[datetime, np.ndarray]]
Options = dict[int, Instrument]


@pytest.fixture(scope="module")
def built(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    (spec,) = [each for each in RECORDED_DAYS if each.date == DAY]
    return build_day(spec, shared_data, tmp_path_factory.mktemp("option-trades"))


@pytest.fixture(scope="module")
def told(built: BuiltDay) -> Told:
    return [(frame.at, frame.ticks) for frame in TapeReader(built.tape_path).frames()]


@pytest.fixture(scope="module")
def options(built: BuiltDay) -> Options:
    items = TapeReader(built.tape_path).head.instruments
    return {item.token: item for item in items if item.kind in (Kind.CALL, Kind.PUT)}


def lived(built: BuiltDay, strategy: str, capital: int, **parameters: object) -> Played:
    """Return the day of one strategy; a snapshot is up to a minute old, as in the other tests."""
    config = read(
        {
            "capital_inr": capital,
            "strategies": {strategy: OPEN | parameters},
            "risk": {"max_spread": "0.02", "stale_after_seconds": 120.0},
        }
    )
    tape = TapeReader(built.tape_path)
    return Day(tape, built.warmup_path, config=config, events=(EVENT,)).play()


def decisions(day: Played) -> list[dict[str, Any]]:
    return [note.body for note in day.of("DecisionNoted")]


def fills(day: Played, first_letter: str) -> list[tuple[datetime, str, float]]:
    """Return the fills of orders whose ids begin so after the run: moment, contract, price."""
    return [
        (datetime.fromisoformat(body["at"]), body["instrument"], float(body["price"]))
        for body in (note.body for note in day.of("FillNoted"))
        if body["client_id"][2] == first_letter
    ]


def values(told: Told, options: Options, keys: set[str]) -> list[tuple[datetime, float]]:
    """Return the sum of the middles of some contracts after each frame that tells any of them."""
    middle: dict[str, float] = {}
    found = []
    for moment, ticks in told:
        heard = [tick for tick in ticks if int(tick["token"]) in options]
        ours = [tick for tick in heard if options[int(tick["token"])].key in keys]
        middle |= {
            options[int(tick["token"])].key: (tick["bid"] + tick["ask"]) / 2 for tick in ours
        }
        if ours and len(middle) == len(keys):
            found.append((moment, float(sum(middle[key] for key in sorted(keys)))))
    return found


def realised(shared_data: Path, at: datetime) -> float:
    """Return the yearly volatility of the 75 bars of five minutes that closed last."""
    bars = bars_of(shared_data / NIFTY, FIVE_SESSIONS_BEFORE, DAY, 5)["NIFTY"]
    closes = bars["close"][: at - timedelta(minutes=5)].to_numpy()[-76:]
    return stdev(log(b / a) for a, b in pairwise(closes)) * sqrt(75 * 252)


def test_the_strangle_of_the_last_day_is_sold_dear_and_bought_back_at_half(
    built: BuiltDay, told: Told, options: Options, shared_data: Path
) -> None:
    """The first chain is whole at 10:50; 24,150 and 24,300 have deltas near a fifth.

    They bring 20.20 in, 1,313 rupees a lot. Volatility at the money is above that of the last 75
    bars. At 13:49 the middles are together worth less than half of what was taken, and all is
    bought back; the opinions in between are refused, as it may be acted on once a day.
    """
    day = lived(built, "expiry_strangle", PAPER, allow_naked_short=True)
    (plan,) = plans(day, "expiry_strangle")
    chain = chain_at(told, options, at_of(plan), DAY)
    put, call = nearest(chain, False, 0.20), nearest(chain, True, 0.20)
    credit = chain.puts[put].bid + chain.calls[call].bid

    assert (plan["at"][11:16], put, call) == ("10:50", 24_150, 24_300)
    assert legs_of(plan, options) == [(-1, put, Kind.PUT), (-1, call, Kind.CALL)]
    assert plan["entry"] == pytest.approx(credit)
    assert credit * LOT > 500
    assert chain.at_the_money > realised(shared_data, at_of(plan)) > 0
    assert (plan["stop"], plan["target2"]) == pytest.approx((2 * credit, credit / 2))

    sold, bought = fills(day, "E"), fills(day, "S")
    taken = sum(price for _, _, price in sold)
    later = values(told, options, {key for _, key, _ in sold})
    reached = next(m for m, worth in later if m > at_of(plan) and worth <= taken / 2)
    turned = [
        note.body["at"][11:16]
        for note in day.of("OrderNoted")
        if note.body["role"] == "STOP" and note.body["order_type"] != "SL"
    ]
    assert f"{reached:%H:%M}" == turned[0] == "13:49"
    assert {key for _, key, _ in bought} == {key for _, key, _ in sold}
    assert max(at for at, _, _ in bought) - reached <= timedelta(minutes=1)

    answers = [(body["approved"], "duplicate-setup" in body["refusals"]) for body in decisions(day)]
    assert answers == [(True, False)] + [(False, True)] * 4


def test_a_lot_of_the_condor_risks_too_much_for_a_small_desk(
    built: BuiltDay, told: Told, options: Options
) -> None:
    """A lot loses 75.7 rupees a unit up to its stop, 4,922 rupees, more with slippage and charges.

    The stop is four fifths of the largest loss, nearer than twice the credit. Half a percent of
    ten lakh is 5,000 rupees: every one of the thirteen opinions with a chain is refused, the last
    for the event too.
    """
    day = lived(built, "iron_condor", PAPER, min_oi=0.0)

    answers = decisions(day)
    assert [body["approved"] for body in answers] == [False] * 13
    too_much = ["too-small", "per-trade-risk"]
    assert [body["refusals"] for body in answers] == [too_much] * 12 + [["event-window", *too_much]]
    for body in answers:
        at = datetime.fromisoformat(body["at"])
        chain = chain_at(told, options, at, FORTNIGHT)
        money = chain.atm
        credit = (
            chain.puts[money - 200].bid
            + chain.calls[money + 200].bid
            - chain.puts[money - 400].ask
            - chain.calls[money + 400].ask
        )
        to_stop = min(credit, 0.8 * (200 - credit))
        verdict = next(v for v in body["verdicts"] if v["rule"] == "per-trade-risk")
        assert Decimal(verdict["allowed"]) == 5_000
        assert float(verdict["measured"]) > 1.05 * to_stop * LOT
        assert 1.05 * to_stop * LOT > 4_900


def test_a_large_desk_takes_two_lots_of_the_condor(
    built: BuiltDay, told: Told, options: Options
) -> None:
    """15,000 rupees may be risked: two lots lose 10,762 with what comes on top, three 16,144."""
    day = lived(built, "iron_condor", LARGE, min_oi=0.0)
    first, *_ = plans(day, "iron_condor")
    chain = chain_at(told, options, at_of(first), FORTNIGHT)

    assert first["at"][11:16] == "10:50"
    assert legs_of(first, options) == [
        (1, chain.atm - 400, Kind.PUT),
        (1, chain.atm + 400, Kind.CALL),
        (-1, chain.atm - 200, Kind.PUT),
        (-1, chain.atm + 200, Kind.CALL),
    ]
    credit = first["entry"]
    assert credit == pytest.approx(
        chain.puts[chain.atm - 200].bid
        + chain.calls[chain.atm + 200].bid
        - chain.puts[chain.atm - 400].ask
        - chain.calls[chain.atm + 400].ask
    )
    assert first["stop"] == pytest.approx(credit + 0.8 * (200 - credit))
    decision = decisions(day)[0]
    quantity, risk = decision["quantity"], float(decision["risk_inr"])
    assert quantity == 2 * LOT
    assert risk <= 15_000 < risk / 2 * 3
    assert risk > (first["stop"] - credit) * quantity


def test_the_straddle_before_an_event_is_held_to_the_square_off(
    built: BuiltDay, told: Told, options: Options
) -> None:
    """At 13:05, 45 minutes before entries end for the event, both sides at the money are bought.

    The whole afternoon it is worth more than seven tenths and less than 1.4 times what was paid,
    so that it is sold at the square-off. Four more opinions are refused.
    """
    day = lived(built, "long_straddle", LARGE)
    (plan,) = plans(day, "long_straddle")
    chain = chain_at(told, options, at_of(plan), NEXT_WEEK)
    paid = chain.puts[chain.atm].ask + chain.calls[chain.atm].ask

    assert at_of(plan) == datetime(2026, 8, 18, 13, 5, tzinfo=IST)
    assert legs_of(plan, options) == [(1, chain.atm, Kind.PUT), (1, chain.atm, Kind.CALL)]
    assert plan["entry"] == pytest.approx(paid)
    assert (plan["stop"], plan["target1"]) == pytest.approx((0.7 * paid, 1.4 * paid))

    bought, sold = fills(day, "E"), fills(day, "X")
    square_off = datetime(2026, 8, 18, 15, 22, tzinfo=IST)
    afternoon = [
        worth
        for moment, worth in values(told, options, {key for _, key, _ in bought})
        if at_of(plan) < moment < square_off
    ]
    assert 0.7 * paid < min(afternoon)
    assert max(afternoon) < 1.4 * paid
    assert min(at for at, _, _ in sold) == square_off
    assert {key for _, key, _ in sold} == {key for _, key, _ in bought}
    assert [body["approved"] for body in decisions(day)] == [True, False, False, False, False]


def test_the_calendar_of_the_next_two_weeks_is_bought_at_the_nearer_money(
    built: BuiltDay, told: Told, options: Options
) -> None:
    """At 11:05, the first of its bars with a chain; the two weeks' volatilities are near equal."""
    day = lived(
        built, "calendar_spread", PAPER, min_iv_ratio=0.9, min_oi=0.0, max_iv_percentile=100.0
    )
    (plan,) = plans(day, "calendar_spread")
    near, far = (chain_at(told, options, at_of(plan), on) for on in (NEXT_WEEK, FORTNIGHT))
    strike = near.atm
    debit = far.calls[strike].ask - near.calls[strike].bid

    expiries: list[date | None] = [
        next(item.expiry for item in options.values() if item.key == leg["instrument"])
        for leg in plan["legs"]
    ]
    assert plan["at"][11:16] == "11:05"
    assert legs_of(plan, options) == [(1, strike, Kind.CALL), (-1, strike, Kind.CALL)]
    assert expiries == [FORTNIGHT, NEXT_WEEK]
    assert near.at_the_money / far.at_the_money >= 0.9
    assert plan["entry"] == pytest.approx(debit)
    levels = (plan["stop"], plan["target1"], plan["target2"])
    assert levels == pytest.approx((0.7 * debit, 1.15 * debit, 1.3 * debit))
    assert decisions(day)[0]["quantity"] == LOT
