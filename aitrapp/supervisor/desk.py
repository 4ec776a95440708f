"""The whole desk as processes: web, worker, beat, recorder and engine, and what is done before.

Keeping them alive is `supervision.py`; what each does is the business of the program it runs.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from aitrapp.supervisor.errors import SupervisorError
from aitrapp.supervisor.kitesim import KITESIM, day_of, kite_addresses, kitesim_spec, told_file
from aitrapp.supervisor.place import ROOT, default_data
from aitrapp.supervisor.processes import ProcessSpec, Restart
from aitrapp.supervisor.servers import HOST
from aitrapp.supervisor.supervision import Supervision

SPEED = 60.0
PORT = 8000
FEEDS = (KITESIM,)
"""Where prices may come from, but for a tape in the engine itself."""
_PROBE_SECONDS = 0.5
_ALONE = ("--concurrency", "1", "--without-gossip", "--without-mingle")
"""A worker without others to talk to: talking is what fails first where Valkey comes and goes."""
PAPER_ONLY = {"LIVE_TRADING": "false"}
"""What keeps every process that is started here on paper, whatever the environment says."""
_SPARING = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""What makes the desk's processes give back memory that they use no more."""
QUICK = {"PYTHONDONTWRITEBYTECODE": ""}
"""What makes them start from code that was compiled before, the machine's own setting aside."""


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """How the desk is to be run: its day, its prices, its speed, where its console answers.

    `feed`: where prices come from, one of `FEEDS`, empty for the tape itself. `kept_from`: time of
    the day (HH:MM) from which the speed is kept, empty for its beginning.
    """

    day: str
    feed: str
    speed: float
    kept_from: str
    port: int
    logs: Path

    @classmethod
    def of(cls, options: argparse.Namespace) -> DeskOptions:
        """Return the options of a command line. Raises `SupervisorError` naming a bad one."""
        if not options.speed > 0:
            raise SupervisorError(f"--speed: {options.speed}, expected above 0")
        if not 0 < options.port < 65536:
            raise SupervisorError(f"--port: {options.port}, expected 1 to 65535")
        _check_feed(options)
        return cls(
            day=options.day,
            feed=options.feed,
            speed=options.speed,
            kept_from=_time_of_day(options.kept_from),
            port=options.port,
            logs=options.data or default_data(),
        )


def add_desk(parser: argparse.ArgumentParser) -> None:
    """Add the options of `run` to its parser."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the servers' data in DIR")
    parser.add_argument(
        "--day", default="", help="a recorded day, synthetic[:SEED[:SECONDS]], or a .tape file"
    )
    parser.add_argument("--feed", default="", help="kitesim: prices over the sockets of one")
    parser.add_argument("--speed", type=float, default=SPEED, help="seconds of the day per second")
    parser.add_argument(
        "--from", dest="kept_from", default="", help="hurry to this time of the day (HH:MM) first"
    )
    parser.add_argument("--port", type=int, default=PORT, help="where the console answers")
    parser.set_defaults(ephemeral=False)


def foreground(argv: tuple[str, ...], environ: Mapping[str, str], name: str) -> ProcessSpec:
    """Return a program on our terminal whose end is the end of everything."""
    return ProcessSpec(
        name=name, argv=argv, restart=Restart.NEVER, environ=environ, foreground=True
    )


def run_desk(supervision: Supervision, options: DeskOptions, addresses: Mapping[str, str]) -> int:
    """Prepare the day, start every process of the desk, and show it until we are told to stop."""
    manage = (sys.executable, str(ROOT / "manage.py"))
    url = f"http://{HOST}:{options.port}/"
    folder = str(options.logs.absolute())
    addresses = {**addresses, **_fed(supervision, options, addresses), **PAPER_ONLY}
    prices = ("--feed", str(told_file(options.logs))) if options.feed else ("--day", options.day)
    prepare = (*manage, "prepare_run", *prices, "--console", url, "--folder", folder)
    code = supervision.attend(foreground(prepare, addresses, "prepare"))
    if code:
        return code
    environ = {**_SPARING, **QUICK, **addresses}
    for spec in processes(options, environ):
        supervision.start(spec)
    watch = (*manage, "watchrun", "--console", url, "--data", folder)
    supervision.start(foreground(watch, environ, "watchrun"))
    return supervision.watch()


def _fed(
    supervision: Supervision, options: DeskOptions, addresses: Mapping[str, str]
) -> Mapping[str, str]:
    """Start what the prices come from, if it is a process; return what others are told of it."""
    if options.feed != KITESIM:
        return {}
    supervision.start(
        kitesim_spec(options.day, options.speed, options.logs, {**_SPARING, **addresses})
    )
    return kite_addresses(options.logs)


def processes(options: DeskOptions, environ: Mapping[str, str]) -> tuple[ProcessSpec, ...]:
    """Return the desk's processes in the order of starting; the engine is last."""
    python, manage = sys.executable, str(ROOT / "manage.py")
    celery = (python, "-m", "celery", "-A")
    web = (python, "-m", "uvicorn", "--lifespan", "off", "--no-proxy-headers", "--host", HOST)
    programs = {
        "web": (
            *web,
            "--port",
            str(options.port),
            "--log-level",
            "warning",
            "aitrapp.asgi:application",
        ),
        "worker": (*celery, "aitrapp", "worker", "--loglevel", "warning", *_ALONE),
        "beat": (*celery, "aitrapp.beat", "beat", "--loglevel", "warning", "--pidfile", ""),
        "recorder": (python, manage, "runrecorder"),
        "engine": (python, manage, "runengine", "--speed", str(options.speed), *_start(options)),
    }
    return tuple(
        ProcessSpec(
            name=name,
            argv=argv,
            restart=Restart.ALWAYS,
            environ={**environ, **PAPER_ONLY},
            directory=ROOT,
            log=options.logs / f"{name}.log",
            answers=(lambda: answers(options.port)) if name == "web" else _at_once,
        )
        for name, argv in programs.items()
    )


def _start(options: DeskOptions) -> tuple[str, ...]:
    return ("--from", options.kept_from) if options.kept_from else ()


def _time_of_day(text: str) -> str:
    """Return the text, empty or a time. Raises `SupervisorError` for anything else."""
    try:
        return text and time.fromisoformat(text).isoformat()
    except ValueError as error:
        raise SupervisorError(f"--from: {text}, expected a time of the day as HH:MM") from error


def _check_feed(options: argparse.Namespace) -> None:
    """Raise `SupervisorError` for an unknown feed, and for what this one can't do."""
    if options.feed and options.feed not in FEEDS:
        raise SupervisorError(f"--feed: {options.feed}, expected nothing or {' or '.join(FEEDS)}")
    if options.feed == KITESIM:
        day_of(options.day)
        if options.kept_from:
            raise SupervisorError("--from: not with --feed kitesim, whose day has one speed")


def _at_once() -> bool:
    return True


def answers(port: int) -> bool:
    """Say whether something listens on a local port."""
    try:
        with socket.create_connection((HOST, port), _PROBE_SECONDS):
            return True
    except OSError:
        return False


def check_port_is_free(port: int) -> None:
    """Raise `SupervisorError` when the console's port is taken."""
    if answers(port):
        raise SupervisorError(f"port {port} is taken; choose another with PORT= or --port")
