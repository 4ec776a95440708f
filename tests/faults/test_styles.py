from __future__ import annotations

from pathlib import Path

import pytest

from execution.market_rules import ExchangeSettings
from marketdata.built_day import BuiltDay
from marketdata.tape import TapeReader
from tests.faults.books import assert_always_protected, assert_flat, assert_money_is_exact
from tests.made_day import made_day
from tests.replay.played import Day
from trading.config import Config
from trading.engine.settings import EntryStyle, ExecutionSettings, TargetStyle

AT_MARKET = ExecutionSettings(
    entry_style=EntryStyle.MARKET, stop_is_market=True, exit_is_market=True
)
STYLES = {
    "target rests": Config(execution=ExecutionSettings(target_style=TargetStyle.REST)),
    "at market": Config(execution=AT_MARKET),
    "no change is ever accepted": Config(exchange=ExchangeSettings(max_modifications=0)),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return made_day(tmp_path_factory.mktemp("built"), seed=1)


@pytest.mark.parametrize("style", STYLES)
def test_a_day_ends_flat_with_exact_books_however_orders_are_sent(
    built: BuiltDay, style: str, tmp_path: Path
):
    played = Day(TapeReader(built.tape_path), built.warmup_path, config=STYLES[style]).play()

    assert played.of("FillNoted")
    assert_flat(played)
    assert_money_is_exact(played)
    assert_always_protected(played)
    assert played.of("AlertNoted") == []
