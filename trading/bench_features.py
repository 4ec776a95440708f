"""What one bar costs a live desk: its indicators, and a chain's volatilities and greeks.

Made prices, this process; nothing is asserted here.
"""

from __future__ import annotations

import time

import numpy as np

from marketdata.bars import BarRow, Floats
from marketdata.features.adx import ADX
from marketdata.features.atr import ATR
from marketdata.features.board import FeatureBoard
from marketdata.features.bollinger import Bollinger
from marketdata.features.donchian import Donchian
from marketdata.features.ema import EMA
from marketdata.features.obv import OBV
from marketdata.features.rsi import RSI
from marketdata.features.supertrend import Supertrend
from marketdata.features.vwap import SessionVWAP
from marketdata.options.greeks import Horizon, chain_greeks, chain_volatilities, grid_prices
from marketdata.timeframes import Timeframe
from trading.bench import Figure, spread

INDICATED = 500
STRIKES = 200
_BARS = 2_000
_CHAINS = 500


def indicator_figures() -> list[Figure]:
    """Measure a bar of nine indicators in all columns at once, step by step."""
    nine = (
        EMA(21),
        ATR(14),
        RSI(14),
        ADX(14),
        SessionVWAP(1.0),
        Supertrend(),
        Bollinger(),
        Donchian(),
        OBV(),
    )
    board = FeatureBoard(nine, INDICATED)
    took = []
    for row in _rows(_BARS):
        began = time.perf_counter()
        board.step(row)
        took.append(time.perf_counter() - began)
    return spread(f"{INDICATED} instruments: nine indicators, one bar", took[len(took) // 2 :])


def chain_figures() -> list[Figure]:
    """Measure implied volatilities and greeks of calls and puts at every strike."""
    horizon = Horizon(forward=25_000.0, years=5 / 365, discount=0.999)
    strikes = 20_000.0 + 50.0 * np.arange(STRIKES, dtype=np.float64)
    smile: Floats = 0.12 + 4e-9 * (strikes - horizon.forward) ** 2
    over_time = tuple(
        np.array([value]) for value in (horizon.forward, horizon.years, horizon.discount)
    )
    mids = grid_prices(strikes, (over_time[0], over_time[1], over_time[2]), smile[np.newaxis])[0]
    took = []
    for _ in range(_CHAINS):
        began = time.perf_counter()
        chain_volatilities(mids, strikes, horizon)
        chain_greeks(smile, strikes, horizon)
        took.append(time.perf_counter() - began)
    name = f"{STRIKES} strikes x 2: volatilities and greeks"
    return spread(name, took[_CHAINS // 10 :])


def _rows(count: int) -> list[BarRow]:
    """Return minutes of a random walk in every column, session after session."""
    chance = np.random.default_rng(1)
    close = 500 * np.exp(np.cumsum(chance.normal(0, 0.0008, (count, INDICATED)), axis=0))
    reach = np.abs(chance.normal(0, 0.0005, (2, count, INDICATED)))
    nothing = np.zeros(INDICATED)
    return [
        BarRow(
            timeframe=Timeframe.MINUTE,
            start=86_400 * (number // 375) + 60 * (number % 375),
            session=1 + number // 375,
            minute=number % 375,
            open=close[max(number - 1, 0)],
            high=close[number] * (1 + reach[0, number]),
            low=close[number] * (1 - reach[1, number]),
            close=close[number],
            volume=chance.integers(100, 10_000, INDICATED).astype(np.float64),
            oi=nothing,
            gap=np.zeros(INDICATED, dtype=np.bool_),
        )
        for number in range(count)
    ]
