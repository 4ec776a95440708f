from __future__ import annotations

import math

import numpy as np
import pytest

from marketdata.correlation import correlation, correlations

MINUTES = 5 * np.arange(40, dtype=np.int64)


def walk(seed: int, rows: int = 40) -> np.ndarray:
    return 100.0 * np.cumprod(1.0 + np.random.default_rng(seed).normal(0.0, 0.002, rows))


def test_it_is_numpys_of_the_same_returns() -> None:
    first, second = walk(1), walk(2) + walk(1)

    returns = [values[1:] / values[:-1] - 1.0 for values in (first, second)]

    expected = np.corrcoef(*returns)[0, 1]
    assert correlation(first, second, MINUTES, 10) == pytest.approx(expected, abs=1e-12)


def test_what_moves_alike_is_one_and_what_moves_against_it_minus_one() -> None:
    close = walk(1)
    against = 100.0 * np.cumprod(np.concatenate(([1.0], 2.0 - close[1:] / close[:-1])))

    assert correlation(close, 7.0 * close, MINUTES, 10) == pytest.approx(1.0)
    assert correlation(close, against, MINUTES, 10) == pytest.approx(-1.0)


def test_a_night_counts_nothing() -> None:
    first, second = walk(1), walk(2)
    apart, minutes = first.copy(), MINUTES.copy()
    apart[20:] *= 1.5
    minutes[20:] = MINUTES[:20]

    within = correlation(first, second, minutes, 10)

    assert correlation(apart, second, minutes, 10) == pytest.approx(within, abs=1e-12)


@pytest.mark.parametrize(("known", "is_known"), [(11, True), (10, False)])
def test_fewer_returns_than_needed_are_not_known(known: int, is_known: bool) -> None:
    first = walk(1)
    first[known:] = np.nan

    assert math.isnan(correlation(first, walk(2), MINUTES, 10)) is not is_known


def test_what_stands_still_is_like_nothing() -> None:
    assert math.isnan(correlation(np.full(40, 100.0), walk(1), MINUTES, 10))


def test_one_with_many_is_one_with_each() -> None:
    closes = np.array([walk(seed) for seed in range(5)])
    closes[3, :25] = np.nan
    others = np.array([4, 0, 3, 2])

    found = correlations(closes, MINUTES, 0, others, 10)

    expected = [correlation(closes[0], closes[other], MINUTES, 10) for other in others]
    assert found.tolist() == expected
    assert correlations(closes, MINUTES, 3, others, 20).tolist() == pytest.approx(
        [math.nan] * 4, nan_ok=True
    )
