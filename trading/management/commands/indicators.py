"""`manage.py indicators KEY`: what every indicator said of an instrument at a session's bars."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketdata.features.base import Feature
from marketdata.features.catalogue import each_on
from marketdata.features.talib import TALib
from marketdata.timeframes import Timeframe
from marketdata.universe import NotInUniverse
from trading import selectors
from trading.bootstrap_tapes import open_tape, warmup_path
from trading.config import read
from trading.indicators import Asked, Reading, readings_of
from trading.models import SESSIONS, Run

_PRICES = ("open", "high", "low", "close", "volume", "oi")


class Command(BaseCommand):
    """Print the newest bars of a session with the indicators below them."""

    help = "Show what indicators say of an instrument, from the tape of a session."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="exchange and symbol, NSE:NIFTY 50")
        parser.add_argument("--run", help="code of the session; the newest if left out")
        names = [each.name for each in Timeframe]
        parser.add_argument("--bars", choices=names, default=Timeframe.MINUTES_5.name)
        parser.add_argument("--last", type=int, default=4, help="how many bars")
        parser.add_argument(
            "--talib",
            action="append",
            default=[],
            metavar="NAME[:argument=value,...]",
            help="also a function of TA-Lib (repeatable)",
        )
        parser.add_argument("--window", type=int, default=300, help="bars TA-Lib is given")
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        run = _run(options["run"])
        timeframe = Timeframe[options["bars"]]
        if options["last"] < 1:
            raise CommandError(f"--last: {options['last']}, expected 1 or more", returncode=2)
        extra = [_talib(text, options["window"]) for text in options["talib"]]
        features = (*each_on(timeframe), *extra)
        asked = Asked(options["key"], timeframe, features, is_over=run.ended_at is not None)
        path = Path(run.tape_path)
        try:
            found = readings_of(
                asked, open_tape(path), read(run.config_version.content), warmup_path(path)
            )
        except NotInUniverse as error:
            raise CommandError(f"key: {error}", returncode=2) from error
        except OSError as error:
            raise CommandError(f"run {run.code}: {path}: {error.strerror}", returncode=1) from error
        if not found:
            raise CommandError(f"run {run.code}: no bar has closed yet", returncode=1)
        newest = found[-options["last"] :]
        lines = _as_json(features, newest) if options["json"] else _table(features, newest)
        self.stdout.write("\n".join(lines))


def _run(code: str | None) -> Run:
    """Return the run asked for. Raises `CommandError` where there is none with a tape."""
    try:
        sessions = Run.objects.filter(mode__in=SESSIONS).order_by("-started_at")
        run = selectors.run_by_code(code) if code else sessions.first()
    except selectors.UnknownRunError as error:
        raise CommandError(str(error), returncode=2) from error
    if run is None or not run.tape_path:
        raise CommandError("run: none with a tape, expected the code of a session", returncode=2)
    return run


def _talib(text: str, window: int) -> TALib:
    name, _, told = text.partition(":")
    try:
        pairs = [pair.partition("=") for pair in told.split(",") if pair]
        arguments = tuple((argument, float(value)) for argument, _, value in pairs)
        return TALib(name, window, arguments)
    except ValueError as error:
        raise CommandError(f"--talib {text}: {error}", returncode=2) from error


def _names(features: tuple[Feature, ...]) -> list[str]:
    return [
        repr(each) if len(each.outputs) == 1 else f"{each!r} {output}"
        for each in features
        for output in each.outputs
    ]


def _numbers(reading: Reading) -> list[float]:
    return [value for values in reading.values for value in values]


def _table(features: tuple[Feature, ...], found: tuple[Reading, ...]) -> list[str]:
    bars = [[float(getattr(each.bar, name)[0]) for name in _PRICES] for each in found]
    columns = [[*bar, *_numbers(each)] for bar, each in zip(bars, found, strict=True)]
    names = [*_PRICES, *_names(features)]
    width = max(map(len, names))
    head = "".join(f"{each.ends_at:%H:%M:%S}".rjust(16) for each in found)
    return [
        f"{'bar closed at':{width}}{head}",
        *(
            f"{name:{width}}" + "".join(_shown(column[place]).rjust(16) for column in columns)
            for place, name in enumerate(names)
        ),
    ]


def _shown(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}".rstrip("0").rstrip(".")


def _as_json(features: tuple[Feature, ...], found: tuple[Reading, ...]) -> list[str]:
    names = _names(features)
    return [
        json.dumps(
            {
                "ends_at": each.ends_at.isoformat(),
                **{name: _plain(float(getattr(each.bar, name)[0])) for name in _PRICES},
                "indicators": dict(zip(names, map(_plain, _numbers(each)), strict=True)),
            }
        )
        for each in found
    ]


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
