"""Files as other programs write them: units, zones, types; and rows that are left out."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from marketdata.calendar import Calendar
from marketdata.history import HistoryError
from tests.unit.trading.research.made_bars import DAYS, made_day, write_bars
from trading.research.bar_files import read_minutes, symbols_in

CALENDAR = Calendar.load()
BARS = made_day(1, DAYS[0], 500.0)


def read(folder, bars, last=DAYS[-1]):
    return read_minutes(write_bars(folder, "AAA", bars), last, CALENDAR)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "UTC", None])
def test_times_of_any_unit_with_a_zone_or_in_india(tmp_path, unit, zone):
    moments = BARS["ts"].dt.tz_convert("Asia/Kolkata").dt.as_unit(unit)
    shown = moments.dt.tz_localize(None) if zone is None else moments.dt.tz_convert(zone)

    found = read(tmp_path, BARS.assign(ts=shown))

    assert found.start.tolist() == [int(at.timestamp()) for at in BARS["ts"]]
    assert not found.dropped


def test_numbers_of_other_types_and_unknown_open_interest(tmp_path):
    bars = BARS.astype({"close": "float32", "volume": "float64"}).assign(oi=None)

    found = read(tmp_path, bars)

    assert found.close.tolist() == BARS["close"].tolist()
    assert (found.oi == 0).all()


def test_bars_after_the_last_day_are_not_read(tmp_path):
    bars = pd.concat([BARS, made_day(2, DAYS[1], 500.0)])

    assert len(read(tmp_path, bars, last=DAYS[0])) == 375


def test_rows_off_the_minute_and_of_years_without_a_calendar_are_counted(tmp_path):
    old = made_day(3, date(2012, 7, 5), 500.0)
    bars = pd.concat([old, BARS])
    moments = bars["ts"].to_numpy(copy=True)
    bars["ts"] = [at + pd.Timedelta(seconds=7 * (place == 400)) for place, at in enumerate(moments)]

    found = read(tmp_path, bars)

    assert dict(found.dropped) == {"no-calendar": 375, "off-minute": 1}


@pytest.mark.parametrize(
    ("bars", "field"),
    [
        (BARS.drop(columns="oi"), "oi"),
        (BARS.assign(open="x"), "open"),
        (BARS.assign(ts=BARS["ts"].astype(str)), "ts"),
        (BARS.head(0), "ts"),
        (BARS.assign(ts=[*BARS["ts"][:-1], pd.NaT]), "ts"),
        (BARS.iloc[::5], "ts"),
        (
            BARS.assign(close=np.where(BARS.index > 100, BARS["close"] * 10, BARS["close"])).assign(
                high=1e9
            ),
            "close",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_field(tmp_path, bars, field):
    with pytest.raises(HistoryError, match=f"AAA.parquet: {field}: expected"):
        read(tmp_path, bars)


def test_symbols_are_the_files_or_those_wanted(tmp_path):
    for symbol in ("BBB", "AAA"):
        write_bars(tmp_path, symbol, BARS)

    assert [path.stem for path in symbols_in(tmp_path, None)] == ["AAA", "BBB"]
    assert [path.stem for path in symbols_in(tmp_path, ("BBB", "BBB"))] == ["BBB"]
    for folder, wanted in ((tmp_path / "no", None), (tmp_path, ("CCC",))):
        with pytest.raises(HistoryError):
            symbols_in(folder, wanted)
