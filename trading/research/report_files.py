"""The files of a backtest: its trades, its equity, a summary for programs and a page for people.

The figures are made in `statistics.py`, the page in `report_page.py`. Equal runs give equal files.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from marketdata.bar_checks import IST_OFFSET
from marketdata.calendar import IST
from trading.config import document_of
from trading.research.assumptions import assumptions_of
from trading.research.backtest import Result
from trading.research.equity import Curve
from trading.research.report_page import page_of
from trading.research.round_trips import RoundTrip
from trading.research.statistics import day_ends, totals_of
from trading.services.canonical import canonical, sha256_of

TRADE_COLUMNS = (
    "strategy",
    "symbol",
    "direction",
    "quantity",
    "signal_at",
    "entry_at",
    "entry_price",
    "exit_at",
    "exit_price",
    "exit_reason",
    "gross",
    "charges",
    "net",
)
_LEAST_PLACES = 2


def write_report(result: Result, out: Path) -> None:
    """Write the four files into folder `out`, made where it is missing.

    Each file appears whole or not at all; those of an earlier run are replaced.
    """
    summary = summary_of(result)
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "trades.csv", lambda path: path.write_text(trades_csv(result.run.trades)))
    _write(out / "equity.csv", lambda path: _write_equity(result.curve, path))
    _write(
        out / "summary.json",
        lambda path: path.write_bytes(
            msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"
        ),
    )
    _write(out / "report.html", lambda path: path.write_text(page_of(summary, result)))


def _write(path: Path, write: Callable[[Path], object]) -> None:
    draft = path.with_name(f".{path.name}.draft")
    write(draft)
    draft.replace(path)


def trades_csv(trades: Sequence[RoundTrip]) -> str:
    """Return the trades as CSV, in the order of their signals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(TRADE_COLUMNS)
    for trade in trades:
        writer.writerow(_told(getattr(trade, name)) for name in TRADE_COLUMNS)
    return text.getvalue()


def _told(value: object) -> str:
    match value:
        case datetime():
            return value.astimezone(IST).isoformat(timespec="milliseconds")
        case Decimal():
            places = max(_LEAST_PLACES, -int(value.as_tuple().exponent))
            return f"{value:.{places}f}"
        case _:
            return str(value)


def _write_equity(curve: Curve, path: Path) -> None:
    local = np.datetime_as_string((curve.end + IST_OFFSET).astype("datetime64[s]"))
    table = pa.table(
        {
            "ts": np.char.add(local, "+05:30"),
            "balance": curve.balance.round(2),
            "unrealised": (curve.equity - curve.balance).round(2) + 0.0,
            "equity": curve.equity.round(2),
            "drawdown": curve.drawdown.round(6) + 0.0,
            "open_positions": curve.open_positions,
        }
    )
    options = pa_csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as file:
        file.write(",".join(table.column_names).encode() + b"\n")
        pa_csv.write_csv(table, file, options)


def summary_of(result: Result) -> dict[str, Any]:
    """Return everything about a run as plain JSON values, the same for the same run."""
    config, request, notes = document_of(result.config), result.request, result.run.notes
    names = request.wishes.strategies
    return {
        "profile": request.wishes.profile,
        "strategies": list(names),
        "from": result.days[0].date,
        "to": result.days[-1].date,
        "sessions": len(result.days),
        "capital_inr": float(result.config.capital_inr),
        "config_sha256": sha256_of(canonical(config)),
        "decision_hash": notes.decision_hash,
        "warnings": list(result.warnings),
        "totals": {**asdict(result.totals), **asdict(result.ratios)},
        "per_strategy": {name: asdict(totals_of(_of(result, name))) for name in names},
        "per_day": _per_day(result),
        "decisions": {
            "signals": notes.signals,
            "approved": notes.approved,
            "not_filled": notes.approved - len(result.run.trades),
            "refusals": dict(sorted(notes.refusals.items())),
            "incidents": dict(sorted(notes.incidents.items())),
        },
        "data": {item.symbol: msgspec.to_builtins(item) for item in result.coverage},
        "fills": asdict(result.fills),
        "assumptions": list(assumptions_of(result)),
        "config": config,
    }


def _of(result: Result, strategy: str) -> list[RoundTrip]:
    return [trade for trade in result.run.trades if trade.strategy == strategy]


def _per_day(result: Result) -> list[dict[str, Any]]:
    """Return each session's own profit, not the sum so far."""
    by_day: dict[object, list[RoundTrip]] = {day.date: [] for day in result.days}
    for trade in result.run.trades:
        by_day[trade.entry_at.astimezone(IST).date()].append(trade)
    ends = day_ends(result.curve)
    return [
        {
            "date": str(day.date),
            "trades": len(by_day[day.date]),
            "net": float(round(sum((t.net for t in by_day[day.date]), Decimal(0)), 2)),
            "equity": round(end, 2),
        }
        for day, end in zip(result.days, ends, strict=True)
    ]
