"""The timetable as data: which task runs when, in exchange time; beat puts it into its tables.

Moments the engine must keep by itself, such as the square-off, are timers of the engine: the
tasks ask, verify and report. How rows are made is told by `trading/services/timetable.py`.
"""

from __future__ import annotations

from trading.services.timetable import (
    ARCHIVE,
    DEAD_MAN,
    POST_MARKET,
    SQUARE_OFF,
    VERIFY_FLAT,
    VOLATILITY,
    Every,
    Job,
)
from trading.services.timetable import put_in_place as put_in_place

TIMETABLE: tuple[Job | Every, ...] = (
    Job("Token check", "trading.tasks.token_check", 8, 0),
    Job("Pre-market sync", "trading.tasks.premarket_sync", 8, 30),
    Job("Open the day on Kite", "trading.tasks.open_kite_day", 8, 50),
    Job("Readiness report", "trading.tasks.readiness_report", 9, 0),
    Job("Open the day on Kite, if it isn't", "trading.tasks.open_kite_day", 9, 8),
    Job("Square-off", SQUARE_OFF, 15, 22, safety=True),
    Job("Verify that all is flat", VERIFY_FLAT, 15, 26, safety=True),
    Job("Post-market report", POST_MARKET, 15, 35),
    Job("Volatility of the day", VOLATILITY, 15, 45),
    Job("Archive", ARCHIVE, 16, 5),
    Job("Prune", "trading.tasks.prune", 17, 0),
    Every("Watch the timetable", "trading.tasks.watch", 60, safety=True),
    Every("Watch for a dead engine", DEAD_MAN, 5, safety=True),
    Every("Sign of life", "trading.tasks.heartbeat", 10, safety=True),
    Every("Deliver alerts", "backoffice.notify.tasks.deliver", 10, safety=True),
    Job("Forget expired sessions", "aitrapp.tasks.clear_sessions", 3, 40, safety=True),
)
