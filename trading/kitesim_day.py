"""The day of a kitesim made ready for a desk: logged in, listed, chosen, an empty tape begun.

It is done as with Kite itself on a morning; trading the day is `kitesim_run.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from marketdata.calendar import Calendar
from marketdata.dump_checks import rules_on
from marketdata.feed import KeptTape
from marketdata.instruments import Instrument, Kind
from marketdata.live_universe import LiveUniverseSettings
from trading.bootstrap_login import login_door
from trading.kite_reading import KiteMorning, kite_access
from trading.kitesim_hand import SOURCE, SimTold, sim_state
from trading.live_tape import Place, begun_tape
from trading.services import broker_login, instrument_files
from trading.services.live_day import LivePlan


@dataclass(frozen=True, slots=True)
class SimMorning:
    """What is known of a kitesim before its day: what it told, and where tapes go."""

    told: SimTold
    folder: Path
    by: str


def open_day(morning: SimMorning) -> KeptTape:
    """Return the tape that the day will be written to; the bars before it stand beside it.

    Raises `SimAway`, `SourceFailed`, `DumpError`, `LiveDayError`, and as `broker_login.log_in`.
    """
    at = timezone.now()
    door = login_door(broker_login.app_keys())
    broker_login.log_in(request_token=morning.told.request_token, door=door, by=morning.by, at=at)
    access = kite_access(at)
    day = sim_state(settings.KITE_ROOT).now.date()
    files = KiteMorning(timezone.now, morning.folder).files()
    taken = instrument_files.take_over(files, rules_on(day, practice=True), SOURCE)
    plan = _plan(day, taken.dump.instruments)
    return begun_tape(access, plan, Place(SOURCE, morning.folder, morning.told.warmup))


def _plan(day: date, listed: tuple[Instrument, ...]) -> LivePlan:
    """Return a plan that takes all a kitesim lists: its market is as small as is wanted."""
    shares = [item.symbol for item in listed if item.kind is Kind.EQUITY]
    return LivePlan(
        day=day,
        listed=listed,
        settings=LiveUniverseSettings(
            stocks=len(shares), least_traded_value=0.0, needs_derivatives=False
        ),
        traded_value=dict.fromkeys(shares, 0.0),
        banned=frozenset(),
        calendar=Calendar.load(),
    )
