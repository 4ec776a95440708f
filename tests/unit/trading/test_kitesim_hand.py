from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from marketdata.calendar import IST
from trading.kitesim_hand import SimAway, SimTold, read_told, sim_state

TEN = datetime(2026, 10, 6, 10, 0, tzinfo=IST)


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Serve one answer to everything; yield where."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/sim/state" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_the_state_says_how_far_the_day_is():
    told = {"data": {"now": TEN.isoformat(), "has_ended": True}}

    with answering(200, json.dumps(told).encode()) as root:
        state = sim_state(root)

    assert state.now == TEN
    assert state.has_ended


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"404: Not Found"), (200, b'{"data": {}}'), (200, b"[]")],
    ids=["no control", "says nothing", "no object"],
)
def test_another_server_is_no_kitesim(status: int, body: bytes):
    with answering(status, body) as root, pytest.raises(SimAway, match="no kitesim with control"):
        sim_state(root)


def test_a_kitesim_that_is_gone_is_away():
    with answering(200, b"") as root:
        pass

    with pytest.raises(SimAway):
        sim_state(root)


def test_what_it_told_is_read_and_shows_no_token(tmp_path: Path):
    file = tmp_path / "told.json"
    file.write_text(json.dumps({"request_token": "abc123", "warmup": "/days/one.warmup"}))

    told = read_told(file)

    assert told == SimTold("abc123", Path("/days/one.warmup"))
    assert "abc123" not in repr(told)


def test_a_day_without_bars_before_it_has_no_folder(tmp_path: Path):
    (tmp_path / "told").write_text(json.dumps({"request_token": "abc", "warmup": None}))

    assert read_told(tmp_path / "told").warmup is None


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"request_token": "a"}'])
def test_another_file_is_named(tmp_path: Path, text: str):
    (tmp_path / "told").write_text(text)

    with pytest.raises(SimAway, match="told: expected what `kitesim --tell` writes"):
        read_told(tmp_path / "told")
