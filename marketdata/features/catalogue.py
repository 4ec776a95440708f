"""One of each indicator, and the call that compiles them; what each does is in its own file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from marketdata.bars import BarRow
from marketdata.features.adx import ADX
from marketdata.features.atr import ATR
from marketdata.features.atr_variation import ATRVariation
from marketdata.features.base import Feature
from marketdata.features.bollinger import Bollinger
from marketdata.features.donchian import Donchian
from marketdata.features.ema import EMA
from marketdata.features.historical_volatility import HistoricalVolatility
from marketdata.features.kama import KAMA
from marketdata.features.obv import OBV
from marketdata.features.oi_change import OIChange
from marketdata.features.range_expansion import RangeExpansion
from marketdata.features.realised_volatility import RealisedVolatility
from marketdata.features.relative_volume import RelativeVolume
from marketdata.features.retest import RetestedBreak
from marketdata.features.roc import RateOfChange
from marketdata.features.rsi import RSI
from marketdata.features.session_context import SessionContext
from marketdata.features.session_range import SessionRange
from marketdata.features.supertrend import Supertrend
from marketdata.features.support_resistance import SupportResistance
from marketdata.features.swing_levels import SwingLevels
from marketdata.features.swing_pullback import PullbackDepth
from marketdata.features.swings import Lag, RollingHigh, RollingLow
from marketdata.features.time_of_day import TimeOfDay
from marketdata.features.trigger_bar import TriggerBar
from marketdata.features.vwap import SessionVWAP
from marketdata.features.vwap_distance import VWAPDistance
from marketdata.timeframes import Timeframe

ONE_OF_EACH: tuple[Feature, ...] = (
    ADX(),
    ATR(),
    ATRVariation(),
    Bollinger(),
    Donchian(),
    EMA(period=34),
    HistoricalVolatility(bars_per_year=94_500.0),
    KAMA(),
    Lag(field="close", bars=1),
    OBV(),
    OIChange(),
    PullbackDepth(),
    RangeExpansion(),
    RateOfChange(),
    RealisedVolatility(session_minutes=375.0),
    RelativeVolume(),
    RetestedBreak(bars=5, confirmations=1, retest_bars=20, tolerance=2.0, atr_period=5),
    RollingHigh(bars=20),
    RollingLow(bars=20),
    RSI(),
    SessionContext(),
    SessionRange(),
    SessionVWAP(),
    Supertrend(),
    SupportResistance(),
    SwingLevels(),
    TimeOfDay(),
    TriggerBar(),
    VWAPDistance(),
)


_SESSION_MINUTES = 375.0
_SESSIONS_A_YEAR = 252.0


def each_on(timeframe: Timeframe) -> tuple[Feature, ...]:
    """Return one of each, those that count the bars of a year told how many there are.

    A year is 252 sessions of 375 minutes.
    """
    a_year = _SESSIONS_A_YEAR * _SESSION_MINUTES * 60.0 / timeframe.seconds
    return tuple(
        replace(each, bars_per_year=a_year) if isinstance(each, HistoricalVolatility) else each
        for each in ONE_OF_EACH
    )


def compile_all(features: Iterable[Feature] = ONE_OF_EACH) -> None:
    """Call each feature once on a bar of no consequence, so that no later call compiles.

    Code kept on disk by an earlier process is loaded instead. The code of an indicator is the
    same for all its parameters.
    """
    price, flag = np.ones(1), np.zeros(1, dtype=np.bool_)
    bar = BarRow(
        timeframe=Timeframe.MINUTE,
        start=0,
        session=0,
        minute=0,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=price,
        oi=price,
        gap=flag,
    )
    for feature in features:
        feature.step(feature.new_state(1), bar)
