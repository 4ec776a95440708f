"""What the engine's own panel and screen make of the ticks is what the market says ahead."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from marketdata.calendar import Calendar
from marketdata.panel import Panel
from marketdata.quality import ScreenedTokens, ScreenSettings, TickScreen
from marketdata.timeframes import Timeframe
from tests.unit.trading.research.made_bars import DAYS, made_day, made_folder, write_bars
from trading.research.bar_days import Laid, lay_out
from trading.research.bar_files import read_minutes, symbols_in
from trading.research.bar_market import Market, market_of
from trading.research.bar_ticks import day_ticks, is_clean, screened
from trading.research.listings import listings

FRAMES = (Timeframe.MINUTE, Timeframe.MINUTES_5)
CALENDAR = Calendar.load()


def laid(folder, *, plain=True) -> Laid:
    files = {path.stem: read_minutes(path, DAYS[-1], CALENDAR) for path in symbols_in(folder, None)}
    return lay_out(files, listings(tuple(files), plain=plain), CALENDAR)


def market(folder, *, plain=True) -> Market:
    found = laid(folder, plain=plain)
    places = tuple(range(len(found.columns)))
    return market_of(found, ScreenSettings(), places, quoted=not plain)


def spoilt(folder):
    """Return the folder with prices in it that the screen refuses or mends."""
    path = folder / "AAA.parquet"
    bars = pd.read_parquet(path)
    prices = ["open", "high", "low", "close"]
    for row in (5, 300, 301, 380, 900):
        bars.loc[row, prices] *= 1.6
    bars.loc[600, "high"] *= 1.5
    bars.loc[375:380, prices] *= 1.45
    write_bars(folder, "AAA", bars)
    return folder


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("dirty", [False, True])
def test_the_panel_forms_the_bars_that_the_market_says(tmp_path, plain, dirty):
    folder = made_folder(tmp_path, ("AAA", "NIFTY"), seed=3, missing=0.2)
    found = market(spoilt(folder) if dirty else folder, plain=plain)

    grids = found.grids(FRAMES)

    assert any(found.faults) == dirty
    for place, day in enumerate(found.days):
        told = found.ticks(place)
        panel = Panel(
            tokens=np.array([instrument.token for instrument in day.instruments]),
            timeframes=FRAMES,
            opens_at_s=int(day.opens_at.timestamp()),
            session=day.date.toordinal(),
            volume_from=None,
            previous_close=None,
        )
        for minute in range(day.minutes):
            panel.apply(told.open[minute][told.open_there[minute]])
            panel.apply(told.rest[minute][told.rest_there[minute]])
            for row in panel.close_bars(int(day.opens_at.timestamp()) + 60 * (minute + 1)):
                assert_same(row, grids[row.timeframe])


def assert_same(row, grid) -> None:
    (place,) = np.flatnonzero(grid.start == row.start)
    expected = grid.row(int(place))
    assert (row.session, row.minute) == (expected.session, expected.minute)
    for name in ("open", "high", "low", "close", "volume", "oi", "gap"):
        np.testing.assert_array_equal(getattr(row, name), getattr(expected, name), err_msg=name)


@pytest.mark.parametrize("dirty", [False, True])
def test_a_clean_day_is_one_in_which_the_screen_finds_nothing(tmp_path, dirty):
    folder = made_folder(tmp_path, ("AAA", "BBB"), seed=4, missing=0.1)
    found = laid(spoilt(folder) if dirty else folder)
    reference = np.full(2, np.nan)
    seen = set()

    for day in found.days:
        tokens = np.array([instrument.token for instrument in day.instruments])
        watched = ScreenedTokens(tokens, reference, np.zeros(2, dtype=np.bool_))
        faults = screened(
            day_ticks(found, day, quoted=False), TickScreen(watched, ScreenSettings())
        )
        seen.add(not faults)
        assert is_clean(found, day, reference, ScreenSettings()) == (not faults)
        close = pd.DataFrame(found.close[day.rows]).ffill().iloc[-1].to_numpy()
        reference = np.where(np.isnan(close), reference, close)

    assert seen == ({True, False} if dirty else {True})


def test_each_bar_is_told_as_its_open_and_then_its_range(tmp_path):
    found = market(made_folder(tmp_path, ("AAA",), seed=5))
    bars = pd.read_parquet(tmp_path / "AAA.parquet").iloc[:375]

    told = found.ticks(0)

    opens, rests = told.open[:, 0], told.rest[:, 0]
    assert opens["last"].tolist() == opens["high"].tolist() == bars["open"].tolist()
    for name in ("open", "high", "low"):
        assert rests[name].tolist() == bars[name].tolist()
    assert rests["last"].tolist() == bars["close"].tolist()
    assert (rests["exchange_at"] - opens["exchange_at"]).tolist() == [59_999_000] * 375
    assert np.diff(rests["volume"], prepend=0).tolist() == bars["volume"].tolist()
    assert opens["volume"][1:].tolist() == rests["volume"][:-1].tolist()
    assert np.isnan(rests["bid"]).all()


def test_a_made_future_changes_its_contract_and_keeps_its_column(tmp_path):
    days = (date(2021, 7, 29), date(2021, 7, 30))
    bars = pd.concat([made_day(i, day, 15_000.0) for i, day in enumerate(days)])
    write_bars(tmp_path, "NIFTY", bars)
    files = {"NIFTY": read_minutes(tmp_path / "NIFTY.parquet", days[-1], CALENDAR)}

    found = lay_out(files, listings(("NIFTY",), plain=False), CALENDAR)

    names = [[item.symbol for item in day.instruments] for day in found.days]
    assert names == [["NIFTY 50", "NIFTY21JULFUT"], ["NIFTY 50", "NIFTY21AUGFUT"]]
    assert not np.isnan(found.close).any()
    assert [day.instruments[1].lot_size for day in found.days] == [50, 50]
