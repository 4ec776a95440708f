"""Taking over a day's instruments: checked whole, then put in place whole, or not at all.

Where the list comes from is the business of the feeds; choosing what to watch of the universe.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from marketdata.instruments import Instrument, Kind, Segment
from trading.services import audit

_COLUMNS = (
    "day, exchange, symbol, token, name, kind, expiry, strike, lot_size, tick_size,"
    " freeze_quantity, made_from, source, is_listed"
)
_FACTS = (
    "token, name, kind, expiry, strike, lot_size, tick_size, freeze_quantity, made_from, is_listed"
)
_STAGE = f"""
CREATE TEMP TABLE instrument_stage ON COMMIT DROP
AS SELECT {_COLUMNS} FROM trading_instrument WITH NO DATA
"""
_NO_STAGE = "DROP TABLE IF EXISTS instrument_stage"
_CHANGE = f"""
UPDATE trading_instrument AS held SET ({_FACTS}, source) =
    ({", ".join(f"stage.{name.strip()}" for name in _FACTS.split(","))}, stage.source)
FROM instrument_stage AS stage
WHERE held.day = stage.day AND held.exchange = stage.exchange AND held.symbol = stage.symbol
  AND ({", ".join(f"held.{name.strip()}" for name in _FACTS.split(","))}) IS DISTINCT FROM
      ({", ".join(f"stage.{name.strip()}" for name in _FACTS.split(","))})
"""
_ADD = f"""
INSERT INTO trading_instrument ({_COLUMNS}) SELECT {_COLUMNS} FROM instrument_stage
ON CONFLICT (day, exchange, symbol) DO NOTHING
"""
_LEAVE_OUT = """
UPDATE trading_instrument AS held SET is_listed = false
WHERE held.day = %s AND held.source = %s AND held.is_listed AND NOT EXISTS (
    SELECT FROM instrument_stage AS stage
    WHERE held.exchange = stage.exchange AND held.symbol = stage.symbol)
"""


class InstrumentListError(Exception):
    """A list of instruments cannot be taken over; what was there before still holds."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What taking a list over changed; all zero if it was known already."""

    total: int
    added: int
    changed: int
    left_out: int


def sync(*, instruments: Sequence[Instrument], on: date, source: str) -> SyncReport:
    """Make `instruments` the list of `source` for the day `on`; a repeat changes nothing.

    Instruments the same source listed before and no longer does stay as rows, not listed.
    Raises `InstrumentListError` naming what is wrong, before anything is touched.
    """
    _check(instruments, on)
    with transaction.atomic():
        report = _swap(instruments, on, source)
        if report.added or report.changed or report.left_out:
            audit.note(
                "instruments.sync",
                by="instruments",
                subject=source,
                details={
                    "day": on,
                    "added": report.added,
                    "changed": report.changed,
                    "left_out": report.left_out,
                },
            )
    return report


def _check(instruments: Sequence[Instrument], on: date) -> None:
    if not instruments:
        raise InstrumentListError(f"{on}: the list is empty, expected at least one instrument")
    key, count = Counter(instrument.key for instrument in instruments).most_common(1)[0]
    if count > 1:
        raise InstrumentListError(f"{key}: listed {count} times on {on}, expected once")
    for instrument in instruments:
        if instrument.segment is not Segment.CASH and instrument.expiry is None:
            raise InstrumentListError(f"{instrument.key}: expiry is missing")
        if instrument.kind in (Kind.CALL, Kind.PUT) and instrument.strike is None:
            raise InstrumentListError(f"{instrument.key}: strike is missing")


def _swap(instruments: Sequence[Instrument], on: date, source: str) -> SyncReport:
    with connection.cursor() as cursor:
        cursor.execute(_NO_STAGE)
        cursor.execute(_STAGE)
        with cursor.copy(f"COPY instrument_stage ({_COLUMNS}) FROM STDIN") as copy:
            for instrument in instruments:
                copy.write_row(_columns(instrument, on, source))
        cursor.execute(_CHANGE)
        changed = cursor.rowcount
        cursor.execute(_ADD)
        added = cursor.rowcount
        cursor.execute(_LEAVE_OUT, [on, source])
        return SyncReport(len(instruments), added, changed, cursor.rowcount)


def _columns(instrument: Instrument, on: date, source: str) -> tuple[object, ...]:
    return (
        on,
        instrument.exchange.value,
        instrument.symbol,
        instrument.token,
        instrument.name,
        instrument.kind.value,
        instrument.expiry,
        instrument.strike,
        instrument.lot_size,
        instrument.tick_size,
        instrument.freeze_quantity,
        instrument.made_from,
        source,
        True,
    )
