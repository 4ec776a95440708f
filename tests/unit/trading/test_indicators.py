"""What indicators say of an instrument, against what the engine saw on the same day."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from marketdata.built_day import BuiltDay
from marketdata.features.base import Feature
from marketdata.features.catalogue import each_on
from marketdata.features.historical_volatility import HistoricalVolatility
from marketdata.features.talib import TALib
from marketdata.tape import TapeReader
from marketdata.timeframes import Timeframe
from marketdata.universe import NotInUniverse
from strategies.base import Strategy
from strategies.bollinger_reversion import BollingerReversion
from strategies.opening_range import OpeningRange
from tests.made_day import made_day
from tests.replay.played import Day, Played
from trading.config import Config
from trading.indicators import Asked, Reading, readings_of

INDEX, FUTURE, SHARE = "NSE:NIFTY 50", "NFO:NIFTY26OCTFUT", "NSE:RELIANCE"
STRATEGIES = (OpeningRange(), BollingerReversion())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return made_day(tmp_path_factory.mktemp("indicators"), seed=2)


@pytest.fixture(scope="module")
def day(built: BuiltDay) -> Played:
    config = Config(strategies={each.name: {} for each in STRATEGIES})
    return Day(TapeReader(built.tape_path), built.warmup_path, config).play()


def asked(
    built: BuiltDay,
    timeframe: Timeframe,
    *features: Feature,
    key: str = INDEX,
    is_over: bool = True,
) -> tuple[Reading, ...]:
    tape = TapeReader(built.tape_path)
    return readings_of(Asked(key, timeframe, features, is_over), tape, Config(), built.warmup_path)


def seen_by_the_desk(day: Played, strategy: Strategy) -> list[tuple[str, datetime, dict]]:
    """Return instrument, moment and features of a strategy's opinions."""
    notes = [note.body for note in day.of("SignalNoted")]
    return [
        (body["instrument"], datetime.fromisoformat(body["at"]), dict(body["features"]))
        for body in notes
        if body["strategy"] == strategy.name
    ]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda each: each.name)
def test_they_say_to_the_last_bit_what_a_strategy_saw(
    built: BuiltDay, day: Played, strategy: Strategy
):
    opinions = seen_by_the_desk(day, strategy)
    wanted = strategy.features()

    assert opinions
    for key, at, seen in opinions[:4]:
        read = asked(built, strategy.timeframe, *dict.fromkeys(wanted.values()), key=key)
        (now,) = [each for each in read if each.ends_at == at]
        said = dict(zip(dict.fromkeys(wanted.values()), now.values, strict=True))
        for name, feature in wanted.items():
            for output, value in zip(feature.outputs, said[feature], strict=True):
                label = name if len(feature.outputs) == 1 else f"{name}.{output}"
                if np.isfinite(value):
                    assert seen[label] == value


@pytest.mark.parametrize(
    ("key", "timeframe", "bars", "last"),
    [
        (FUTURE, Timeframe.MINUTE, 385, "15:40"),
        (FUTURE, Timeframe.MINUTES_5, 77, "15:40"),
        (FUTURE, Timeframe.MINUTES_15, 25, "15:30"),
        (INDEX, Timeframe.MINUTE, 375, "15:30"),
        (INDEX, Timeframe.MINUTES_15, 25, "15:30"),
        (SHARE, Timeframe.MINUTE, 360, "15:15"),
        (SHARE, Timeframe.MINUTES_5, 72, "15:15"),
    ],
)
def test_a_session_that_is_over_has_all_its_bars_to_its_own_close(
    built: BuiltDay, key: str, timeframe: Timeframe, bars: int, last: str
):
    found = asked(built, timeframe, key=key)

    ends = [each.ends_at for each in found]
    assert len(found) == bars
    assert ends == sorted(set(ends))
    assert ends[-1].strftime("%H:%M") == last
    assert np.isfinite([each.bar.close[0] for each in found]).all()


def test_a_session_that_goes_on_has_no_bar_that_the_tape_has_not_passed(built: BuiltDay):
    last = max(frame.at for frame in TapeReader(built.tape_path).frames())

    found = asked(built, Timeframe.MINUTES_15, is_over=False)

    assert found[-1].ends_at <= last


def test_one_of_each_can_be_read_on_bars_of_every_length(built: BuiltDay):
    for timeframe in (Timeframe.SECONDS_5, Timeframe.MINUTES_15):
        features = (*each_on(timeframe), TALib("CCI", window=60))
        last = asked(built, timeframe, *features, key="NSE:RELIANCE")[-1]

        assert [len(each) for each in last.values] == [len(each.outputs) for each in features]
        assert np.isfinite([values[0] for values in last.values[:3]]).all()


def test_a_year_has_as_many_bars_as_their_length_lets_it():
    (on_five,) = [e for e in each_on(Timeframe.MINUTES_5) if isinstance(e, HistoricalVolatility)]

    assert on_five == replace(on_five, bars_per_year=252 * 75.0)


def test_an_instrument_that_the_day_does_not_have_is_refused(built: BuiltDay):
    with pytest.raises(NotInUniverse):
        asked(built, Timeframe.MINUTE, key="NSE:NOBODY")


def test_without_a_history_the_day_warms_them_up_itself(built: BuiltDay):
    tape = TapeReader(built.tape_path)
    wanted = Asked(INDEX, Timeframe.MINUTES_5, (TALib("SMA", 100, (("timeperiod", 20.0),)),), True)

    found = readings_of(wanted, tape, Config(), None)

    means = [each.values[0][0] for each in found]
    assert np.isnan(means[:19]).all()
    assert np.isfinite(means[19:]).all()
    assert np.isfinite(readings_of(wanted, tape, Config(), built.warmup_path)[0].values[0][0])
