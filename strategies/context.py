"""What a strategy may know besides the bars: the names of the readings beside them.

Working them out is the engine's; a strategy declares those it wants in its `context`.
"""

from __future__ import annotations

DAYS_TO_EXPIRY = "days_to_expiry"
"""Calendar days to the nearest expiry of options on the column, 0 on the day; NaN without any."""

IV_PERCENTILE = "iv_percentile"
"""Part of the stored days on which volatility at the money was lower than now, 0 to 100."""

IV_RANK = "iv_rank"
"""Where volatility at the money stands between the lowest and highest stored, 0 to 100."""

MINUTES_TO_EVENT = "minutes_to_event"
"""Minutes until the next event of the day stops entries on the column, NaN without one."""

EXPIRY_DAY = "expiry_day"
"""1 where contracts on the column expire today, 0 where others do later; NaN without any."""

MONTHLY_EXPIRY = "monthly_expiry"
"""1 where the nearest expiry on the column is a monthly one, 0 for a weekly; NaN without any."""

SEGMENT_EXPIRY = "segment_expiry"
"""1 where contracts of an index expire today on an exchange that lists the column's, else 0."""

BESIDE_OPTIONS = frozenset({MINUTES_TO_EVENT, EXPIRY_DAY, MONTHLY_EXPIRY, SEGMENT_EXPIRY})
"""The readings that are known without a single option; the others are NaN then."""
