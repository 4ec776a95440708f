"""A kitesim beside the desk: how it is started, and what the desk's processes are told of it.

What it serves is said in `docs/kitesim.md`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from aitrapp.supervisor.errors import SupervisorError
from aitrapp.supervisor.place import ROOT
from aitrapp.supervisor.processes import ProcessSpec, Restart

KITESIM = "kitesim"
_TOLD = "kitesim.json"
_SYNTHETIC = "synthetic"
_TAPES = (".tape", ".tape.gz")


def day_of(text: str) -> str:
    """Return which day a kitesim is to play; nothing asks for a made one.

    Raises `SupervisorError` for a day that a kitesim can't play.
    """
    if text.endswith(_TAPES):
        return str(Path(text).absolute())
    if text.partition(":")[0] in ("", _SYNTHETIC):
        return text or _SYNTHETIC
    raise SupervisorError(
        f"--day: {text}, expected synthetic[:SEED[:SECONDS]] or a .tape file with --feed kitesim"
    )


def told_file(folder: Path) -> Path:
    """Return the file in which the desk's kitesim says how to log in."""
    return folder / _TOLD


def kitesim_spec(day: str, speed: float, folder: Path, environ: Mapping[str, str]) -> ProcessSpec:
    """Return the desk's kitesim; its market is gone with it, so its end is the end of all."""
    told = told_file(folder).absolute()
    words = ("--wait", "--control", "--speed", str(speed), "--day", day_of(day))
    places = ("--out", str(told.parent / "days"), "--tell", str(told))
    return ProcessSpec(
        name=KITESIM,
        argv=(sys.executable, str(ROOT / "manage.py"), KITESIM, *words, *places),
        restart=Restart.NEVER,
        environ=environ,
        directory=ROOT,
        log=folder / f"{KITESIM}.log",
        before=lambda: told.unlink(missing_ok=True),
        answers=told.exists,
    )


def kite_addresses(folder: Path) -> dict[str, str]:
    """Return what the desk's processes are told of the kitesim that is up.

    Raises `SupervisorError` where it hasn't told it.
    """
    try:
        told = json.loads(told_file(folder).read_bytes())
        return {
            "KITE_API_KEY": told["api_key"],
            "KITE_API_SECRET": told["api_secret"],
            "KITE_ROOT": told["root"],
            "KITE_WS_ROOT": told["ws_root"],
            "KITE_LOGIN_ROOT": f"{told['root']}/connect/login",
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SupervisorError(f"{told_file(folder)}: kitesim has not said where it is") from error
