"""An engine's sign of life, told to a store that is a fake."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import redis

from marketdata.calendar import IST
from trading.pulse import ASLEEP_SECONDS, Pulse

AT = datetime(2026, 10, 6, 10, 0, tzinfo=IST)


class Store:
    """Keeps what it is told, or is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.told: list[dict[str, Any]] = []

    def set(self, _key: str, text: bytes, ex: int) -> None:
        if self.away:
            raise redis.ConnectionError
        self.told.append({**msgspec.json.decode(text), "ex": ex})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def pulse_of(store: Store) -> tuple[Pulse, Clock]:
    clock = Clock()
    return Pulse("R1", store, 60.0, clock=clock), clock  # type: ignore[arg-type]


def test_a_sign_tells_the_run_its_moment_and_what_is_bad():
    store = Store()
    pulse, _ = pulse_of(store)

    pulse.tell(AT, ("redis",))
    pulse.beat()

    [sign] = store.told
    told = {name: sign[name] for name in ("run", "at", "bad", "speed", "ex")}
    assert told == {"run": "R1", "at": AT.isoformat(), "bad": ["redis"], "speed": 60.0, "ex": 10}


def test_an_engine_that_recovers_gives_signs_before_its_loop_goes_forward():
    store = Store()
    pulse, clock = pulse_of(store)

    clock.now = 60.0
    pulse.beat()

    assert [sign["at"] for sign in store.told] == [None]


def test_a_loop_that_stands_still_gives_no_sign():
    store = Store()
    pulse, clock = pulse_of(store)
    pulse.tell(AT, ())

    clock.now = ASLEEP_SECONDS + 0.1
    pulse.beat()

    assert store.told == []


def test_a_store_that_is_away_is_told_and_forgotten_when_it_is_back():
    store = Store(away=True)
    pulse, _ = pulse_of(store)

    pulse.beat()
    error = pulse.error
    store.away = False
    pulse.beat()

    assert (error, pulse.error, pulse.turns) == ("ConnectionError", "", 2)


def test_a_sign_tells_how_many_calls_waited_for_the_broker():
    store = Store()
    pulse, _ = pulse_of(store)
    pulse.deepest_queue = iter((3, 0)).__next__

    pulse.beat()
    pulse.beat()

    assert [sign["deepest_queue"] for sign in store.told] == [3, 0]
