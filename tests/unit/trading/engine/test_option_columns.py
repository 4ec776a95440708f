"""Columns of options bring prices only: what is said of everything else stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.timeframes import Timeframe
from marketdata.universe import Column, Universe
from strategies.registry import build_strategies
from tests.unit.trading.engine.builders import BASE, SEGMENT_STAGES, D, at, setup, universe
from tests.unit.trading.engine.desk import Desk, tick
from trading.engine.actions import Action, DecisionNoted, RiskNoted, SignalNoted
from trading.engine.events import MarketStep
from trading.engine.scan import Scan, new_panel

STAGES = SEGMENT_STAGES[Kind.FUTURE]
OPTIONS = tuple(
    Instrument(
        token=100 + number,
        exchange=Exchange.NFO,
        symbol=f"NIFTY26O13{strike}{kind}",
        name="NIFTY",
        kind=kind,
        lot_size=65,
        tick_size=D("0.05"),
        expiry=date(2026, 10, 13),
        strike=D(strike),
    )
    for number, (strike, kind) in enumerate(
        (strike, kind) for strike in (23_950, 24_000, 24_050) for kind in (Kind.CALL, Kind.PUT)
    )
)


def with_options() -> dict[str, Any]:
    """Return what differs in the set-up of a desk that also watches options."""
    plain = setup()
    columns = [
        Column(place, item, scanned=False, trade_as=None, volume_from=place, why="option")
        for place, item in enumerate(OPTIONS, start=len(plain.universe))
    ]
    wide = Universe((*plain.universe.columns, *columns), (), plain.universe.blocked)
    return {
        "universe": wide,
        "stages": (*plain.stages, *[STAGES] * len(OPTIONS)),
        "previous_close": (*plain.previous_close, *[float("nan")] * len(OPTIONS)),
    }


def said_in_a_morning(**overrides: Any) -> list[Action]:
    """Let two strategies of the house see an hour of a made market, and return all that was said.

    The options of a desk that has any trade in every other minute only.
    """
    breakout = {"min_volume_ratio": 0.0, "max_opening_gap": 0.0}
    told = build_strategies({"opening_range": breakout, "trend_pullback": {}})
    desk = Desk(strategies=told, **overrides)
    steps = np.random.default_rng(7)
    prices = {column: float(price) for column, price in BASE.items()}
    for minute in range(75):
        for second in range(0, 60, 10):
            desk.now = at(9, 15) + timedelta(minutes=minute, seconds=second)
            for column in prices:
                drift = 0.0008 if minute > 20 else 0.0
                prices[column] *= 1 + drift / 6 + steps.normal(0.0, 0.0002)
                prices[column] = round(prices[column] * 10) / 10
            rows = [
                tick(column + 1, price, desk.now, volume=1_000 * (minute * 6 + second // 10 + 1))
                for column, price in prices.items()
            ]
            if len(desk.engine.setup.universe) > len(BASE) and minute % 2 == 0:
                rows += [tick(item.token, 100.0 + second, desk.now) for item in OPTIONS]
            desk.tell(MarketStep(desk.now, minute * 6 + second // 10, np.concatenate(rows)))
        desk.now = at(9, 15) + timedelta(minutes=minute + 1)
        desk.wait(0)
        desk.bar()
    return desk.said


def test_with_options_among_the_columns_every_word_is_the_same() -> None:
    plain, wide = said_in_a_morning(), said_in_a_morning(**with_options())

    assert any(isinstance(note, SignalNoted) for note in plain)
    assert any(isinstance(note, DecisionNoted) for note in plain)
    assert wide == plain


def test_an_option_that_is_silent_for_a_minute_is_no_fault() -> None:
    notes = [n for n in said_in_a_morning(**with_options()) if isinstance(n, RiskNoted)]

    assert not [note.text for note in notes if "NIFTY26O13" in note.text]


def test_the_panel_shows_options_and_no_feature_is_kept_of_them() -> None:
    told = setup(**with_options())
    panel = new_panel(told)
    panel.apply(tick(OPTIONS[3].token, 123.45, at(9, 20), oi=650))
    scan = Scan(told, panel)

    rows = [row.of_first(told.universe.studied) for row in panel.close_bars(_s(9, 21))]
    scan.take(rows)

    column = told.universe.column_of(OPTIONS[3].key)
    assert (panel.last[column], panel.oi[column]) == (123.45, 650)
    assert told.universe.studied == len(universe())
    assert {len(row.close) for row in rows if row.timeframe is Timeframe.MINUTE} == {4}


def test_a_bar_of_all_columns_is_itself() -> None:
    told = replace(setup())
    panel = new_panel(told)
    panel.apply(tick(1, 24_000.0, at(9, 15)))

    row = panel.close_bars(_s(9, 16))[0]

    assert row.of_first(4) is row


def _s(hour: int, minute: int) -> int:
    return int(at(hour, minute).timestamp())
