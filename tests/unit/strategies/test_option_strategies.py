"""What holds of every strategy that trades options: hours, options, readings, parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from math import nan
from typing import Any

import numpy as np
import pytest

from marketdata.bars import BarGrid
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Strategy
from strategies.calendar_spread import CalendarSpread
from strategies.context import DAYS_TO_EXPIRY, IV_PERCENTILE, IV_RANK, MINUTES_TO_EVENT
from strategies.expiry_strangle import ExpiryStrangle
from strategies.frames import batch_frame, live_frame
from strategies.iron_condor import IronCondor
from strategies.long_straddle import LongStraddle
from strategies.options_ranker import OptionsRanker
from strategies.registry import STRATEGIES, StrategyConfigError, build_strategies
from strategies.short_strangle import ShortStrangle
from strategies.signals import NEUTRAL_SIDE, Direction
from strategies.trend_credit_spread import TrendCreditSpread
from tests.unit.strategies.option_market import (
    built,
    market_of,
    reads,
    reason,
    view,
)

Make = Callable[..., Frame]
LONG, SHORT, NEUTRAL = Direction.LONG, Direction.SHORT, Direction.NEUTRAL
QUIET = (IronCondor(), ShortStrangle(), ExpiryStrangle(), LongStraddle(), CalendarSpread())
ALL = (*QUIET, TrendCreditSpread(), OptionsRanker())
KNOWN = {DAYS_TO_EXPIRY: 0.0, IV_PERCENTILE: 50.0, IV_RANK: 20.0, MINUTES_TO_EVENT: 20.0}
UP = {
    "fast": {"ema": 102.0},
    "slow": {"ema": 100.0},
    "adx": {"adx": 30.0, "plus_di": 30.0, "minus_di": 10.0},
    "atr": {"atr": 2.0},
    "trend": {"direction": 1.0},
    "mean": {"middle": 100.0},
    "day": {"return_today": 0.001, "session_open": 102.0},
    "realised": {"volatility": 0.10},
}


def looks(strategy: Strategy, make: Make, **changed: Any) -> Frame:
    """Return a frame in which the strategy speaks, with something changed."""
    wanted = {name: UP[name] for name in strategy.features()}
    context = {**{name: KNOWN[name] for name in strategy.context}, **changed.pop("context", {})}
    middle = (strategy.earliest_minute + strategy.latest_minute) // 2  # type: ignore[attr-defined]
    minute = changed.pop("minute", middle)
    return make(minute=minute, bar={"close": 103.0}, context=context, **{**wanted, **changed})


def side(strategy: Strategy, frame: Frame) -> int:
    return int(strategy.signals(frame).side[0])


@pytest.mark.parametrize("strategy", ALL, ids=lambda each: each.name)
def test_it_speaks_in_its_hours_only(strategy: Any, frame: Make) -> None:
    first, last = strategy.earliest_minute, strategy.latest_minute

    said = [side(strategy, looks(strategy, frame, minute=m)) for m in (first, last - 1, last)]

    expected = NEUTRAL_SIDE if strategy in QUIET else 1
    assert said == [expected, expected, 0]
    if first:
        assert side(strategy, looks(strategy, frame, minute=first - 1)) == 0


@pytest.mark.parametrize("strategy", ALL, ids=lambda each: each.name)
def test_what_has_no_options_is_never_spoken_of(strategy: Strategy, frame: Make) -> None:
    without = looks(strategy, frame, context={DAYS_TO_EXPIRY: nan})

    assert side(strategy, without) == 0
    assert side(strategy, replace(without, context={})) == 0


@pytest.mark.parametrize("strategy", QUIET, ids=lambda each: each.name)
def test_an_opinion_without_a_direction_has_the_close_for_all_its_levels(
    strategy: Strategy, frame: Make
) -> None:
    said = strategy.signals(looks(strategy, frame))

    assert [float(getattr(said, name)[0]) for name in ("entry", "stop", "target1", "target2")] == [
        103.0
    ] * 4
    assert said.confidence[0] == strategy.confidence  # type: ignore[attr-defined]


@pytest.mark.parametrize("strategy", ALL, ids=lambda each: each.name)
def test_a_column_without_a_price_is_not_spoken_of(strategy: Strategy, frame: Make) -> None:
    seen = looks(strategy, frame)

    assert side(strategy, replace(seen, close=np.array([nan]))) == 0


def batch_sides(strategy: Strategy, grid: BarGrid, context: dict[str, Any]) -> Any:
    wanted = strategy.features()
    outputs = {
        feature: dict(zip(feature.outputs, feature.run(grid), strict=True))
        for feature in wanted.values()
    }
    return strategy.signals(batch_frame(wanted, grid, outputs, context)).side


def live_sides(strategy: Strategy, grid: BarGrid, context: dict[str, Any]) -> list[Any]:
    wanted = strategy.features()
    states = {feature: feature.new_state(4) for feature in wanted.values()}
    said = []
    for place in range(len(grid.start)):
        bar = grid.row(place)
        outputs = {
            feature: dict(zip(feature.outputs, feature.step(state, bar), strict=True))
            for feature, state in states.items()
        }
        beside = {name: values[place] for name, values in context.items()}
        said.append(strategy.signals(live_frame(wanted, bar, outputs, beside)).side)
    return said


def random_context(strategy: Strategy, rows: int) -> dict[str, Any]:
    dice = np.random.default_rng(3)
    context = {name: np.full((rows, 4), KNOWN[name]) for name in strategy.context}
    for values in context.values():
        values[dice.random((rows, 4)) < 0.2] = np.nan
    return context


LOOSE = (
    IronCondor(max_adx=25.0),
    ShortStrangle(),
    ExpiryStrangle(),
    LongStraddle(),
    CalendarSpread(),
    TrendCreditSpread(min_adx=10.0),
    OptionsRanker(slow_period=55),
)


@pytest.mark.parametrize("strategy", LOOSE, ids=lambda each: each.name)
def test_batch_row_t_is_what_is_said_live(strategy: Any, random_grid: Callable[..., Any]) -> None:
    grid = random_grid(7, Timeframe.MINUTES_5, 3, 75, 4)
    context = random_context(strategy, len(grid.start))

    batch = batch_sides(strategy, grid, context)

    assert batch.any()
    assert np.array_equal(batch, np.array(live_sides(strategy, grid, context)))


@pytest.mark.parametrize("strategy", LOOSE, ids=lambda each: each.name)
@pytest.mark.parametrize("cut", [80, 130, 200])
def test_changing_the_future_changes_nothing_before_it(
    strategy: Any, cut: int, random_grid: Callable[..., Any], future_changed: Any
) -> None:
    grid = random_grid(11, Timeframe.MINUTES_5, 3, 75, 4)
    context = random_context(strategy, len(grid.start))

    before = batch_sides(strategy, grid, context)[: cut + 1]
    after = batch_sides(strategy, future_changed(grid, cut), context)[: cut + 1]

    assert np.array_equal(before, after)


@pytest.mark.parametrize("strategy", ALL, ids=lambda each: each.name)
def test_an_unknown_reading_is_refused_when_a_structure_is_asked(strategy: Any) -> None:
    bold = {"allow_naked_short": True} if hasattr(strategy, "allow_naked_short") else {}
    rule = replace(strategy, **bold).structure
    blind = reads(view(LONG), iv_percentile=nan, iv_rank=nan)

    assert "of NIFTY 50 is not known" in reason(rule.build(blind, market_of()))


def test_a_range_of_all_percentiles_asks_nothing_of_a_desk_without_a_history() -> None:
    strategy = LongStraddle(min_iv_percentile=0.0, max_iv_percentile=100.0)
    blind = reads(view(), iv_percentile=nan)

    built(strategy.structure.build(blind, market_of()))


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("iron_condor", {"sold_by": "delta", "sold": 200.0}, "sold: 200.0, expected 0.01 to 0.99"),
        ("iron_condor", {"sold_by": "guess"}, "sold_by: 'guess', expected one of delta, fraction"),
        ("iron_condor", {"width_by": "delta"}, "width_by: 'delta', expected one of fraction"),
        ("iron_condor", {"min_days": 30}, "min_days: 30, expected 0 to max_days"),
        ("iron_condor", {"stop": 1.0}, "stop: 1.0, expected 1.01 to 100"),
        ("iron_condor", {"target": 1.0}, "target: 1.0, expected 0.01 to 0.99"),
        ("iron_condor", {"out_at": "noon"}, "out_at: 'noon', expected a time of day like 15:10"),
        ("iron_condor", {"underlyings": "NIFTY,,X"}, "underlyings: 'NIFTY,,X', expected names"),
        ("iron_condor", {"gap_minutes": -1}, "gap_minutes: -1, expected 0 to 375"),
        ("iron_condor", {"max_positions": 0}, "max_positions: 0, expected 1 to 100"),
        ("short_strangle", {"delta": 0.6}, "delta: 0.6, expected 0.01 to 0.5"),
        ("short_strangle", {"first_target": 0.9}, "first_target: 0.9, expected below target"),
        ("expiry_strangle", {"min_iv_percentile": 90.0}, "min_iv_percentile: 90.0, expected below"),
        ("long_straddle", {"stop": 1.2}, "stop: 1.2, expected 0.01 to 0.99"),
        ("long_straddle", {"until_minutes": 60.0}, "until_minutes: 60.0, expected below"),
        ("trend_credit_spread", {"fast_period": 60}, "fast_period: 60, expected below slow_period"),
        ("options_ranker", {"min_delta": 0.6}, "min_delta: 0.6, expected below max_delta"),
        ("options_ranker", {"max_width": 0}, "max_width: 0, expected 1 to 20"),
        ("calendar_spread", {"far_min_days": 5}, "max_days: 7, expected below far_min_days (5)"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(
    name: str, parameters: dict[str, object], words: str
) -> None:
    with pytest.raises(StrategyConfigError) as caught:
        build_strategies({name: parameters})

    assert f"{name}.{words}" in str(caught.value)


def test_a_ranker_with_every_structure_off_is_refused() -> None:
    off = {f"with_{kind}": False for kind in ("debit_spreads", "credit_spreads", "single_options")}

    with pytest.raises(StrategyConfigError, match="every structure is off"):
        build_strategies({"options_ranker": off})


def test_every_option_strategy_is_registered() -> None:
    assert {strategy.name for strategy in ALL} <= set(STRATEGIES)
    assert all(field.name != "context" for strategy in ALL for field in fields(strategy))


@pytest.mark.parametrize("strategy", [*QUIET, TrendCreditSpread()], ids=lambda each: each.name)
def test_it_may_be_heard_again_until_it_is_acted_on(strategy: Strategy) -> None:
    repeat = strategy.repeat

    assert not repeat.once_a_side_a_day
    assert repeat.gap_minutes > 0
    assert repeat.acted_on_once_a_day


# each strategy's own rules -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "changed"),
    [
        (IronCondor(max_adx=30.0), {"adx": {"adx": 30.1}}),
        (IronCondor(max_adx=30.0), {"adx": {"adx": nan}}),
        (IronCondor(max_move=0.005), {"day": {"return_today": -0.0051}}),
        (ShortStrangle(), {"day": {"return_today": 0.0051}}),
        (ShortStrangle(), {"day": {"return_today": nan}}),
        (CalendarSpread(), {"day": {"return_today": -0.0051}}),
        (ExpiryStrangle(), {"context": {DAYS_TO_EXPIRY: 1.0}}),
        # The usual day's range is 2 x sqrt(75) = 17.3; 1.5 times that is 26 from the open.
        (ExpiryStrangle(), {"day": {"session_open": 76.9}}),
        (ExpiryStrangle(), {"atr": {"atr": nan}}),
        (LongStraddle(), {"context": {MINUTES_TO_EVENT: nan}}),
        (LongStraddle(), {"context": {MINUTES_TO_EVENT: 45.1}}),
        (LongStraddle(), {"context": {MINUTES_TO_EVENT: 0.9}}),
        (TrendCreditSpread(), {"adx": {"adx": 21.9, "plus_di": 30.0, "minus_di": 10.0}}),
        (TrendCreditSpread(), {"adx": {"adx": 30.0, "plus_di": 10.0, "minus_di": 30.0}}),
        (TrendCreditSpread(), {"fast": {"ema": 103.5}}),
        (TrendCreditSpread(), {"fast": {"ema": 99.0}}),
        (TrendCreditSpread(), {"atr": {"atr": nan}}),
        (OptionsRanker(), {"atr": {"atr": nan}}),
        (OptionsRanker(), {"slow": {"ema": nan}}),
        # Average and trend disagree, and 103 is not 0.5 % above a mean of 102.6.
        (OptionsRanker(), {"trend": {"direction": -1.0}, "mean": {"middle": 102.6}}),
    ],
)
def test_a_filter_that_fails_keeps_it_silent(
    strategy: Strategy, changed: dict[str, Any], frame: Make
) -> None:
    relaxed = {name: {**UP[name], **value} for name, value in changed.items() if name in UP}
    if "context" in changed:
        relaxed["context"] = changed["context"]

    assert side(strategy, looks(strategy, frame)) != 0
    assert side(strategy, looks(strategy, frame, **relaxed)) == 0


def test_the_trend_spread_follows_a_downtrend_too(frame: Make) -> None:
    down = {
        "fast": {"ema": 104.0},
        "slow": {"ema": 106.0},
        "adx": {"adx": 30.0, "plus_di": 10.0, "minus_di": 30.0},
    }
    said = TrendCreditSpread().signals(looks(TrendCreditSpread(), frame, **down))

    assert int(said.side[0]) == -1
    assert said.stop[0] == 103.0 + 1.5 * 2.0


@pytest.mark.parametrize(
    ("trend", "middle", "expected"), [(-1.0, 102.4, 1), (-1.0, 103.6, -1), (-1.0, 103.0, 0)]
)
def test_without_agreement_the_ranker_looks_at_the_distance_from_the_mean(
    trend: float, middle: float, expected: int, frame: Make
) -> None:
    seen = looks(OptionsRanker(), frame, trend={"direction": trend}, mean={"middle": middle})

    assert side(OptionsRanker(), seen) == expected
