from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer

from tests.own_valkey import OwnValkey
from tests.ran_day import RanDay
from trading import broadcast_keys as keys
from trading.broadcast import Broadcaster, applied
from trading.broadcast_follow import RECORDS_AT_ONCE
from trading.broadcast_redis import WAIT_SECONDS
from trading.broadcast_sink import Sink
from trading.models import Run

pytestmark = pytest.mark.django_db


class Desk:
    """A broadcast whose clock stands still until it is told to go on; it runs through a day."""

    def __init__(self, day: RanDay, run: Run, valkey: OwnValkey) -> None:
        self.lines = day.journal.read_bytes().splitlines(keepends=True)
        self.run, self.valkey, self.now, self.written = run, valkey, 1000.0, 0
        self.start()

    def start(self) -> None:
        self.sink = Sink(self.valkey.url, self.run.account.code)
        self.broadcaster = Broadcaster(self.run, self.sink, clock=lambda: self.now)

    def stop(self) -> None:
        self.sink.close()

    def write(self, share: float) -> None:
        """Let the journal grow to a share of the day."""
        end = int(len(self.lines) * share)
        with Path(self.run.journal_path).open("ab") as file:
            file.write(b"".join(self.lines[self.written : end]))
        self.written = end

    def step(self, seconds: float = 0.25, *, projected: int | None = None) -> None:
        self.now += seconds
        self.broadcaster.step(self.written if projected is None else projected, 3)
        while self.broadcaster.journal_seq < self.written:
            self.broadcaster.step(self.written if projected is None else projected, 3)

    @property
    def state(self) -> dict[str, Any]:
        return self.read(keys.state_key("paper"))

    def read(self, key: str) -> Any:
        return json.loads(self.valkey.client.get(key))


@pytest.fixture
def desk(day: RanDay, made_run: Run, valkey: OwnValkey) -> Iterator[Desk]:
    found = Desk(day, made_run, valkey)
    yield found
    found.stop()


def test_the_state_stands_in_redis_and_its_number_grows_with_each_change(desk):
    desk.write(0.3)
    desk.step()
    first = desk.state
    desk.write(0.5)
    desk.step()

    second = desk.state

    assert (first["sequence"], second["sequence"]) == (1, 2)
    assert first["at"] < second["at"]
    assert second["run"]["code"] == desk.run.code
    assert second["wall_at"] > first["wall_at"]


def test_changes_are_gathered_for_a_quarter_of_a_second(desk):
    desk.write(0.3)
    desk.step()
    for share in (0.31, 0.32, 0.33):
        desk.write(share)
        desk.step(0.08)

    assert desk.state["sequence"] == 1
    desk.step(0.02)
    assert desk.state["sequence"] == 2


def test_while_nothing_changes_pages_hear_once_a_second_that_the_desk_lives(desk):
    desk.write(0.3)
    for _ in range(9):
        desk.step(0.25)

    assert desk.state["sequence"] == 3


def test_caches_hold_prices_positions_and_bars_and_run_out(desk):
    desk.write(0.5)
    desk.step()

    client, state = desk.valkey.client, desk.state
    prices, held = desk.read(keys.market_key("paper")), desk.read(keys.positions_key("paper"))
    bars = desk.read(keys.bars_key("paper", state["watch"][0]["instrument"]))
    assert prices == state["watch"]
    assert held == [entry for entry in state["positions"] if entry["quantity"]]
    assert len(bars[0]) == 6
    assert bars == sorted(bars)
    assert 0 < client.ttl(keys.market_key("paper")) <= keys.MARKET_SECONDS
    assert 0 < client.ttl(keys.positions_key("paper")) <= keys.POSITIONS_SECONDS
    assert client.ttl(keys.state_key("paper")) > 3600


def test_the_recorder_tells_how_far_it_is_behind(desk):
    desk.write(0.3)
    desk.step()
    desk.write(0.4)
    behind = desk.written - 50
    desk.step(1.0, projected=behind)
    desk.step(2.0, projected=behind)

    health = desk.read(keys.health_key("recorder"))

    assert health["lag_records"] == 50
    assert health["lag_seconds"] == 2.0
    assert health["run"] == desk.run.code
    assert desk.state["health"]["recorder"] == {"lag_records": 50, "lag_s": 2.0}


def test_a_recorder_a_moment_behind_at_high_speed_is_no_recorder_that_lags(desk):
    for percent in range(30, 60):
        written = desk.written
        desk.write(percent / 100)
        desk.step(0.5, projected=written)

    health = desk.read(keys.health_key("recorder"))
    assert health["lag_records"] > 0
    assert health["lag_seconds"] <= 0.5


def test_a_state_that_does_not_know_all_rows_says_so(desk):
    desk.write(0.3)
    desk.step()

    desk.step(1.0, projected=desk.written + 70)

    assert desk.state["health"]["recorder"] == {"lag_records": 70, "lag_s": 0.0}


def test_the_last_edition_tells_the_whole_day_however_far_it_was_behind(desk):
    desk.write(0.1)
    desk.step()
    desk.write(1.0)

    desk.broadcaster.step(desk.written, 3, last=True)

    left = desk.written - int(desk.written * 0.1)
    assert left > RECORDS_AT_ONCE
    assert desk.broadcaster.journal_seq == desk.written
    assert desk.state["run"]["state"] == "FINISHED"
    assert desk.state["health"]["recorder"] == {"lag_records": 0, "lag_s": 0.0}


def test_the_engine_s_sign_of_life_is_shown_and_an_old_one_is_not_well(desk):
    desk.write(0.3)
    engine = {"run": desk.run.code, "wall_at": "2026-01-01T09:00:00+05:30", "speed": 60}
    desk.valkey.client.set(keys.health_key("engine"), json.dumps(engine))
    desk.step()
    desk.step(1.0)

    state = desk.state
    assert state["health"]["engine"] == {"heartbeat_at": engine["wall_at"], "ok": False}
    assert state["run"]["speed"] == 60


def test_after_a_flush_the_next_edition_restores_everything(desk):
    desk.write(0.4)
    desk.step()
    before, bars = desk.state, set(desk.valkey.client.keys(keys.bars_key("paper", "*")))

    desk.valkey.client.flushall()
    for _ in range(8):
        desk.step(0.25)

    after = desk.state
    assert after["sequence"] > before["sequence"]
    assert after["positions"] == before["positions"]
    assert set(desk.valkey.client.keys(keys.bars_key("paper", "*"))) == bars


def test_redis_away_is_counted_and_the_next_edition_tells_all(desk):
    desk.write(0.3)
    desk.step()
    before = desk.state
    desk.valkey.stop()

    assert min(seconds_of_steps(desk, (0.35, 0.4, 0.45, 0.5), 0.25)) < WAIT_SECONDS

    desk.valkey.start()
    desk.step(60)
    after = desk.state
    assert after["sequence"] > before["sequence"] + 1
    assert after["at"] > before["at"]
    assert desk.read(keys.health_key("recorder"))["redis_failures"] >= 1


def test_a_redis_that_stands_still_holds_the_recorder_up_for_a_moment_only(desk):
    desk.write(0.3)
    desk.step()
    desk.valkey.freeze()

    _, *later = seconds_of_steps(desk, (0.31, 0.32, 0.33, 0.34, 0.35), 0.1)

    assert min(later) < WAIT_SECONDS
    desk.valkey.thaw()


def seconds_of_steps(desk: Desk, shares: tuple[float, ...], each: float) -> list[float]:
    """Return how long each step took that tells the journal up to a share of the day."""
    took = []
    for share in shares:
        desk.write(share)
        began = time.monotonic()
        desk.step(each)
        took.append(time.monotonic() - began)
    return took


def test_a_new_recorder_goes_on_where_the_numbers_stood(desk):
    desk.write(0.4)
    desk.step()
    before = desk.state
    desk.stop()

    desk.start()
    desk.write(0.5)
    desk.step()

    after = desk.state
    assert after["sequence"] == before["sequence"] + 1
    assert after["at"] > before["at"]


def test_another_run_leaves_a_number_out_so_that_pages_ask_anew(desk):
    told = {"version": 1, "sequence": 41, "run": {"code": "OTHER"}, "positions": []}
    desk.valkey.client.set(keys.state_key("paper"), json.dumps(told))

    desk.write(0.3)
    desk.step()

    assert desk.state["sequence"] == 43


def test_what_is_no_document_in_redis_is_written_over(desk):
    desk.valkey.client.set(keys.state_key("paper"), b"\x00 not json")
    desk.valkey.client.set(keys.health_key("engine"), b"[1")

    desk.write(0.3)
    desk.step()
    desk.step()

    assert desk.state["run"]["code"] == desk.run.code


async def test_pages_of_the_group_get_every_change_with_its_number(desk):
    layer = RedisPubSubChannelLayer(hosts=[{"address": desk.valkey.url, "socket_timeout": None}])
    page = await layer.new_channel()
    await layer.group_add(keys.group("paper"), page)
    await told(desk, 0.3)
    state = await asyncio.to_thread(lambda: desk.state)
    await asyncio.wait_for(layer.receive(page), 60)
    await told(desk, 0.5)
    await told(desk, 0.7)

    for _ in range(2):
        message = await asyncio.wait_for(layer.receive(page), 60)
        assert message["type"] == "desk.delta"
        assert message["sequence"] == state["sequence"] + 1
        state = applied(state, message["sequence"], message["changes"])

    assert state == await asyncio.to_thread(lambda: desk.state)
    assert message["changes"]["bars"]
    await layer.flush()


async def told(desk: Desk, share: float) -> None:
    """Let the desk go on to a share of the day, in a thread as the recorder would."""

    def go() -> None:
        desk.write(share)
        desk.step()

    await asyncio.to_thread(go)


@pytest.fixture
def heard(desk: Desk) -> Iterator[Callable[[], dict[str, list[dict[str, Any]]]]]:
    """Listen on every channel from half a day on; return what was said, by channel."""
    desk.write(0.2)
    desk.step()
    listener = desk.valkey.client.pubsub()
    listener.subscribe(*(keys.channel(noun) for noun in keys.CHANNELS))
    for _ in keys.CHANNELS:
        assert listener.get_message(timeout=30)["type"] == "subscribe"

    def all_said() -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        while (message := listener.get_message(timeout=0.5)) is not None:
            noun = message["channel"].decode().removeprefix("aitrapp.v1.")
            found.setdefault(noun, []).append(json.loads(message["data"]))
        return found

    yield all_said
    listener.close()


def test_every_channel_tells_versioned_json_of_the_run(desk, heard):
    for share in (0.4, 0.6, 0.8, 1.0):
        desk.write(share)
        desk.step()

    said = heard()

    assert set(said) == set(keys.CHANNELS) - {"events"}
    for noun, messages in said.items():
        for message in messages:
            assert (message["version"], message["run"]) == (1, desk.run.code), noun
            assert message["items"], noun


def test_each_note_is_told_once_and_history_is_not_told_again(desk, day, heard):
    cut = desk.written
    desk.write(0.7)
    desk.step()
    desk.write(1.0)
    desk.step()

    orders = [item["seq"] for message in heard()["orders"] for item in message["items"]]

    kinds = ("OrderNoted", "FillNoted")
    later = [r.seq for r in day.records() if r.kind in kinds and r.seq > cut]
    assert orders == later


def test_bars_are_told_when_they_have_ended(desk, heard):
    desk.write(0.4)
    desk.step()
    desk.write(0.5)
    desk.step()

    told = [item for message in heard()["bars"] for item in message["items"]]

    per_instrument = {item["instrument"] for item in told}
    assert len(per_instrument) > 5
    key = sorted(per_instrument)[0]
    stored = desk.read(keys.bars_key("paper", key))
    assert [item["bar"] for item in told if item["instrument"] == key][-1] in stored
