"""What a download came to, for a person to read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from marketdata.history_download import Step, StepReport
from marketdata.history_gaps import Gaps
from marketdata.instruments import Exchange, Instrument, Kind
from trading.services.history_report import Download, told

DAY = date(2026, 10, 6)
SHARE = Instrument(408065, Exchange.NSE, "INFY", "INFY", Kind.EQUITY, 1, Decimal("0.05"))
STEP = Step(SHARE, (DAY, DAY))


def test_a_clean_download_is_told_in_three_lines() -> None:
    download = Download()
    download.take(StepReport(STEP, told=375, written=375))

    assert told(download).splitlines() == [
        "1 answers, 375 candles, 375 new bars",
        "bad candles: none",
        "symbols with gaps: none",
    ]


def test_bad_candles_gaps_and_failures_are_named() -> None:
    download = Download()
    download.take(StepReport(STEP, 375, 370, {"ohlc-order": 5}, Gaps((DAY,), 3)))
    download.take(StepReport(STEP, 375, 374, {"ohlc-order": 1}, Gaps((), 4)))
    download.take(StepReport(STEP, failure="InputException 400: Invalid `interval`."))

    assert told(download).splitlines() == [
        "3 answers, 750 candles, 744 new bars",
        "bad candles: 6 ohlc-order",
        "  INFY: 6 bad",
        "symbols with gaps: 1",
        "  INFY: 1 sessions without bars (2026-10-06), 7 bars missing",
        "failed: INFY 2026-10-06 to 2026-10-06: InputException 400: Invalid `interval`.",
    ]
