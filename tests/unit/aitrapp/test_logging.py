from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LINES = """
import logging, logging.config, structlog
from aitrapp.logging import logging_config
logging.config.dictConfig(logging_config("INFO"))
structlog.get_logger("desk").info("order sent", client_id="A1", quantity=75)
logging.getLogger("plain").warning("feed is %s s old", 3)
logging.getLogger("plain").info("kept")
logging.getLogger("plain").debug("left out")
"""


def test_both_loggers_write_one_form_of_line_to_stderr():
    done = subprocess.run(
        [sys.executable, "-c", LINES],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    ours, plain, kept = done.stderr.splitlines()

    assert done.stdout == ""
    assert ours.startswith("at=20")
    assert 'level=info logger=desk event="order sent"' in ours
    assert "client_id=A1" in ours
    assert "quantity=75" in ours
    assert 'level=warning logger=plain event="feed is 3 s old"' in plain
    assert "event=kept" in kept
