"""From how many orders a second on an algo must be registered; the desk's own rate is not here.

The number stands in `data/algo_threshold.toml` with its source.
"""

from __future__ import annotations

from datetime import date

from marketdata.facts import dated_table
from marketdata.tables import DATA, read_toml


def most_unregistered_on(day: date) -> int:
    """Return the most orders a second that need no id of their own. Raises `FactMissing`."""
    rows = read_toml(DATA / "algo_threshold.toml").rows("thresholds")
    return dated_table(rows, "name", lambda row: row.whole("most"))["orders-second"].at(day)
