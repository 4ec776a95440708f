"""The report of a backtest as one page that needs nothing else: chart, figures, data, assumptions.

The figures come from `report_files.summary_of`; drawing the chart is `report_chart.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from marketdata.calendar import IST
from trading.research.backtest import Result
from trading.research.report_chart import chart_of

_MOST_TRADES = 1000
_LEFT_OUT = "Left out, mended"
_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--paper:#fff;
--up:#0b6e4f;--down:#b3261e;--fill:#b3261e22}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--line:#313a46;
--paper:#12161c;--up:#4cc38a;--down:#ff7b72;--fill:#ff7b7233}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:2rem auto;
max-width:1080px;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p{margin:.3rem 0;color:var(--soft)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .5rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}th{color:var(--soft);font-weight:500}
.scroll{overflow-x:auto}.warn{border-left:4px solid var(--down);padding:.3rem .8rem;margin:.5rem 0}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:.5rem 1.5rem}
.figures b{display:block;font-size:1.15rem}.figures span{color:var(--soft)}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font:11px system-ui,sans-serif}
"""
_FIGURES = (
    ("Net", "net", "inr"),
    ("Gross", "gross", "inr"),
    ("Charges", "charges", "inr"),
    ("End equity", "end_equity", "inr"),
    ("Return", "total_return", "share"),
    ("Greatest drawdown", "max_drawdown", "share"),
    ("Trades", "trades", "count"),
    ("Won", "win_rate", "share"),
    ("Profit factor", "profit_factor", "ratio"),
    ("Expectancy a trade", "expectancy", "inr"),
    ("Average win", "average_win", "inr"),
    ("Average loss", "average_loss", "inr"),
    ("Sharpe, yearly", "sharpe", "ratio"),
    ("Sortino, yearly", "sortino", "ratio"),
    ("Calmar", "calmar", "ratio"),
    ("Time in the market", "exposure", "share"),
)


def page_of(summary: Mapping[str, Any], result: Result) -> str:
    """Return the page; it asks nothing of the network."""
    title = f"Backtest of {', '.join(summary['strategies'])}"
    parts = (
        f"<h1>{escape(title)}</h1>",
        f"<p>{summary['from']} to {summary['to']}, {summary['sessions']} sessions, profile "
        f"{escape(str(summary['profile']))}, capital {_inr(summary['capital_inr'])}</p>",
        *(f'<div class="warn">{escape(text)}</div>' for text in summary["warnings"]),
        "<h2>Equity and drawdown, marked to market every minute</h2>",
        chart_of(result.curve, float(result.config.capital_inr)),
        "<h2>Figures</h2>",
        _figures(summary["totals"]),
        "<h2>Strategies</h2>",
        _strategies(summary["per_strategy"]),
        "<h2>Days</h2>",
        _days(summary["per_day"]),
        "<h2>Trades</h2>",
        _trades(result),
        "<h2>Decisions</h2>",
        _decisions(summary["decisions"]),
        "<h2>Data</h2>",
        _data(summary["data"]),
        "<h2>Error bar of fills</h2>",
        *(f"<p>{escape(text)}</p>" for text in result.fills.lines),
        "<h2>Assumptions</h2>",
        *(f"<p>{escape(text)}</p>" for text in summary["assumptions"]),
        f"<p>Configuration {summary['config_sha256']}<br>Decisions {summary['decision_hash']}</p>",
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _inr(value: float | None) -> str:
    if value is None:
        return "–"
    return f"-₹{-value:,.2f}" if value < 0 else f"₹{value:,.2f}"


def _figure(value: float | None, kind: str) -> str:
    if value is None:
        return "–"
    match kind:
        case "inr":
            return _inr(value)
        case "share":
            return f"{value:.2%}"
        case "count":
            return f"{value:,}"
        case _:
            return f"{value:.2f}"


def _figures(totals: Mapping[str, Any]) -> str:
    cells = (
        f"<div><span>{name}</span><b>{_figure(totals[key], kind)}</b></div>"
        for name, key, kind in _FIGURES
    )
    return f'<div class="figures">{"".join(cells)}</div>'


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><tr>{top}</tr>\n{body}</table></div>'


def _strategies(per_strategy: Mapping[str, Mapping[str, Any]]) -> str:
    head = ("Strategy", "Trades", "Won", "Gross", "Charges", "Net", "Profit factor")
    return _table(
        head,
        (
            (
                name,
                t["trades"],
                _figure(t["win_rate"], "share"),
                _inr(t["gross"]),
                _inr(t["charges"]),
                _inr(t["net"]),
                _figure(t["profit_factor"], "ratio"),
            )
            for name, t in per_strategy.items()
        ),
    )


def _days(per_day: Sequence[Mapping[str, Any]]) -> str:
    rows = ((d["date"], d["trades"], _inr(d["net"]), _inr(d["equity"])) for d in per_day)
    return _table(("Day", "Trades", "Net", "Equity at the end"), rows)


def _trades(result: Result) -> str:
    head = ("Strategy", "Symbol", "Way", "Units", "Entered", "At", "Left", "At", "Why", "Net")
    rows = [
        (
            trade.strategy,
            trade.symbol,
            trade.direction,
            trade.quantity,
            f"{trade.entry_at.astimezone(IST):%Y-%m-%d %H:%M:%S}",
            f"{trade.entry_price:.2f}",
            f"{trade.exit_at.astimezone(IST):%H:%M:%S}",
            f"{trade.exit_price:.2f}",
            trade.exit_reason,
            f"{trade.net:,.2f}",
        )
        for trade in result.run.trades[:_MOST_TRADES]
    ]
    left = len(result.run.trades) - len(rows)
    more = f"<p>{left} more in trades.csv</p>" if left else ""
    return _table(head, rows) + more


def _decisions(decisions: Mapping[str, Any]) -> str:
    rows = [
        ("Signals", decisions["signals"]),
        ("Approved", decisions["approved"]),
        ("Approved, but not filled", decisions["not_filled"]),
        *((f"Refused: {reason}", count) for reason, count in decisions["refusals"].items()),
        *((f"Incident: {kind}", count) for kind, count in decisions["incidents"].items()),
    ]
    return _table(("What", "How many"), rows)


def _data(data: Mapping[str, Mapping[str, Any]]) -> str:
    head = ("Symbol", "First", "Last", "Sessions", "Missing", "Bars", "Missing minutes", _LEFT_OUT)
    return _table(
        head,
        (
            (
                symbol,
                item["first"] or "–",
                item["last"] or "–",
                item["sessions"],
                item["missing_sessions"],
                f"{item['bars']:,}",
                f"{item['missing_minutes']:,}",
                ", ".join(
                    f"{reason} {count}"
                    for reason, count in {**item["dropped"], **item["screened"]}.items()
                )
                or "none",
            )
            for symbol, item in data.items()
        ),
    )
