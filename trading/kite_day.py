"""The day on Kite opened: its list, universe and tape made ready, its run created for an engine.

It trades on paper or live as the account's mode says at this moment; a later change of the mode
changes no run. Trading the day is `kite_run.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from marketdata.calendar import IST, Calendar, CalendarUnknown
from marketdata.dated import FactMissing
from marketdata.feed import KeptTape
from marketdata.live_universe import LiveUniverseSettings
from marketdata.sources import SourceFailed
from marketdata.universe import UniverseError
from trading import selectors
from trading.bootstrap_kite import is_practice
from trading.config import KIND
from trading.kite_reading import kite_access
from trading.live_tape import Place, begun_tape
from trading.models import Account, BanList, Run, RunMode, RunState
from trading.services import instrument_files, runs
from trading.services.broker_login import NoSessionError
from trading.services.instrument_files import SOURCE
from trading.services.live_day import LiveDayError, LivePlan, watch_of
from trading.services.mode_changes import mode_at
from trading.services.share_ranks import share_ranks
from trading.services.task_runs import Occasion, Result

REFUSALS = (
    NoSessionError,
    SourceFailed,
    LiveDayError,
    UniverseError,
    CalendarUnknown,
    FactMissing,
)
"""Why a day can't be opened: a person has to do something about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayWish:
    """Who wants the day of a moment opened for which account; its files go below `folder`.

    `watch`: what is watched of the market, None for what the active configuration says.
    """

    account: Account
    at: datetime
    by: str
    folder: Path
    watch: LiveUniverseSettings | None = None

    @property
    def day(self) -> date:
        """Return the exchange's date."""
        return self.at.astimezone(IST).date()


def open_kite_day(wish: DayWish) -> Run:
    """Return the day's run on Kite's prices, opened now unless it was before.

    Raises `LiveDayError` on a day without a session, after its run has ended, while another
    session of the account runs, without a configuration and on a stale list of instruments;
    `NoSessionError` without a login, `SourceFailed`, `UniverseError`.
    """
    standing = _standing(wish)
    if standing is not None:
        return standing
    version = selectors.active_config(KIND)
    if version is None:
        raise LiveDayError("no configuration is active, expected one to trade under")
    bans = BanList.objects.filter(day=wish.day).first()
    banned = None if bans is None else frozenset(bans.symbols)
    tape = _tape(wish, wish.watch or watch_of(version.content), banned)
    code, journals = runs.new_code(), wish.folder / "journals"
    journals.mkdir(parents=True, exist_ok=True)
    return runs.start(
        spec=runs.RunSpec(
            account=wish.account,
            mode=RunMode(mode_at(wish.account, wish.at).value),
            date=wish.day,
            source=SOURCE,
            config_version=version,
            tape_path=str(tape.path),
            journal_path=str(journals / f"{wish.day}-{code}.journal"),
            code=code,
            banned=None if bans is None else tuple(bans.symbols),
            is_practice=is_practice(settings.KITE_ROOT),
        ),
        by=wish.by,
    )


def _standing(wish: DayWish) -> Run | None:
    """Return the day's run that is open already. Raises `LiveDayError` where none may be opened."""
    if not Calendar.load().is_trading_day(wish.day):
        raise LiveDayError(f"{wish.day}: no session on that day")
    running = selectors.next_run(wish.account)
    if running is not None and (running.source, running.date) == (SOURCE, wish.day):
        return running
    if running is not None:
        told = f"run {running.code} of {running.date} ({running.source})"
        raise LiveDayError(f"{wish.day}: {told} has not ended, expected no other session")
    done = Run.objects.filter(account=wish.account, date=wish.day, source=SOURCE)
    if (ended := done.filter(state=RunState.FINISHED.value).first()) is not None:
        raise LiveDayError(f"{wish.day}: run {ended.code} has ended, the day is over")
    return None


def _tape(wish: DayWish, watch: LiveUniverseSettings, banned: frozenset[str] | None) -> KeptTape:
    access = kite_access(wish.at)
    state = instrument_files.list_state(wish.day)
    if state.is_stale:
        raise LiveDayError(f"instruments: {state}, expected the list of {wish.day}")
    listed = instrument_files.listed(wish.day, watch.chains)
    history = wish.folder / "history"
    plan = LivePlan(
        day=wish.day,
        listed=listed,
        settings=watch,
        traded_value=share_ranks(listed, wish.day, watch, history),
        banned=banned,
        calendar=Calendar.load(),
    )
    return begun_tape(access, plan, Place(SOURCE, wish.folder / "days", history))


def open_on_occasion(occasion: Occasion, account: Account) -> Result:
    """Open the day of an occasion, or say why there is none to open or what is in its way."""
    if occasion.run is not None:
        return Result.skipped(f"run {occasion.run.code} is in simulated time")
    if is_practice(settings.KITE_ROOT):
        return Result.skipped(f"{settings.KITE_ROOT} is not Kite: its days are opened by hand")
    wish = DayWish(
        account=account,
        at=occasion.at,
        by="timetable",
        folder=Path(settings.PROJECT_ROOT) / "var",
    )
    try:
        run = open_kite_day(wish)
    except REFUSALS as error:
        return Result.failed(f"no day on Kite: {error}")
    return Result.done(f"run {run.code}, {run.mode}")
