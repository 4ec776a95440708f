from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from marketdata.features.atr import ATR
from marketdata.features.retest import RetestedBreak

QUIET = [100.0, 99.0] * 6
RULE = RetestedBreak(bars=10, confirmations=2, retest_bars=4, tolerance=0.5, atr_period=5)


def attempts(bars, rule):
    """Return side, level and volume ratio of one column, told in sentences instead of states."""
    close, high, low, volume, session, atr = bars
    out = []
    live = {1: None, -1: None}
    for t in range(len(close)):
        if t == 0 or session[t] != session[t - 1]:
            live = {1: None, -1: None}
        said = (np.nan, np.nan, np.nan)
        if t >= rule.bars and not np.isnan(atr[t]):
            said = (0.0, np.nan, np.nan)
            for way in (1, -1):
                c = way * close[t]
                near, far = (low, high) if way > 0 else (-high, -low)
                level = max(far[t - rule.bars : t])
                usual = np.mean(volume[t - rule.bars : t])
                ratio = volume[t] / usual if usual > 0 else np.nan
                now = live[way]
                if now is None:
                    if c > level:
                        live[way] = {"level": level, "closes": 1, "since": None, "ratio": ratio}
                elif now["closes"] < rule.confirmations:
                    now["closes"] += 1
                    if not c > now["level"]:
                        live[way] = None
                else:
                    now.setdefault("seen", []).append(near[t])
                    slack = rule.tolerance * atr[t]
                    touched = now.get("touched", False) or near[t] <= now["level"] + slack
                    now["touched"] = touched
                    if touched and c > now["level"] and c > far[t - 1]:
                        said = (float(way), way * now["level"], now["ratio"])
                        live[way] = None
                    elif c < now["level"] - slack or len(now["seen"]) >= rule.retest_bars:
                        live[way] = None
        out.append(said)
    return np.array(out).T


@pytest.mark.parametrize(
    "rule",
    [RULE, RetestedBreak(bars=5, confirmations=1, retest_bars=20, tolerance=1.0), RetestedBreak()],
    ids=["two closes", "one close", "as it comes"],
)
def test_it_agrees_with_the_rule_told_in_sentences(history, rule):
    ours = rule.run(history)

    atr = ATR(rule.atr_period).run(history)[0]
    for column in range(history.close.shape[1]):
        names = ("close", "high", "low", "volume")
        bars = [getattr(history, name)[:, column] for name in names]
        expected = attempts((*bars, history.session, atr[:, column]), rule)
        np.testing.assert_allclose(ours[:, :, column], expected, rtol=1e-9)
    if rule is not RULE:
        assert {-1.0, 1.0} <= set(ours[0].ravel().tolist())


def spoken(make_grid, after, rule=RULE, **columns):
    """Return the places, counted behind the quiet bars, and sides of what is said."""
    close = QUIET + after
    given = {name: [*QUIET, *values] for name, values in columns.items()}
    side = rule.run(make_grid(close, **given))[0, :, 0]
    found = np.flatnonzero(np.nan_to_num(side))
    return [(int(t) - len(QUIET), int(side[t])) for t in found]


def test_a_break_that_comes_back_and_goes_on_is_told_on_the_bar_that_goes_on(make_grid):
    assert spoken(make_grid, [102.0, 103.0, 100.2, 104.0]) == [(3, 1)]


def test_the_mirror_image_is_told_as_the_other_side(make_grid):
    assert spoken(make_grid, [97.0, 96.0, 98.8, 95.0]) == [(3, -1)]


def test_a_bar_may_touch_and_go_on_at_once(make_grid):
    assert spoken(make_grid, [102.0, 103.0, 104.0], low=[102.0, 103.0, 100.2]) == [(2, 1)]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param([102.0, 103.0, 104.0, 105.0, 106.0, 107.0], id="never comes back"),
        pytest.param([102.0, 100.0, 100.2, 103.0, 101.0], id="not confirmed"),
        pytest.param([102.0, 103.0, 97.0, 100.2, 104.0], id="falls through"),
        pytest.param([102.0, 103.0, 102.9, 102.8, 102.7, 102.6, 100.2, 104.0], id="too late"),
        pytest.param([102.0, 103.0, 100.2, 100.1, 100.05], id="does not go on"),
    ],
)
def test_anything_else_is_no_retest(make_grid, after):
    assert spoken(make_grid, after) == []


def test_the_level_is_that_of_the_bars_before_the_break(make_grid):
    side, level, ratio = RULE.run(
        make_grid(
            [*QUIET, 102.0, 103.0, 100.2, 104.0],
            volume=[10.0] * len(QUIET) + [25.0, 90.0, 90.0, 90.0],
        )
    )[:, -1, 0]

    assert (side, level, ratio) == (1.0, 100.0, 2.5)


def test_a_night_ends_an_attempt(make_grid):
    after = [102.0, 103.0, 100.2, 104.0]
    grid = make_grid(QUIET + after, minutes_a_day=len(QUIET) + 2)

    assert not np.nan_to_num(RULE.run(grid)[0]).any()


def test_a_bar_without_a_trade_neither_confirms_nor_counts(make_grid):
    grid = make_grid([*QUIET, 102.0, 102.0, 103.0, 100.2, 104.0])
    gap = grid.gap.copy()
    gap[len(QUIET) + 1] = True

    assert np.flatnonzero(RULE.run(replace(grid, gap=gap))[0, :, 0] == 1.0).tolist() == [16]


def test_without_volume_there_is_no_ratio(make_grid):
    said = RULE.run(make_grid([*QUIET, 102.0, 103.0, 100.2, 104.0], volume=[0.0] * 16))[:, -1, 0]

    assert said[0] == 1.0
    assert np.isnan(said[2])


@pytest.mark.parametrize("field", ["bars", "confirmations", "retest_bars", "atr_period"])
def test_wrong_parameters_are_refused(field):
    with pytest.raises(ValueError, match=field):
        RetestedBreak(**{field: 0})
