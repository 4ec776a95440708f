from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from execution.broker import OutcomeUnknown, Refused
from execution.orders import OrderState
from marketdata.tape import Frame
from risk.breakers import TradingState
from tests.unit.trading.engine.builders import FUTURE_COLUMN, INDEX_COLUMN, at
from tests.unit.trading.engine.surroundings import Stage, TracingJournal, TracingVenue, frames
from trading.engine.events import CommandIssued, CommandKind, ConditionChanged
from trading.engine.runner import DivergenceError
from trading.journal import MemoryJournal, read_records

ENTRY_SECOND, END = 10, at(9, 32)
START = at(9, 29, 50)


def a_stage(**values: Any) -> Stage:
    """Return a market in which the strategy speaks at 9:30 and the stop is hit at 9:31:10."""
    return Stage(
        frames(START, 120, {80: {FUTURE_COLUMN: 23_940.0, INDEX_COLUMN: 23_940.0}}), **values
    )


def kinds(journal: MemoryJournal) -> list[str]:
    return [kind for kind, _, _ in journal.records]


def bodies(journal: MemoryJournal, kind: str) -> list[dict[str, Any]]:
    found = [body for name, _, body in journal.records if name == kind]
    return [msgspec.json.decode(msgspec.json.encode(body)) for body in found]


async def test_a_day_is_lived_from_its_head_to_its_end():
    runner, journal = await a_stage().run(END)

    told = kinds(journal)
    assert (told[0], told[-1]) == ("run", "run-ended")
    assert told.count("Frame") == told.count("MarketStep") == 120
    assert told.count("FillNoted") == 2
    assert runner.engine.ledger.trades["P000001"].exit_reason == "HARD_STOP"


async def test_an_order_leaves_only_after_its_wish_is_written_and_flushed():
    stage = a_stage()

    await stage.run(END)

    wishes = {"place": "PlaceOrder", "modify": "ModifyOrder", "cancel": "CancelOrder"}
    sent = [place for place, (what, _) in enumerate(stage.trace) if what in wishes]
    assert sent
    for place in sent:
        before = stage.trace[:place]
        flushed = max(i for i, entry in enumerate(before) if entry[0] == "flush")
        written = max(
            i
            for i, entry in enumerate(before)
            if entry == ("append", wishes[stage.trace[place][0]])
        )
        assert written < flushed


async def test_an_event_is_written_before_what_it_led_to():
    _, journal = await a_stage().run(END)

    told = kinds(journal)
    assert told.index("TimerFired") < told.index("SignalNoted") < told.index("PlaceOrder")
    assert told.index("PlaceOrder") < told.index("BrokerSaid") < told.index("FillNoted")


async def test_a_fence_that_has_fallen_stops_the_process_before_anything_is_sent():
    stage = a_stage(fence=[RuntimeError("the lease is gone")])

    with pytest.raises(RuntimeError, match="lease"):
        await stage.run(END)

    assert not [what for what, _ in stage.trace if what == "place"]
    assert stage.trace[-1] == ("flush", "")


async def test_a_refused_order_is_rejected():
    _, journal = await a_stage().run(END, Refused("no funds"))

    first = bodies(journal, "BrokerSaid")[0]["update"]
    assert (first["state"], first["reason"]) == ("REJECTED", "no funds")
    assert bodies(journal, "PlanMoved")[0]["state"] == "ENTRY_CANCELLED"


async def test_an_order_of_unknown_outcome_is_sent_once_and_blocks_entries():
    stage = a_stage()

    runner, journal = await stage.run(END, OutcomeUnknown("timeout"))

    placed = [name for what, name in stage.trace if what == "place"]
    assert len(placed) == len(set(placed)) == 1
    assert runner.engine.orders[placed[0]].state is OrderState.UNKNOWN
    assert "unknown-order" in runner.engine.breakers.blocked
    assert bodies(journal, "ChangeRefused")[0]["proven"] is True


async def test_what_the_screen_refuses_is_told_by_name_with_its_count():
    stage = a_stage()
    for second in (20, 21, 22):
        ticks = stage.frames[second].ticks
        ticks["last"][2] = 0.0

    _, journal = await stage.run(END)

    (fault,) = bodies(journal, "DataFault")
    assert (fault["symbol"], fault["reason"], fault["count"]) == ("RELIANCE", "zero-price", 3)
    assert "RELIANCE: zero-price x 3" in [note["text"] for note in bodies(journal, "RiskNoted")]


async def test_what_comes_from_outside_is_journalled_where_it_was_taken():
    moment = START + timedelta(seconds=5)
    pause = CommandIssued(moment, 1, CommandKind.PAUSE, "ann", "")
    late = ConditionChanged(moment, "recorder", good=False)
    stage = a_stage(inputs={moment: [pause, late]})

    runner, journal = await stage.run(END)

    assert runner.engine.breakers.blocked == {"operator", "recorder"}
    assert not runner.engine.ledger.trades
    assert [body["outcome"] for body in bodies(journal, "CommandDone")] == ["DONE"]


async def test_with_a_dead_feed_exits_are_asked_for_in_time_and_the_operator_is_told():
    stage = Stage(frames(START, 60, {}))

    runner, journal = await stage.run(at(15, 30))

    trade = runner.engine.ledger.trades["P000001"]
    asked = [body["at"] for body in bodies(journal, "ModifyOrder")]
    (closing,) = [body for body in bodies(journal, "PlanMoved") if body["state"] == "CLOSING"]
    (alert,) = [body for body in bodies(journal, "AlertNoted") if body["kind"] == "not-flat"]
    assert closing["reason"] == "END_OF_DAY"
    assert asked[0] == closing["at"] == at(15, 22).isoformat()
    assert alert["at"] == at(15, 25).isoformat()
    assert trade.open_quantity == 130
    assert "END_OF_DAY" in [body["reason"] for body in bodies(journal, "PlanMoved")]


async def test_without_prices_an_exit_goes_to_the_market_after_its_tries():
    stage = Stage(frames(START, 60, {}))

    runner, _ = await stage.run(at(15, 26))

    trade = runner.engine.ledger.trades["P000001"]
    (exit_,) = runner.engine.orders.working(trade.exits)
    assert runner.engine.orders[exit_].request.order_type == "MARKET"


async def test_a_finished_journal_lived_again_stays_as_it_is(tmp_path: Path):
    path = tmp_path / "day.journal"
    await a_stage().run_into(path, END)
    written = path.read_bytes()

    await a_stage().run_into(path, END)

    assert path.read_bytes() == written


async def test_a_journal_of_another_run_is_not_gone_on_with(tmp_path: Path):
    path = tmp_path / "day.journal"
    await a_stage().run_into(path, END)
    change(path, 1, {"run": "T2"})

    with pytest.raises(DivergenceError, match="T2"):
        await a_stage().run_into(path, END)


async def test_a_past_that_does_not_come_out_again_stops_the_run(tmp_path: Path):
    path = tmp_path / "day.journal"
    await a_stage().run_into(path, END)
    fill = next(record for record in read_records(path) if record.kind == "FillNoted")
    change(path, fill.seq, fill.body | {"quantity": 65})

    with pytest.raises(DivergenceError, match=f"record {fill.seq}: FillNoted"):
        await a_stage().run_into(path, END)


def change(path: Path, seq: int, body: dict[str, Any]) -> None:
    """Write another body into a record, its checksum right."""
    lines = path.read_bytes().splitlines(keepends=True)
    raw = msgspec.json.decode(lines[seq - 1][9:-1])
    text = msgspec.json.encode(raw | {"b": body})
    lines[seq - 1] = b"%08x %s\n" % (zlib.crc32(text), text)
    path.write_bytes(b"".join(lines))


async def test_a_command_offered_again_after_a_restart_is_journalled_once(tmp_path: Path):
    moment = START + timedelta(seconds=5)
    pause = CommandIssued(moment, 1, CommandKind.PAUSE, "ann", "")
    resume = CommandIssued(moment, 2, CommandKind.RESUME, "ann", "")
    path = tmp_path / "day.journal"
    await a_stage(inputs={moment: [pause, resume]}).run_into(path, END)
    undisturbed = path.read_bytes()
    second = next(r for r in read_records(path) if r.body.get("command_id") == 2)
    before = [record for record in read_records(path) if record.seq < second.seq]
    path.write_bytes(undisturbed[: before[-1].end])

    await a_stage(inputs={moment: [pause, resume]}).run_into(path, END)

    assert path.read_bytes() == undisturbed


async def test_a_frame_without_a_number_lets_time_pass_and_tells_nothing():
    stage = a_stage()
    told = [replace(frame, index=-1) if frame.index >= 60 else frame for frame in stage.frames]

    _, journal = await replace(stage, frames=tuple(told)).run(END)

    assert kinds(journal).count("Frame") == kinds(journal).count("MarketStep") == 60
    assert [body["frame"] for body in bodies(journal, "Frame")] == list(range(60))
    until = max(body["at"] for body in bodies(journal, "TimerFired"))
    assert until > told[60].at.isoformat()


class WaitingFeed:
    """A feed whose second frame comes only when it is let go."""

    def __init__(self, told: list[Frame]) -> None:
        self._told = told
        self.go = asyncio.Event()

    @property
    def head(self) -> Any:
        raise NotImplementedError

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        for frame in self._told[start:]:
            if frame.index:
                await self.go.wait()
            yield frame


async def test_between_two_frames_time_goes_on_and_commands_are_heard():
    told = frames(START, 1, {}) + [replace(frame, index=1) for frame in frames(at(9, 31), 1, {})]
    stage, trace = Stage(told), []
    feed, journal = WaitingFeed(told), TracingJournal(trace)
    runner = stage.runner(journal, TracingVenue(trace))
    moment = at(9, 30, 20)

    def inputs(now: datetime) -> list[CommandIssued]:
        if now == moment and not feed.go.is_set():
            feed.go.set()
            return [CommandIssued(now, 1, CommandKind.FLATTEN, "ann", "")]
        return []

    around = replace(runner._around, feed=feed, inputs=inputs, now=lambda: moment)
    runner._around = around

    await runner.run({"run": "T1"}, at(9, 31))

    (done,) = bodies(journal.inner, "CommandDone")
    assert done["at"] == moment.isoformat()
    assert runner.engine.breakers.state is TradingState.HALTED


async def test_between_two_frames_it_waits_no_longer_than_to_the_next_alarm():
    told = frames(START, 1, {}) + [replace(frame, index=1) for frame in frames(at(9, 31), 1, {})]
    feed, asked = WaitingFeed(told), []
    runner = Stage(told).runner(TracingJournal([]), TracingVenue([]))
    moment = at(9, 30) - timedelta(milliseconds=20)

    async def pause(seconds: float) -> None:
        asked.append(seconds)
        if len(asked) == 2:
            feed.go.set()
        await asyncio.sleep(0)

    runner._around = replace(runner._around, feed=feed, now=lambda: moment, pause=pause)

    await runner.run({"run": "T1"}, at(9, 31))

    assert asked[:2] == [0.0, pytest.approx(0.02)]


def test_the_ticks_of_a_frame_hold_every_column_once():
    assert len(np.unique(frames(START, 1, {})[0].ticks["token"])) == 4
