"""Whether the books add up: the ledger against the trades, in the database's own decimals.

Nothing is booked here.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import connection

from trading.models import Run

_GAP = """
WITH
booked AS (
    SELECT COALESCE(sum(amount), 0) AS total,
           COALESCE(sum(amount) FILTER (WHERE kind = 'START'), 0) AS start,
           COALESCE(sum(amount) FILTER (WHERE kind NOT IN ('START', 'REALISED')), 0) AS charges
    FROM trading_ledgerentry WHERE run_id = %(run)s),
told AS (
    SELECT COALESCE((SELECT balance FROM trading_ledgerentry WHERE run_id = %(run)s
                     ORDER BY seq DESC LIMIT 1), 0) AS balance),
traded AS (
    SELECT COALESCE(sum(CASE side WHEN 'SELL' THEN quantity * price
                                  ELSE -quantity * price END), 0) AS cash
    FROM trading_fill WHERE run_id = %(run)s),
held AS (
    SELECT COALESCE(sum(quantity * average_entry), 0) AS cost
    FROM trading_position WHERE run_id = %(run)s AND quantity <> 0)
SELECT GREATEST(abs(start + cash + cost + charges - balance), abs(total - balance))
FROM booked, told, traded, held
"""


def ledger_gap(run: Run) -> Decimal:
    """Return by how many rupees the ledger's last balance differs from what the trades prove.

    Proven: start + cash of all fills - charges + cost of what is still held; and the sum of all
    bookings. The larger difference counts. Exactly 0 for a flat run whose books are right; while
    something is held the rounding of its average price may show in the sixth place.
    """
    with connection.cursor() as cursor:
        cursor.execute(_GAP, {"run": run.pk})
        (gap,) = cursor.fetchone()
    return Decimal(gap)
