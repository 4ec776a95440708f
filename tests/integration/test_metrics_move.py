"""A made day traded by the whole desk: every metric moves, read where Prometheus reads it."""

from __future__ import annotations

import json
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.live_desk import OVER, LiveDesk, Pace, open_folder
from trading.metrics_list import METRICS, PREFIX

pytestmark = pytest.mark.slow

DAY = Pace(seed=15, seconds=5, speed=300)
EXPLAINED = {metric.name for metric in METRICS if metric.not_in_paper}
_LOGIN = re.compile(r"login: (\S+)  password: (\S+)")
_WHOLE_DAY_SECONDS = 300.0
_LOOK_SECONDS = 0.3


class Day:
    """One day of the desk, looked at all along; in it Redis dies once, and all is flattened."""

    def __init__(self, desk: LiveDesk) -> None:
        self.desk = desk
        self.moved: set[str] = set()
        self.last: set[str] = set()
        self.duplicates: set[str] = set()
        self._token = ""
        self._done: set[str] = set()

    def live(self) -> None:
        """Watch the day to its end and give the desk what a day of metrics needs."""
        self.desk.wait_until("the login", lambda: _LOGIN.search(self.desk.told), 120.0)
        deadline = time.monotonic() + _WHOLE_DAY_SECONDS
        while OVER not in self.desk.told:
            if time.monotonic() > deadline or self.desk.process.poll() is not None:
                raise AssertionError(self.desk.words())
            self.look()
            self._intervene()
            time.sleep(_LOOK_SECONDS)
        time.sleep(2)
        self.look()

    def look(self) -> None:
        """Read the metrics once; a web process that is not up yet tells none."""
        text = self._read("/metrics")
        if not text:
            return
        families = list(text_string_to_metric_families(text))
        names = [family.name.removeprefix(PREFIX) for family in families]
        self.last = set(names)
        self.duplicates |= {name for name in names if names.count(name) > 1}
        self.moved |= {
            family.name.removeprefix(PREFIX)
            for family in families
            if any(sample.value for sample in family.samples)
        }

    def _intervene(self) -> None:
        at = self._time()
        if at >= "11:00" and "redis" not in self._done:
            self.desk.harm("valkey", signal.SIGKILL)
            self._done.add("redis")
        if at >= "13:30" and "flatten" not in self._done and self._holds():
            told = self._post("flatten", {"reason": "drill"})
            assert told["kind"] == "FLATTEN"
            self._done.add("flatten")

    def _time(self) -> str:
        """Return the time of the day by the desk's last equity point."""
        moment = "to_char(max(at) AT TIME ZONE 'Asia/Kolkata', 'HH24:MI')"
        found = self.desk.query(f"SELECT {moment} FROM trading_equitypoint")
        return str(found[0][0] or "") if found else ""

    def _holds(self) -> bool:
        return bool(self.desk.query("SELECT 1 FROM trading_position WHERE quantity <> 0 LIMIT 1"))

    def _post(self, path: str, body: dict[str, str]) -> Any:
        if not self._token and path != "auth/token":
            found = _LOGIN.search(self.desk.told)
            assert found, "the desk prints its login"
            pair = self._post("auth/token", {"username": found[1], "password": found[2]})
            self._token = pair["access"]
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.desk.port}/api/v1/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
            if self._token
            else {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=60) as reply:
            return json.load(reply)

    def _read(self, path: str) -> str:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.desk.port}{path}", timeout=5
            ) as reply:
                return str(reply.read().decode())
        except (urllib.error.HTTPError, OSError):
            return ""


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    with open_folder() as folder:
        desk = LiveDesk(folder, DAY)
        try:
            day = Day(desk)
            day.live()
            yield day
        finally:
            desk.close()


def test_every_metric_has_moved(day: Day):
    still = {metric.name for metric in METRICS} - day.moved

    assert still == EXPLAINED


def test_after_the_day_every_metric_is_still_told_once(day: Day):
    assert {metric.name for metric in METRICS} == day.last
    assert day.duplicates == set()
