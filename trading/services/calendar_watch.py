"""Telling the operator in time that the list of holidays ends, and that it has ended.

What a day without a list means is the calendar's to say: it refuses it, and the desk opens no
session. The dates stand in `marketdata/data/holidays.toml`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from marketdata.calendar import IST, Calendar
from marketdata.events import unlisted
from trading.models import Alert
from trading.services.alerts import CRITICAL, WARNING, raise_alert

KIND = "calendar-ends"
_AHEAD = timedelta(days=21)
_FROM = time(8, 0)


def tell_where_it_ends(now: datetime) -> list[str]:
    """Raise the day's alert where the calendar ends within three weeks or has ended; say so.

    Once a day, from 08:00 on; an empty list where there is nothing to tell. `now`: aware.
    """
    local = now.astimezone(IST)
    last = Calendar.load().last_day
    if local.date() + _AHEAD < last or local.time() < _FROM:
        return []
    midnight = datetime.combine(local.date(), time(), tzinfo=IST)
    if Alert.objects.filter(kind=KIND, at__gte=midnight, at__lte=now).exists():
        return []
    severity = CRITICAL if local.date() > last else WARNING
    raise_alert(KIND, severity=severity, text=_told(local.date(), last), at=now)
    return [f"{KIND} told"]


def _told(day: date, last: date) -> str:
    year = last.year + 1
    found = (
        f"no list of holidays covers {day}: it is not known to have a session, and none is opened"
        if day > last
        else f"the list of holidays ends on {last}, in {(last - day).days} days: "
        f"without that of {year} no session is opened from then on"
    )
    missing = ", ".join(unlisted(max(day, last + timedelta(days=1))))
    events = f"; events.toml beside it has no list of {missing} either" if missing else ""
    return (
        f"{found}. Put the exchange's list (it comes about 12 December) into "
        f"marketdata/data/holidays.toml as year {year} and start the desk anew{events}"
    )
