from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from marketdata.built_day import BuiltDay, bars_symbol
from marketdata.calendar import IST, Calendar, Hours
from marketdata.dayset import (
    RECORDED_DAYS,
    DaySpec,
    RecordingError,
    available_days,
    build_day,
    read_day,
)
from marketdata.dayset_source import read_bars as read_recording
from marketdata.history import bars_path, read_bars
from marketdata.instruments import Instrument, Kind
from marketdata.minute_bars import MinuteBars
from marketdata.panel import Panel
from marketdata.synthetic_quotes import on_grid
from marketdata.tape import TapeReader, microseconds
from marketdata.timeframes import Timeframe

pytestmark = pytest.mark.shared_data

BARS = date(2021, 4, 27)
TICKS = date(2021, 4, 28)
HOLES = date(2021, 5, 5)
FIELDS = ("open", "high", "low", "close", "volume")


def spec_of(day: date) -> DaySpec:
    return next(spec for spec in RECORDED_DAYS if spec.date == day)


def by_symbol(tape: TapeReader) -> dict[str, Instrument]:
    return {instrument.symbol: instrument for instrument in tape.head.instruments}


def without_options(tape: TapeReader) -> list[Instrument]:
    """Return the instruments that have bars; options are told by snapshots."""
    return [item for item in tape.head.instruments if item.kind not in (Kind.CALL, Kind.PUT)]


def columns(tape: TapeReader) -> dict[int, np.ndarray]:
    ticks = np.concatenate([frame.ticks for frame in tape.frames()])
    return {token: ticks[ticks["token"] == token] for token in np.unique(ticks["token"]).tolist()}


def rebuilt(tape: TapeReader) -> tuple[list[int], dict[str, np.ndarray]]:
    """Return the minute bars the product itself makes of a tape: tokens and (T, N) arrays."""
    tokens = [instrument.token for instrument in tape.head.instruments]
    opens_at = microseconds(tape.head.session_open) // 1_000_000
    panel = Panel(
        np.array(tokens), (Timeframe.MINUTE,), opens_at, tape.head.date.toordinal(), None, None
    )
    for frame in tape.frames():
        panel.apply(frame.ticks)
    rows = panel.close_bars(opens_at + 375 * 60)
    names = ("open", "high", "low", "close", "volume", "gap")
    return tokens, {name: np.stack([getattr(row, name) for row in rows]) for name in names}


@pytest.fixture(scope="module")
def built(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[date, BuiltDay]:
    folder = tmp_path_factory.mktemp("days")
    return {spec.date: build_day(spec, shared_data, folder) for spec in RECORDED_DAYS}


def test_all_recorded_days_are_available(shared_data: Path, tmp_path: Path) -> None:
    assert available_days(shared_data) == RECORDED_DAYS
    assert len(RECORDED_DAYS) >= 6
    assert available_days(tmp_path) == ()


@pytest.mark.parametrize("day", [BARS, date(2021, 4, 30)])
def test_a_day_built_again_has_the_same_bytes(
    built: dict[date, BuiltDay], shared_data: Path, tmp_path: Path, day: date
) -> None:
    again = build_day(spec_of(day), shared_data, tmp_path)

    assert again.tape_path.read_bytes() == built[day].tape_path.read_bytes()
    assert again.sha256 == built[day].sha256
    for one in sorted(built[day].warmup_path.iterdir()):
        assert one.read_bytes() == (again.warmup_path / one.name).read_bytes()


@pytest.mark.parametrize("day", [spec.date for spec in RECORDED_DAYS if not spec.ticks], ids=str)
def test_minute_bars_rebuilt_from_a_tape_equal_the_recording_exactly(
    built: dict[date, BuiltDay], shared_data: Path, day: date
) -> None:
    tape = TapeReader(built[day].tape_path)
    tokens, made = rebuilt(tape)
    opens_at = microseconds(tape.head.session_open)
    compared = 0
    for name in spec_of(day).bars:
        for symbol, bars in read_recording(shared_data / name).items():
            today = bars.on(day)
            if not len(today) or symbol in spec_of(day).left_out:
                continue
            item = next(item for item in tape.head.instruments if bars_symbol(item) == symbol)
            column = tokens.index(item.token)
            rows = (today.start - opens_at) // 60_000_000
            for field in FIELDS:
                assert made[field][rows, column].tolist() == getattr(today, field).tolist()
            assert np.count_nonzero(~made["gap"][:, column]) == len(today)
            compared += 1
    assert compared == sum(not item.made_from for item in without_options(tape))


def test_minute_closes_of_recorded_ticks_agree_with_the_recorded_bars(
    built: dict[date, BuiltDay], shared_data: Path
) -> None:
    tape = TapeReader(built[TICKS].tape_path)
    tokens, made = rebuilt(tape)
    index = read_recording(shared_data / "bars_1m/index_2021-04_2021-05.csv.gz")["NIFTY"].on(TICKS)

    column = tokens.index(256265)

    assert np.mean(made["close"][:, column] == index.close) > 0.85
    assert np.abs(made["close"][:, column] / index.close - 1).max() < 0.002


def test_recorded_ticks_come_in_file_order_with_their_dirt(
    built: dict[date, BuiltDay], shared_data: Path
) -> None:
    ticks = columns(TapeReader(built[TICKS].tape_path))[738561]

    assert len(ticks) == 21_400
    assert np.any(np.diff(ticks["exchange_at"]) < 0)
    assert np.any(np.diff(ticks["volume"]) < 0)
    assert np.any(ticks["exchange_at"][1:] == ticks["exchange_at"][:-1])


def test_ticks_without_a_stamp_stay_in_the_evening_they_were_received(
    built: dict[date, BuiltDay],
) -> None:
    tape = TapeReader(built[date(2021, 4, 30)].tape_path)
    unstamped = [frame for frame in tape.frames() if np.any(frame.ticks["exchange_at"] == 0)]

    assert unstamped
    assert all(frame.at.time() > time(15, 59) for frame in unstamped)


@pytest.mark.parametrize("day", [spec.date for spec in RECORDED_DAYS], ids=str)
def test_frames_are_in_order_with_no_token_twice_and_prices_on_the_grid(
    built: dict[date, BuiltDay], day: date
) -> None:
    tape = TapeReader(built[day].tape_path)
    times = []
    for frame in tape.frames():
        assert len(np.unique(frame.ticks["token"])) == len(frame.ticks)
        times.append(frame.at)
    assert times == sorted(set(times))
    told = columns(tape)
    for item in tape.head.instruments:
        ticks = told[item.token]
        fields = ["last"] if item.kind is Kind.INDEX else ["last", "bid", "ask"]
        for field in fields:
            assert np.all(on_grid(ticks[field], item.tick_size) == ticks[field])
        assert np.all(np.isnan(ticks["bid"]) if item.kind is Kind.INDEX else True)
        assert np.all(ticks["bid"] < ticks["ask"]) or item.kind is Kind.INDEX


@pytest.mark.parametrize("day", [spec.date for spec in RECORDED_DAYS], ids=str)
def test_the_sessions_before_are_read_without_loss_and_end_at_the_previous_close(
    built: dict[date, BuiltDay], day: date
) -> None:
    calendar = Calendar.load()
    tape = TapeReader(built[day].tape_path)
    head = tape.head

    for item in without_options(tape):
        hours = Hours(
            calendar,
            item.segment,
            has_derivatives=item.kind is Kind.EQUITY,
            is_index=item.kind is not Kind.EQUITY,
        )
        path = bars_path(built[day].warmup_path, bars_symbol(item))
        bars = read_bars(path, date(2021, 1, 1), day, hours)
        days = {datetime.fromtimestamp(start, IST).date() for start in bars.start.tolist()}
        assert len(days) >= 3
        assert max(days) < day
        assert not bars.dropped
        assert bars.close[-1] == dict(head.previous_close)[item.token]


def test_the_instruments_are_those_of_the_exchange_and_made_ones_say_so(
    built: dict[date, BuiltDay],
) -> None:
    head = TapeReader(built[BARS].tape_path).head
    found = by_symbol(TapeReader(built[BARS].tape_path))

    assert len(head.instruments) == 27
    assert [item.symbol for item in head.instruments[:5]] == [
        "NIFTY 50", "NIFTY BANK", "NIFTY21APRFUT", "BANKNIFTY21APRFUT", "AXISBANK",
    ]  # fmt: skip
    assert (found["NIFTY 50"].token, found["NIFTY BANK"].token) == (256265, 260105)
    assert (found["RELIANCE"].token, found["RELIANCE"].lot_size) == (738561, 1)
    assert found["RELIANCE"].tick_size == Decimal("0.05")
    assert {item.symbol for item in head.instruments if item.made_from} == {
        "NIFTY21APRFUT",
        "BANKNIFTY21APRFUT",
    }
    assert found["NIFTY21APRFUT"].made_from == "index NIFTY 50"


def test_what_was_modelled_stands_in_the_notes(built: dict[date, BuiltDay]) -> None:
    notes = "\n".join(built[TICKS].notes)

    assert "NIFTY21APRFUT: made from index NIFTY 50" in notes
    assert "four ticks a minute" in notes
    assert "dirt left in" in notes
    assert "quotes and their sizes are modelled" in notes
    assert TapeReader(built[TICKS].tape_path).head.notes == built[TICKS].notes


def test_holes_of_a_recording_stand_in_the_notes(built: dict[date, BuiltDay]) -> None:
    assert "all shares: 21 of 375 minutes are missing" in built[HOLES].notes
    assert (
        "all shares: the last bar is that of 15:08, the session goes on to 15:30"
        in built[HOLES].notes
    )
    assert (
        "all shares: the previous close is that of 2021-04-22, 2021-04-23 was not recorded"
        in built[date(2021, 4, 26)].notes
    )


def test_hours_are_those_of_the_date(built: dict[date, BuiltDay]) -> None:
    old = TapeReader(built[BARS].tape_path).head
    new = TapeReader(built[date(2026, 8, 12)].tape_path).head

    assert old.session_open == datetime(2021, 4, 27, 9, 15, tzinfo=IST)
    assert old.session_close == datetime(2021, 4, 27, 15, 30, tzinfo=IST)
    assert new.session_close == datetime(2026, 8, 12, 15, 40, tzinfo=IST)


def test_a_day_without_bars_or_sessions_before_it_is_refused(shared_data: Path) -> None:
    with pytest.raises(RecordingError, match="no bar on 2021-04-25"):
        read_day(replace(spec_of(BARS), date=date(2021, 4, 25)), shared_data)
    with pytest.raises(
        RecordingError, match=r": 1 sessions before 2021-04-06, expected at least 3"
    ):
        read_day(replace(spec_of(BARS), date=date(2021, 4, 6)), shared_data)


def test_a_symbol_the_list_does_not_know_is_refused(shared_data: Path, tmp_path: Path) -> None:
    whole = gzip.decompress((shared_data / spec_of(BARS).dump).read_bytes()).decode()
    dump = tmp_path / "short.csv"
    dump.write_text("".join(line for line in whole.splitlines(True) if ",TATAMOTORS," not in line))

    with pytest.raises(RecordingError, match=r"short\.csv: TATAMOTORS is not listed"):
        read_day(replace(spec_of(BARS), dump=str(dump)), shared_data)


def test_a_recording_of_another_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text("symbol,ts,open,high,low,close\nX,2021-04-27T09:15:00+05:30,1,1,1,1\n")
    with pytest.raises(RecordingError, match=r"bars\.csv: .*volume"):
        read_recording(path)

    path.write_text("symbol,ts,open,high,low,close,volume\nX,2021-04-27T09:15:00+05:30,1,x,1,1,0\n")
    with pytest.raises(RecordingError, match=r"bars\.csv: .*double"):
        read_recording(path)


def test_a_recording_is_read_by_symbol_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text(
        "symbol,ts,open,high,low,close,volume,oi\n"
        "B,2021-04-27T09:15:00+05:30,1,2,0.5,1.5,10,\n"
        "A,2021-04-27T09:15:00+05:30,5,6,4,5.5,30,\n"
        "B,2021-04-27T09:16:00+05:30,1.5,3,1,2,20,\n"
    )

    found = read_recording(path)

    assert list(found) == ["B", "A"]
    assert isinstance(found["B"], MinuteBars)
    assert found["B"].close.tolist() == [1.5, 2.0]
    assert found["B"].volume.tolist() == [10, 20]
    assert found["B"].start.tolist() == [
        microseconds(datetime(2021, 4, 27, 9, minute, tzinfo=IST)) for minute in (15, 16)
    ]
