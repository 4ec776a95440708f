"""What the console has workers do. When something runs by itself is told in the timetable."""

from __future__ import annotations

import uuid

from celery import shared_task

from backoffice.backtests import LIMIT, carry_out

_SECONDS = int(LIMIT.total_seconds())


@shared_task(time_limit=_SECONDS + 120, soft_time_limit=_SECONDS + 60)
def run_backtest(*, job_id: str, **_: object) -> None:
    """Carry a backtest out; an unknown job, and a second call, do nothing."""
    carry_out(uuid.UUID(job_id))
