from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from marketdata.bars import BarGrid
from marketdata.features.atr import ATR
from marketdata.timeframes import Timeframe
from strategies.base import Frame
from strategies.opening_range import OpeningRange
from strategies.opinions import RepeatMemory, allow_batch
from strategies.signals import Signals

OPEN = 1_763_869_500
YESTERDAY, TODAY = 739_000, 739_001
PLAIN = OpeningRange(min_volume_ratio=0.0, max_opening_gap=0.0, skip_minutes=0)
INSIDE = [24_980.0] * 15
Batch = Callable[[OpeningRange, BarGrid], Signals]


def _day(after: list[float], opened: float = 24_980.0, busy: float = 2.0) -> BarGrid:
    """Return yesterday (25 bars closing at 24,980) and today: a range of 24,950 to 25,000, then
    `after`, whose bars trade `busy` times yesterday's volume."""
    today = [opened, *INSIDE[1:], *after]
    close = np.array([24_980.0] * 25 + today)
    high, low = close.copy(), close.copy()
    high[25 + 1], low[25 + 3] = 25_000.0, 24_950.0
    volume = np.array([1000.0] * 40 + [1000.0 * busy] * len(after))
    minute = np.concatenate((np.arange(25), np.arange(len(today))))
    session = np.array([YESTERDAY] * 25 + [TODAY] * len(today))
    columns = {"open": close, "high": high, "low": low, "close": close, "volume": volume}
    return BarGrid(
        timeframe=Timeframe.MINUTE,
        start=OPEN + (session - YESTERDAY) * 86_400 + minute * 60,
        session=session,
        minute=minute,
        oi=np.zeros((len(close), 1)),
        gap=np.zeros((len(close), 1), dtype=np.bool_),
        **{name: values.reshape(-1, 1) for name, values in columns.items()},
    )


def _spoken(said: Signals) -> list[tuple[int, int]]:
    """Return each opinion as minutes after today's open to the bar's start, and side."""
    return [(int(row) - 25, int(said.side[row, 0])) for row in np.flatnonzero(said.side[:, 0])]


def test_the_golden_long_comes_on_the_third_close_with_levels_exact_to_the_tick(
    batch: Batch,
) -> None:
    said = batch(OpeningRange(), _day([25_001.0, 25_002.0, 25_005.0, 25_006.0]))

    assert _spoken(said) == [(17, 1)]
    row = 25 + 17
    assert said.entry[row, 0] == 25_005.0
    assert said.stop[row, 0] == 24_950.0
    assert round(said.target1[row, 0], 6) == 25_071.0
    assert round(said.target2[row, 0], 6) == 25_104.0
    assert said.confidence[row, 0] == 0.75


def test_a_short_is_the_mirror_image(batch: Batch) -> None:
    said = batch(OpeningRange(), _day([24_949.0, 24_948.0, 24_945.0]))

    assert _spoken(said) == [(17, -1)]
    row = 25 + 17
    assert (said.stop[row, 0], round(said.target1[row, 0], 6)) == (25_000.0, 24_879.0)
    assert round(said.target2[row, 0], 6) == 24_846.0


def test_without_a_break_nothing_is_said(batch: Batch) -> None:
    assert _spoken(batch(PLAIN, _day([24_999.0, 24_951.0] * 20))) == []


def test_a_close_on_the_threshold_does_not_break(batch: Batch) -> None:
    at_edge, beyond = 25_000.25, 25_000.30

    assert _spoken(batch(PLAIN, _day([at_edge] * 6))) == []
    assert _spoken(batch(PLAIN, _day([beyond] * 6))) == [(17, 1)]


def test_a_false_break_starts_the_count_again(batch: Batch) -> None:
    said = batch(PLAIN, _day([25_005.0, 25_005.0, 24_990.0, 25_005.0, 25_005.0, 25_005.0]))

    assert _spoken(said) == [(20, 1)]


def test_a_flip_to_the_other_side_starts_the_count_again(batch: Batch) -> None:
    said = batch(PLAIN, _day([25_005.0, 25_005.0, 24_940.0, 24_940.0, 24_940.0]))

    assert _spoken(said) == [(19, -1)]


def test_a_side_speaks_once_a_day_though_it_is_armed_again(batch: Batch) -> None:
    long, inside, short = [25_005.0] * 3, [24_990.0], [24_945.0] * 3
    grid = _day(long + inside + long + short + inside + short)

    said = batch(PLAIN, grid)
    allowed = allow_batch(PLAIN.repeat, said.side, grid.session, grid.start)

    assert _spoken(said) == [(17, 1), (21, 1), (24, -1), (28, -1)]
    assert _spoken(replace(said, side=allowed)) == [(17, 1), (24, -1)]


def test_half_a_range_puts_the_stop_in_the_middle(batch: Batch) -> None:
    said = batch(replace(PLAIN, stop_fraction=0.5), _day([25_005.0] * 3))

    assert said.stop[25 + 17, 0] == 24_975.0


@pytest.mark.parametrize(("after", "side"), [([25_005.0] * 3, 1), ([24_945.0] * 3, -1)])
def test_a_stop_in_average_ranges_lies_that_far_from_the_entry(
    batch: Batch, after: list[float], side: int
) -> None:
    strategy = replace(PLAIN, stop_atr=2.0, atr_period=5)
    grid = _day(after)

    said = batch(strategy, grid)

    atr = float(ATR(5).run(grid)[0][-1, 0])
    assert said.side[-1, 0] == side
    assert said.stop[-1, 0] == pytest.approx(after[-1] - side * 2.0 * atr)
    assert said.target2[-1, 0] == pytest.approx(after[-1] + side * 1.8 * 2.0 * atr)


def test_an_extreme_in_the_second_minute_is_still_in_the_range(batch: Batch) -> None:
    grid = _day([25_005.0] * 3)
    grid.high[25 + 1] = 25_004.0

    assert batch(PLAIN, grid).stop[25 + 17, 0] == 24_950.0
    grid.high[25 + 1] = 25_006.0
    assert _spoken(batch(PLAIN, grid)) == []


@pytest.mark.parametrize(
    ("change", "heard"),
    [
        ({"min_volume_ratio": 2.0}, True),
        ({"min_volume_ratio": 2.5}, False),
        ({"confirmations": 1}, True),
        ({"confirmations": 4}, False),
        ({"breakout_threshold": 0.09}, True),
        ({"breakout_threshold": 0.2}, False),
        ({"skip_minutes": 17}, True),
        ({"skip_minutes": 18}, False),
        ({"latest_minute": 18}, True),
        ({"latest_minute": 17}, False),
        ({"min_range_width": 0.0019}, True),
        ({"min_range_width": 0.0021}, False),
        ({"max_range_width": 0.0021}, True),
        ({"max_range_width": 0.0019}, False),
        ({"ema_period": 20}, True),
        ({"range_minutes": 10}, True),
        ({"range_minutes": 18}, False),
    ],
)
def test_each_filter_lets_pass_and_refuses(
    batch: Batch, change: dict[str, float], heard: bool
) -> None:
    grid = _day([25_005.0] * 3)
    grid.volume[25 + 17] = 2.4 * grid.volume[25:42].mean()

    said = batch(replace(PLAIN, **change), grid)

    assert bool(_spoken(said)) is heard


def test_the_average_filter_refuses_a_break_against_it(batch: Batch) -> None:
    grid = _day([25_005.0] * 3)
    grid.close[:25] = grid.high[:25] = grid.low[:25] = 26_000.0

    assert _spoken(batch(PLAIN, grid)) == [(17, 1)]
    assert _spoken(batch(replace(PLAIN, ema_period=30), grid)) == []


def test_a_gap_of_the_limit_passes_and_a_larger_one_is_refused(batch: Batch) -> None:
    strategy = replace(PLAIN, max_opening_gap=0.02)
    after = [25_005.0] * 3
    within, beyond = _day(after), _day(after)
    within.close[24], beyond.close[24] = 24_980.0 / 1.0199, 24_980.0 / 1.0201

    assert _spoken(batch(strategy, within)) == [(17, 1)]
    assert _spoken(batch(strategy, beyond)) == []


def test_a_gap_downwards_is_refused_as_well(batch: Batch) -> None:
    grid = _day([25_005.0] * 3)
    grid.close[24] = 24_980.0 / 0.9799

    assert _spoken(batch(replace(PLAIN, max_opening_gap=0.02), grid)) == []


def test_dear_volatility_is_refused_where_a_rank_is_asked_and_an_unknown_one_too(
    frame: Callable[..., Frame],
) -> None:
    strategy = replace(PLAIN, max_iv_rank=60.0)

    def side(asked: OpeningRange, **context: float) -> int:
        seen = frame(
            minute=60,
            bar={"close": 101.0},
            range={"high": 100.0, "low": 98.0, "closes_above": 3.0, "closes_below": 0.0},
            day={"gap": 0.0},
            volume={"relative_volume": 2.0},
            context=context,
        )
        return int(asked.signals(seen).side[0])

    ranks = (0.0, 60.0, 60.1, 100.0, np.nan)
    assert [side(strategy, iv_rank=rank) for rank in ranks] == [1, 1, 0, 0, 0]
    assert side(strategy) == 0
    assert side(PLAIN, iv_rank=100.0) == side(PLAIN) == 1
    assert (strategy.context, PLAIN.context) == (("iv_rank",), ())


def test_without_a_previous_close_the_gap_is_unknown_and_refused(batch: Batch) -> None:
    grid = _day([25_005.0] * 3)
    first_day = BarGrid(
        Timeframe.MINUTE,
        **{name: getattr(grid, name)[25:] for name in BarGrid.__slots__ if name != "timeframe"},
    )

    strict = batch(replace(PLAIN, max_opening_gap=0.02), first_day)

    assert not strict.side.any()
    assert batch(PLAIN, first_day).side[17, 0] == 1


def test_low_volume_and_no_volume_are_refused(batch: Batch) -> None:
    strategy = replace(PLAIN, min_volume_ratio=1.5)
    quiet, silent = _day([25_005.0] * 3, busy=1.0), _day([25_005.0] * 3)
    silent.volume[:] = 0.0

    assert _spoken(batch(strategy, quiet)) == []
    assert _spoken(batch(strategy, silent)) == []
    assert _spoken(batch(PLAIN, silent)) == [(17, 1)]


def test_missing_bars_in_the_range_make_it_invalid_for_the_day(batch: Batch) -> None:
    grid = _day([25_005.0] * 10)
    grid.gap[25 + 5] = True

    assert _spoken(batch(PLAIN, grid)) == []
    assert _spoken(batch(replace(PLAIN, range_coverage=0.9), grid)) == [(17, 1)]


def test_a_start_after_the_window_gives_no_range_that_day(batch: Batch) -> None:
    grid = _day([25_005.0] * 10)
    late = np.r_[0:25, 25 + 12 : len(grid)]
    seen = BarGrid(
        Timeframe.MINUTE,
        **{name: getattr(grid, name)[late] for name in BarGrid.__slots__ if name != "timeframe"},
    )

    assert not batch(PLAIN, seen).side.any()


def test_yesterdays_range_says_nothing_this_morning(batch: Batch) -> None:
    grid = _day([25_005.0] * 3)
    grid.close[25:40] = grid.high[25:40] = grid.low[25:40] = 25_200.0

    assert _spoken(batch(PLAIN, grid)) == [(17, -1)]


def test_a_restart_in_mid_morning_goes_on_as_if_it_had_not_been(watch: type) -> None:
    grid = _day([25_005.0] * 3 + [24_990.0] + [25_005.0] * 4)
    first, memory = watch(PLAIN, 1), RepeatMemory(PLAIN.repeat, 1)
    heard = []
    for row in range(len(grid)):
        bar = grid.row(row)
        heard.append(memory.allow(first.see(bar).side, bar.session, bar.start))

    again, replayed = watch(PLAIN, 1), RepeatMemory(PLAIN.repeat, 1)
    for row in range(44):
        bar = grid.row(row)
        replayed.allow(again.see(bar).side, bar.session, bar.start)
    tail = [
        replayed.allow(again.see(grid.row(row)).side, grid.row(row).session, grid.row(row).start)
        for row in range(44, len(grid))
    ]

    assert np.array_equal(np.array(heard[44:]), np.array(tail))
    assert sum(int(side[0]) for side in heard) == 1


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("range_minutes", 0, "range_minutes: 0, expected 1 to 375"),
        ("range_coverage", 1.5, "range_coverage: 1.5, expected 0.01 to 1"),
        ("confirmations", 0, "confirmations: 0, expected 1 to 60"),
        ("breakout_threshold", -0.1, "breakout_threshold: -0.1, expected 0 to 10"),
        ("stop_fraction", 0.0, "stop_fraction: 0.0, expected 0.01 to 1"),
        ("first_target_r", 1.8, "first_target_r: 1.8, expected below reward_to_risk (1.8)"),
        ("reward_to_risk", float("nan"), "reward_to_risk: nan, expected 0.01 to 100"),
        ("min_volume_ratio", -1.0, "min_volume_ratio: -1.0, expected 0 or more"),
        ("volume_bars", 0, "volume_bars: 0, expected 1 to 500"),
        ("max_iv_rank", 100.5, "max_iv_rank: 100.5, expected 0 to 100"),
        ("max_opening_gap", 2.0, "max_opening_gap: 2.0, expected 0 to 1"),
        ("skip_minutes", -1, "skip_minutes: -1, expected 0 to 1440"),
        ("ema_period", -1, "ema_period: -1, expected 0 to 1000"),
        ("confidence", 1.1, "confidence: 1.1, expected 0 to 1"),
    ],
)
def test_a_parameter_out_of_range_is_named(field: str, value: float, expected: str) -> None:
    with pytest.raises(ValueError) as error:
        OpeningRange(**{field: value})

    assert str(error.value) == expected


def test_a_widest_range_below_the_narrowest_is_refused() -> None:
    with pytest.raises(ValueError, match=r"min_range_width: 0\.02, expected below max_range_width"):
        OpeningRange(min_range_width=0.02, max_range_width=0.01)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_live_equals_batch_bit_for_bit(
    random_grid: Callable[..., BarGrid], batch: Batch, watch: type, seed: int
) -> None:
    grid = random_grid(seed, Timeframe.MINUTE, 3, 60, 4)
    strategy = OpeningRange(min_volume_ratio=0.8, ema_period=20, stop_fraction=0.5)
    whole, live = batch(strategy, grid), watch(strategy, 4)

    assert whole.side.any()
    for row in range(len(grid)):
        now = live.see(grid.row(row))
        for name in Signals.__slots__:
            assert np.array_equal(
                getattr(whole, name)[row], getattr(now, name), equal_nan=name != "side"
            )


@pytest.mark.parametrize("seed", [4, 5])
def test_changing_the_future_changes_nothing_before_it(
    random_grid: Callable[..., BarGrid],
    future_changed: Callable[..., BarGrid],
    batch: Batch,
    seed: int,
) -> None:
    grid = random_grid(seed, Timeframe.MINUTE, 2, 60, 4)
    before, after = batch(PLAIN, grid), batch(PLAIN, future_changed(grid, 85))

    assert before.side.any()
    assert np.array_equal(before.side[:86], after.side[:86])
    assert np.array_equal(before.stop[:86], after.stop[:86], equal_nan=True)
    assert not np.array_equal(before.entry, after.entry, equal_nan=True)
