"""Django's command line, with the local settings unless told otherwise.

A wrong environment is told in one line for each key, and a Ctrl-C in none, without a traceback.
"""

from __future__ import annotations

import os
import sys

from aitrapp import lean

INTERRUPTED = 130
_ENGINE = "runengine"


def main() -> None:
    """Run the command named by the arguments."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitrapp.settings.local")
    if sys.argv[1:2] == [_ENGINE]:
        lean.load_lean()
    from django.core.management import execute_from_command_line

    from aitrapp.env import EnvironmentInvalidError

    try:
        execute_from_command_line(sys.argv)
    except EnvironmentInvalidError as error:
        sys.exit(f"The environment is not usable:\n{error}")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
