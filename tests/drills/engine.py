"""The engine process of a drill: the desk's own worker, in the time that its kitesim tells.

Everything else about it is the product's; `crash.py` starts and harms it.
"""

from __future__ import annotations

import sys

from aitrapp import lean

lean.load_lean()

import django  # noqa: E402

django.setup()

from channels.layers import get_channel_layer  # noqa: E402
from django.conf import settings  # noqa: E402

from tests.drills.engine_wall import wall_of  # noqa: E402
from trading.quiet_heap import loaded  # noqa: E402
from trading.selectors import run_by_code  # noqa: E402
from trading.worker import DeskWorker  # noqa: E402


def main(code: str, key: str, secret: str) -> None:
    """Trade a run until the process is ended; `key` and `secret` are the kitesim's."""
    settings.KITE_API_KEY, settings.KITE_API_SECRET = key, secret
    loaded()
    run = run_by_code(code)
    layer, wall = get_channel_layer(), wall_of(run)
    DeskWorker(run.account, layer, tempo=None, show=lambda *_: None, wall=wall).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
