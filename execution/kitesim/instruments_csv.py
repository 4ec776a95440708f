"""The day's instruments as the file Kite offers each morning: twelve columns, one line each.

Reading such a file is the work of `marketdata/instrument_dump.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from marketdata.instrument_dump import COLUMNS
from marketdata.instruments import Instrument, Kind


def instruments_csv(instruments: Iterable[Instrument]) -> bytes:
    """Return the file of `instruments`, header first."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(map(_cells, instruments))
    return text.getvalue().encode()


def _cells(item: Instrument) -> tuple[object, ...]:
    is_index = item.kind is Kind.INDEX
    is_share = item.kind is Kind.EQUITY
    return (
        item.token,
        item.token >> 8,
        item.symbol,
        item.symbol if is_index else item.name,
        0,
        item.expiry.isoformat() if item.expiry else "",
        item.strike if item.strike is not None else 0,
        0 if is_index else item.tick_size,
        0 if is_index else item.lot_size,
        Kind.EQUITY.value if is_index else item.kind.value,
        "INDICES" if is_index else _segment(item, is_share),
        item.exchange.value,
    )


def _segment(item: Instrument, is_share: bool) -> str:
    if is_share:
        return item.exchange.value
    return f"{item.exchange}-{'FUT' if item.kind is Kind.FUTURE else 'OPT'}"
