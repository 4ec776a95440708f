"""A day got ready at a kitesim over real sockets: instruments, closes before, candles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

from execution.kitesim.faults import FaultKind, FaultRule
from execution.kitesim.settings import Limits, SimSettings
from marketdata.built_day import BuiltDay, bars_symbol
from marketdata.calendar import IST, Calendar
from marketdata.dump_checks import day_dump, fetch_files, rules_on
from marketdata.history import bars_path, read_bars
from marketdata.history_download import Step, Target, carry_out, steps
from marketdata.history_import import hours_of
from marketdata.history_plan import Fetched, most_days, read_fetched
from marketdata.instrument_dump import DumpError, DumpRules, read_dump
from marketdata.instruments import Exchange, Instrument
from marketdata.kite.client import Client, RestLogin
from marketdata.live_universe import LiveUniverseSettings
from marketdata.pacing import LocalPacer, Patience, budgets_on
from marketdata.sources import CandleSpan, Interval, LoginWanted, SourceFailed
from marketdata.tape import TapeReader
from marketdata.traded_value import sessions_before
from trading.bootstrap_kite import KiteAccess, KiteData, Wall, kite_data
from trading.bootstrap_kitesim import KiteSim, SimDay, kitesim_of
from trading.made_days import make_day
from trading.services.live_day import LiveDayError, LivePlan, live_day
from trading.services.price_bands import condition_of, take_bands
from trading.services.share_ranks import share_ranks

DAY = datetime(2026, 10, 6, tzinfo=IST).date()
CALENDAR = Calendar.load()
ALL_SHARES = LiveUniverseSettings(
    stocks=20, least_traded_value=0.0, traded_sessions=4, needs_derivatives=False
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return make_day(3, DAY, tmp_path_factory.mktemp("made"), seconds_per_tick=60)


@dataclass(frozen=True)
class Desk:
    """A kitesim and the readers of a session at it."""

    sim: KiteSim
    data: KiteData
    tape: TapeReader

    async def listed(
        self, last_good: Mapping[Exchange, int] | None = None
    ) -> tuple[Instrument, ...]:
        files = await fetch_files(self.data.instruments)
        alone = DumpRules(DAY, 0, frozenset())
        parsed = {name: read_dump(name, raw, alone) for name, raw in files.items()}
        return day_dump(parsed, rules_on(DAY, practice=True), last_good or {}).instruments


@asynccontextmanager
async def desk(
    built: BuiltDay, *rules: FaultRule, limits: Limits | None = None
) -> AsyncIterator[Desk]:
    tape = TapeReader(built.tape_path)
    day = SimDay(
        tape=tape,
        warmup=built.warmup_path,
        seed=3,
        speed=0,
        rules=rules,
        settings=SimSettings(limits=limits),
    )
    async with kitesim_of(day) as sim:
        anonymous = Client(RestLogin(sim.keys.api_key, root=sim.root))
        session = await asyncio.to_thread(
            anonymous.generate_session, sim.request_token(), sim.keys.api_secret
        )
        anonymous.close()
        access = KiteAccess(sim.keys.api_key, session["access_token"], sim.root, sim.ws_root)
        wall = Wall(sleep=_no_pause if limits is None else asyncio.sleep)
        budgets = budgets_on(DAY) if limits else ()
        pacer = LocalPacer(budgets, wall.clock.now, wall.sleep, Patience(normal=30.0))
        data = kite_data(access, pacer, wall)
        try:
            yield Desk(sim, data, tape)
        finally:
            data.close()


async def _no_pause(_seconds: float) -> None:
    """Go on at once."""


def plan_of(listed: tuple[Instrument, ...], built: BuiltDay) -> LivePlan:
    return LivePlan(
        day=DAY,
        listed=listed,
        settings=ALL_SHARES,
        traded_value=share_ranks(listed, DAY, ALL_SHARES, built.warmup_path),
        banned=frozenset(),
        calendar=CALENDAR,
    )


async def test_the_head_of_a_live_day_is_that_of_the_tape_behind_the_broker(built: BuiltDay):
    async with desk(built) as at:
        day = await live_day(plan_of(await at.listed(), built), at.data.quotes, "kitesim")
        told = at.tape.head

    assert day.head.instruments == tuple(replace(item, made_from="") for item in told.instruments)
    assert day.head.previous_close == told.previous_close
    assert (day.head.session_open, day.head.session_close) == (
        told.session_open,
        told.session_close,
    )
    assert day.head.date == told.date
    assert not day.universe.capped


async def test_without_a_ban_list_and_with_a_cap_the_head_says_so(built: BuiltDay):
    async with desk(built) as at:
        plan = plan_of(await at.listed(), built)
        tight = replace(ALL_SHARES, most=20)
        day = await live_day(replace(plan, banned=None, settings=tight), at.data.quotes, "kitesim")

    assert len(day.head.instruments) == 20
    assert day.head.notes == (
        "all shares: no ban list, entries are blocked",
        "4 instruments: over the cap of 20, left out",
    )


async def test_a_day_on_which_nothing_is_watched_is_refused(built: BuiltDay):
    async with desk(built) as at:
        plan = plan_of(await at.listed(), built)
        nothing = replace(ALL_SHARES, indices=(), watched=(), chains=(), stocks=0)

        with pytest.raises(LiveDayError, match="nothing of what is listed"):
            await live_day(replace(plan, settings=nothing), at.data.quotes, "kitesim")


async def test_price_limits_are_those_the_broker_refuses_by(built: BuiltDay):
    async with desk(built) as at:
        listed = await at.listed()
        now = at.tape.head.session_open
        bands = await take_bands(listed, at.data.quotes, "kitesim", DAY, now)
        market = at.sim.backend.market
        told = {item.key: market.circuit(market.by_token(item.token)) for item in listed}

    assert bands.bands == {key: limits for key, limits in told.items() if limits}
    assert not bands.missing(listed)
    assert condition_of(bands, listed, now).good


async def test_candles_of_the_sessions_before_come_into_the_folder_of_bars(
    built: BuiltDay, tmp_path: Path
):
    async with desk(built) as at:
        listed = await at.listed()
        target = target_of(tmp_path)
        sessions = sessions_before(DAY, 3, CALENDAR)
        wanted = steps(listed, sessions, target)
        reports = [await carry_out(step, at.data.history, target) for step in wanted]

    assert len(reports) == 24
    assert {(report.failure, report.gaps.silent) for report in reports} == {("", ())}
    assert not any(report.dropped for report in reports)
    for item in listed:
        hours = hours_of(bars_symbol(item), CALENDAR)
        ours, theirs = (
            read_bars(bars_path(folder, bars_symbol(item)), sessions[0], sessions[-1], hours)
            for folder in (tmp_path, built.warmup_path)
        )
        for name in ("start", "open", "high", "low", "close", "volume"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert steps(listed, sessions, read_again(target)) == ()


async def test_an_answer_never_spans_more_than_kite_gives(built: BuiltDay, tmp_path: Path):
    async with desk(built) as at:
        (index, *_) = await at.listed()
        target = target_of(tmp_path)
        sessions = tuple(CALENDAR.trading_days(DAY - timedelta(days=150), DAY - timedelta(days=1)))
        wanted = steps([index], sessions, target)
        reports = [await carry_out(step, at.data.history, target) for step in wanted]
        one_too_long = CandleSpan(
            index.token,
            Interval.MINUTE,
            datetime.combine(DAY - timedelta(days=61), time(), IST),
            datetime.combine(DAY, time(), IST),
        )
        with pytest.raises(SourceFailed, match="interval exceeds max limit: 60 days"):
            await at.data.history.candles(one_too_long)

    assert len(wanted) == 3
    assert [report.failure for report in reports] == ["", "", ""]


async def test_the_broker_s_rate_limit_is_kept_to(built: BuiltDay, tmp_path: Path):
    async with desk(built, limits=Limits.newest()) as at:
        (index, *_) = await at.listed()
        target = target_of(tmp_path)
        sessions = sessions_before(DAY, 4, CALENDAR)
        wanted = [Step(index, (day, day)) for day in sessions]
        reports = [await carry_out(step, at.data.history, target) for step in wanted]
        for _ in range(2):
            await at.data.quotes.last_prices([index.key])

    assert [report.failure for report in reports] == [""] * 4


@pytest.mark.parametrize("kind", [FaultKind.CSV_EMPTY, FaultKind.CSV_SHORT, FaultKind.CSV_GARBLED])
async def test_a_file_gone_wrong_is_never_believed(built: BuiltDay, kind: FaultKind):
    for exchange in ("NSE", "NFO"):
        async with desk(built, FaultRule(kind, subject=exchange)) as at:
            whole = {Exchange.NSE: 22, Exchange.NFO: 2}
            with pytest.raises(DumpError):
                await at.listed(whole)


async def test_a_dead_session_asks_for_a_login(built: BuiltDay, tmp_path: Path):
    async with desk(built) as at:
        (index, *_) = await at.listed()
        at.sim.backend.sessions.kill()

        with pytest.raises(LoginWanted):
            await at.data.quotes.last_prices([index.key])
        with pytest.raises(LoginWanted):
            await carry_out(Step(index, (DAY, DAY)), at.data.history, target_of(tmp_path))


def target_of(folder: Path) -> Target:
    return Target(folder, Fetched(Interval.MINUTE), CALENDAR, most_days(Interval.MINUTE, DAY))


def read_again(target: Target) -> Target:
    return replace(target, fetched=read_fetched(target.folder, Interval.MINUTE))
