"""The worked example of `docs/adding-a-strategy.md`, taken from the page and traded."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest

from strategies.registry import STRATEGIES, StrategyConfigError, build_strategies
from tests.unit.trading.research.made_bars import DAYS, made_folder
from trading.research.backtest import Request, Result, backtest
from trading.research.profiles import Profile, Wishes

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adding-a-strategy.md"
NAME = "strategies.range_fade"


def code_of(page: Path) -> str:
    """Return the first Python block of a page."""
    return page.read_text().split("```python\n")[1].split("```")[0]


@pytest.fixture
def added(tmp_path: Path) -> Iterator[ModuleType]:
    """Save the example where the page says, register it, and take both back afterwards."""
    file = tmp_path / "range_fade.py"
    file.write_text(code_of(PAGE))
    spec = importlib.util.spec_from_file_location(NAME, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    STRATEGIES["range_fade"] = module.RangeFade  # type: ignore[index]
    yield module
    del STRATEGIES["range_fade"], sys.modules[NAME]  # type: ignore[attr-defined]


def run(folder: Path, *settings: str, every_frame: bool = False) -> Result:
    wishes = Wishes(Profile.DEFAULT, ("range_fade",), Decimal(5_000_000), {}, settings)
    return backtest(
        Request(folder, None, DAYS[1], DAYS[-1], wishes, every_frame), lambda *told: None
    )


def test_the_example_is_shorter_than_forty_lines():
    assert len(code_of(PAGE).splitlines()) < 40


def test_it_trades_through_a_backtest_and_the_same_with_every_frame(
    added: ModuleType, tmp_path: Path
):
    folder = made_folder(tmp_path / "bars", ("INFY", "TCS", "SBIN"))

    short = run(folder)

    assert short.run.trades
    assert {trade.strategy for trade in short.run.trades} == {"range_fade"}
    assert run(folder, every_frame=True).run.notes.decision_hash == short.run.notes.decision_hash
    stricter = run(folder, "strategies.range_fade.min_expansion=4")
    assert len(stricter.run.trades) < len(short.run.trades)


def test_a_parameter_out_of_range_is_named(added: ModuleType):
    with pytest.raises(StrategyConfigError, match=r"range_fade.min_expansion: 0.5, expected 1 to"):
        build_strategies({"range_fade": {"min_expansion": 0.5}})
