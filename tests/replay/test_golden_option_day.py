"""18 August 2026 as the option strategies lived it, every structure worked out a second time.

NIFTY's minutes and its chain, a snapshot a minute from 10:43 on, are recorded; books are modelled
around the last prices. No volatility of days before is recorded, so the ranges of percentiles are
opened. A snapshot is up to a minute old, and the desk is told to live with that. The second
working-out stands in `chain_by_hand.py`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marketdata.built_day import BuiltDay
from marketdata.calendar import IST
from marketdata.dayset import RECORDED_DAYS, build_day
from marketdata.instruments import Instrument, Kind
from marketdata.tape import TapeReader, microseconds
from tests.replay.chain_by_hand import ByHand, LegByHand, by_hand, nearest, tried
from tests.replay.played import Day, Played
from trading.config import read

pytestmark = pytest.mark.shared_data

DAY = date(2026, 8, 18)
NEXT_WEEK, FORTNIGHT = date(2026, 8, 25), date(2026, 9, 1)
OPEN = {"min_iv_percentile": 0.0, "max_iv_percentile": 100.0}
STRATEGIES: dict[str, dict[str, Any]] = {
    "options_ranker": {"buy_max_iv_percentile": 100.0, "sell_min_iv_percentile": 0.0},
    "iron_condor": {**OPEN, "min_oi": 0.0},
    "trend_credit_spread": OPEN,
    "short_strangle": {
        "allow_naked_short": True,
        "min_iv_rank": 0.0,
        "max_iv_rank": 100.0,
        "latest_minute": 285,
    },
}


@pytest.fixture(scope="module")
def built(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    (spec,) = [each for each in RECORDED_DAYS if each.date == DAY]
    return build_day(spec, shared_data, tmp_path_factory.mktemp("option-day"))


def lived(built: BuiltDay) -> Played:
    config = read(
        {
            "strategies": STRATEGIES,
            "risk": {"max_spread": "0.02", "stale_after_seconds": 120.0},
        }
    )
    return Day(TapeReader(built.tape_path), built.warmup_path, config=config).play()


@pytest.fixture(scope="module")
def day(built: BuiltDay) -> Played:
    return lived(built)


@pytest.fixture(scope="module")
def told(built: BuiltDay) -> list[tuple[datetime, np.ndarray]]:
    return [(frame.at, frame.ticks) for frame in TapeReader(built.tape_path).frames()]


@pytest.fixture(scope="module")
def options(built: BuiltDay) -> dict[int, Instrument]:
    items = TapeReader(built.tape_path).head.instruments
    return {item.token: item for item in items if item.kind in (Kind.CALL, Kind.PUT)}


def chain_at(
    told: list[tuple[datetime, np.ndarray]],
    options: dict[int, Instrument],
    at: datetime,
    expiry: date,
) -> ByHand:
    """Return an expiry from every frame before a moment; what is older than six minutes is gone.

    A bar is closed before the frame of the same moment is heard.
    """
    newest: dict[Instrument, np.void] = {}
    for moment, ticks in told:
        if moment >= at:
            break
        for tick in ticks:
            if int(tick["token"]) in options:
                newest[options[int(tick["token"])]] = tick
    oldest = microseconds(at - timedelta(minutes=6))
    fresh = {item: tick for item, tick in newest.items() if tick["exchange_at"] >= oldest}
    return by_hand(fresh, expiry, at)


def plans(day: Played, strategy: str) -> list[dict[str, Any]]:
    """Return the strategy's plans of several legs, in order."""
    found = [note.body for note in day.of("PlanNoted")]
    return [body for body in found if body["strategy"] == strategy and len(body["legs"]) > 1]


def legs_of(plan: dict[str, Any], options: dict[int, Instrument]) -> list[LegByHand]:
    by_key = {item.key: item for item in options.values()}
    least = min(leg["quantity"] for leg in plan["legs"])
    found = []
    for leg in plan["legs"]:
        item = by_key[leg["instrument"]]
        ratio = leg["quantity"] // least * (1 if leg["side"] == "BUY" else -1)
        found.append((ratio, float(item.strike or 0), item.kind))
    return found


def at_of(plan: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(plan["at"])


def test_a_quiet_strategy_is_heard_every_fifteen_minutes_of_its_hours(day: Played) -> None:
    # From the bar that starts 45 minutes after the open and ends at 10:05, to the one before 14:00.
    heard = [
        datetime.fromisoformat(note.body["at"])
        for note in day.of("SignalNoted")
        if note.body["strategy"] == "iron_condor"
    ]

    first = datetime(2026, 8, 18, 10, 5, tzinfo=IST)
    assert heard == [first + timedelta(minutes=15 * place) for place in range(16)]
    assert all(
        note.body["direction"] == 0
        for note in day.of("SignalNoted")
        if note.body["strategy"] == "iron_condor"
    )


def test_before_the_first_snapshot_every_opinion_says_what_it_lacks(day: Played) -> None:
    early = [note.body for note in day.of("SignalNoted") if note.body["at"][11:16] < "10:43"]

    assert {body["strategy"] for body in early} == set(STRATEGIES)
    assert all(body["why_not"] for body in early)
    assert any("0 strikes with whole books" in body["why_not"] for body in early)


def test_the_trend_spread_is_the_one_worked_out_by_hand(
    day: Played, told: Any, options: dict[int, Instrument]
) -> None:
    # At 10:50 the index falls: calls are sold at a delta of 0.25 and hedged 100 points out.
    first, *_ = plans(day, "trend_credit_spread")
    chain = chain_at(told, options, at_of(first), NEXT_WEEK)
    sold = nearest(chain, True, 0.25)
    credit = chain.calls[sold].bid - chain.calls[sold + 100].ask

    assert first["at"][11:16] == "10:50"
    assert legs_of(first, options) == [(1, sold + 100, Kind.CALL), (-1, sold, Kind.CALL)]
    assert first["entry"] == pytest.approx(credit)
    assert first["stop"] == pytest.approx(min(2 * credit, credit + 0.8 * (100 - credit)))
    assert first["target2"] == pytest.approx(credit / 2)


def test_the_legs_of_the_trend_spread_are_told_as_they_were_quoted(
    day: Played, told: Any, options: dict[int, Instrument]
) -> None:
    first, *_ = plans(day, "trend_credit_spread")
    (noted,) = [
        note.body for note in day.of("CombinationNoted") if note.body["plan_id"] == first["plan_id"]
    ]
    chain = chain_at(told, options, at_of(first), NEXT_WEEK)

    bought, sold = (chain.calls[strike] for _, strike, _ in legs_of(first, options))
    hedge, short = noted["readings"]
    assert (hedge["mid"], hedge["touch"]) == pytest.approx((bought.mid, bought.ask))
    assert (short["mid"], short["touch"]) == pytest.approx((sold.mid, sold.bid))
    assert short["delta"] == pytest.approx(0.25, abs=0.05)
    for name in ("delta", "gamma", "theta", "vega"):
        assert noted[name] == pytest.approx(hedge[name] - short[name])


def test_every_structure_of_the_ranker_is_the_best_worked_out_by_hand(
    day: Played, told: Any, options: dict[int, Instrument]
) -> None:
    made = plans(day, "options_ranker")
    views = {
        note.body["at"]: note.body["direction"]
        for note in day.of("SignalNoted")
        if note.body["strategy"] == "options_ranker"
    }

    assert len(made) >= 3
    for plan in made:
        chain = chain_at(told, options, at_of(plan), NEXT_WEEK)
        candidates = list(tried(chain, views[plan["at"]] > 0))
        _, legs = max(candidates, key=lambda each: each[0])
        assert legs_of(plan, options) == legs


def test_the_strangle_of_the_last_day_is_the_one_worked_out_by_hand(
    day: Played, told: Any, options: dict[int, Instrument]
) -> None:
    (first,) = plans(day, "short_strangle")
    chain = chain_at(told, options, at_of(first), DAY)
    put, call = nearest(chain, False, 0.25), nearest(chain, True, 0.25)

    assert legs_of(first, options) == [(-1, put, Kind.PUT), (-1, call, Kind.CALL)]
    assert first["entry"] == pytest.approx(chain.puts[put].bid + chain.calls[call].bid)
    assert first["stop"] == pytest.approx(1.25 * first["entry"])


def test_what_may_be_acted_on_once_a_day_was(day: Played) -> None:
    for strategy in ("trend_credit_spread", "short_strangle", "iron_condor"):
        directions = [plan["direction"] for plan in plans(day, strategy)]
        assert len(directions) <= (2 if strategy == "trend_credit_spread" else 1)

    refused = [note.body["refusals"] for note in day.of("DecisionNoted")]
    assert ["duplicate-setup"] in refused


def test_the_day_ends_flat_and_is_the_same_when_lived_again(day: Played, built: BuiltDay) -> None:
    open_ = [trade for trade in day.engine.ledger.trades.values() if trade.position.quantity]

    assert open_ == []
    assert lived(built).records == day.records
