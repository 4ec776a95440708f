from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from marketdata.synthetic_faults import Fault, FaultKind, with_faults
from marketdata.tape import TapeReader
from tests.faults.books import assert_always_protected, assert_flat, assert_money_is_exact
from tests.made_day import made_day
from tests.replay.played import Day, Played

NAMED = {
    FaultKind.SCALED_ONCE: "price-scale",
    FaultKind.SCALED_TO_THE_END: "price-scale",
    FaultKind.ROW_REPEATED: "repeat",
    FaultKind.PRICE_ZERO: "zero-price",
    FaultKind.QUOTE_CROSSED: "crossed-quote",
    FaultKind.NO_VOLUME: "volume-step-back",
}
ONCE = frozenset(NAMED) - {FaultKind.SCALED_TO_THE_END, FaultKind.NO_VOLUME}
NO_MARKET_LEFT = frozenset({FaultKind.SCALED_TO_THE_END, FaultKind.NO_VOLUME})
"""Faults after which nothing in the instrument can trade for the rest of the day."""


@dataclass(frozen=True, slots=True)
class Clean:
    """The undisturbed day, and the instrument and moment at which a fault hurts most."""

    tape: TapeReader
    warmup: Path
    token: int
    symbol: str
    held_at: datetime
    undisturbed: Played
    played: dict[FaultKind, Played] = field(default_factory=dict)

    def with_fault(self, kind: FaultKind, folder: Path) -> Played:
        """Return the day played with a fault; each is played once."""
        if kind not in self.played:
            fault = Fault(kind, self.token, self.held_at)
            tape = with_faults(self.tape, (fault,), folder / f"{kind}.tape")
            self.played[kind] = Day(tape, self.warmup).play()
        return self.played[kind]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    built = made_day(tmp_path_factory.mktemp("clean"))
    tape = TapeReader(built.tape_path)
    undisturbed = Day(tape, built.warmup_path).play()
    first = undisturbed.of("FillNoted")[0].body
    item = next(item for item in tape.head.instruments if item.key == first["instrument"])
    held_at = datetime.fromisoformat(first["at"]) + timedelta(seconds=20)
    return Clean(tape, built.warmup_path, item.token, item.symbol, held_at, undisturbed)


@pytest.mark.parametrize("kind", FaultKind)
def test_the_day_goes_on_with_exact_books_and_no_fill_at_a_wrong_price(
    clean: Clean, kind: FaultKind, tmp_path: Path
):
    played = clean.with_fault(kind, tmp_path)

    assert_money_is_exact(played)
    assert_always_protected(played)
    assert_fills_lie_within(clean.tape, played)
    if kind in NO_MARKET_LEFT:
        held = [trade for trade in played.engine.ledger.alive() if trade.open_quantity]
        assert {trade.instrument.token for trade in held} <= {clean.token}
        assert not held or "not-flat" in [alert.body["kind"] for alert in played.of("AlertNoted")]
    else:
        assert_flat(played)


def assert_fills_lie_within(clean: TapeReader, played: Played) -> None:
    """Every fill is one that the true market gave at that moment, two ticks of slippage aside."""
    frames = {frame.at: frame.ticks for frame in clean.frames()}
    columns = {c.instrument.key: c.instrument for c in played.engine.setup.universe.columns}
    fills = [fill.body for fill in played.of("FillNoted")]
    assert fills
    for fill in fills:
        item = columns[fill["instrument"]]
        ticks = frames[datetime.fromisoformat(fill["at"])]
        (row,) = ticks[ticks["token"] == item.token]
        slack = 2 * float(item.tick_size) + 1e-9
        low, high = min(row["low"], row["bid"]), max(row["high"], row["ask"])
        assert low - slack <= float(fill["price"]) <= high + slack


@pytest.mark.parametrize("kind", NAMED)
def test_a_fault_is_named_and_counted(clean: Clean, kind: FaultKind, tmp_path: Path):
    played = clean.with_fault(kind, tmp_path)

    faults = [fault.body for fault in played.of("DataFault")]
    assert {(fault["symbol"], fault["reason"]) for fault in faults} == {(clean.symbol, NAMED[kind])}
    count = sum(fault["count"] for fault in faults)
    assert count == 1 if kind in ONCE else count > 1_000
    told = [text for text in data_faults(played) if "missing-minute" not in text]
    assert told == [f"{f['symbol']}: {f['reason']} x {f['count']}" for f in faults]


def data_faults(played: Played) -> list[str]:
    notes = [note.body for note in played.of("RiskNoted")]
    return [note["text"] for note in notes if note["kind"] == "data-fault"]


def test_a_missing_minute_is_named(clean: Clean, tmp_path: Path):
    minute = clean.held_at.replace(second=0) + timedelta(minutes=1)
    fault = Fault(FaultKind.MINUTE_MISSING, clean.token, minute)
    tape = with_faults(clean.tape, (fault,), tmp_path / "whole-minute.tape")

    played = Day(tape, clean.warmup).play()

    assert data_faults(clean.undisturbed) == []
    assert data_faults(played) == [f"{clean.symbol}: missing-minute x 1"]


def test_a_repeated_row_changes_no_trade(clean: Clean, tmp_path: Path):
    played = clean.with_fault(FaultKind.ROW_REPEATED, tmp_path)

    assert played.of("FillNoted") == clean.undisturbed.of("FillNoted")
