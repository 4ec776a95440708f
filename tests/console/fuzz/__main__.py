"""`make fuzz`: the API of a live web process against its own schema, as each role.

Needs an empty database and a Redis, and schemathesis in an environment of its own. Which checks
are made, and what is known to differ, stands in `schemathesis.toml`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aitrapp.supervisor.servers import HOST, free_port

HERE = Path(__file__).parent
SETTINGS = "tests.console.fuzz.settings"
PHASES = {
    "key": "examples,fuzzing",
    "viewer": "examples,fuzzing",
    "operator": "examples,fuzzing",
    "admin": "examples,coverage,fuzzing,stateful",
}
"""What is tried as whom: every constraint by the one who may do most, and may end the key: last."""
IDS = {
    ("/positions/{row_id}", "row_id"): "positions",
    ("/positions/{position_id}/close", "position_id"): "positions",
    ("/orders/{row_id}", "row_id"): "orders",
    ("/signals/{row_id}", "row_id"): "signals",
    ("/decisions/{row_id}", "row_id"): "decisions",
    ("/commands/{row_id}", "row_id"): "commands",
    ("/api-keys/{key_id}", "key_id"): "keys",
    ("/api-keys/{key_id}/rotate", "key_id"): "keys",
}
"""Where ids of the made day are asked for, half of the time."""
_START_SECONDS = 60.0


def main() -> int:
    options = _parsed()
    with tempfile.TemporaryDirectory(prefix="aitrapp-fuzz-") as folder:
        place = Path(folder)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "FUZZ_PLACE": folder,
            "SECRET_KEY": "known to everybody, and good for fuzzing only",
        }
        desk = _desk(place)
        with web(place / "web.log") as url:
            config = place / "schemathesis.toml"
            config.write_text(settings_text(desk.values), encoding="utf-8")
            roles = options.role or list(PHASES)
            failed = [role for role in roles if fuzz(options, config, url, (role, desk.headers))]
        errors = _errors(place / "web.log")
    for line in errors[:20]:
        say(line)
    say(f"fuzzed as {', '.join(roles)}: {', '.join(failed) or 'nothing'} failed")
    return 1 if failed or errors else 0


def say(line: str) -> None:
    sys.stderr.write(f"{line[:2000]}\n")


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.console.fuzz")
    parser.add_argument("--with", dest="program", required=True, help="path of schemathesis")
    parser.add_argument("--examples", type=int, default=20, help="cases an operation at most")
    parser.add_argument("--role", action="append", choices=list(PHASES), help="only as this role")
    parser.add_argument("rest", nargs="*", help="further words for schemathesis, after --")
    return parser.parse_args()


def _desk(place: Path) -> FuzzedDesk:  # noqa: F821
    import django

    django.setup()
    from tests.console.fuzz.desk import fuzzed_desk

    return fuzzed_desk(place)


@contextmanager
def web(log: Path) -> Iterator[str]:
    """Run the web process and give its address; it has ended when this is left."""
    port = free_port()
    words = ("--lifespan", "off", "--host", HOST, "--port", str(port), "--no-access-log")
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", *words, "aitrapp.asgi:application"],
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://{HOST}:{port}"
            _wait(process, f"{url}/health")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the web process ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"{url}: no answer within {_START_SECONDS:.0f} s")


def settings_text(values: Mapping[str, tuple[str | int, ...]]) -> str:
    """Return schemathesis' configuration: ours, with the ids that lead somewhere."""
    text = (HERE / "schemathesis.toml").read_text(encoding="utf-8")
    for noun, ids in values.items():
        text += f"\n[dictionaries.{noun}]\nvalues = {json.dumps(list(ids))}\n"
    for (path, name), noun in IDS.items():
        binding = f'{{ dictionary = "{noun}", probability = 0.5 }}'
        text += f'\n[[operations]]\ninclude-path = "/api/v1{path}"\n'
        text += f'parameters = {{ "path.{name}" = {binding} }}\n'
    return text


def fuzz(
    options: argparse.Namespace, config: Path, url: str, who: tuple[str, Mapping[str, str]]
) -> bool:
    """Run schemathesis as one role and say whether anything failed."""
    role, headers = who
    say(f"== as {role}")
    words = [options.program, "--config-file", config, "run", f"{url}/api/v1/schema?format=json"]
    words += ["--url", url, "--header", headers[role], "--phases", PHASES[role]]
    words += ["--max-examples", options.examples, *options.rest]
    words += ["--exclude-checks", "ignored_auth"] if role == "key" else []
    return subprocess.call([str(word) for word in words], cwd=config.parent) != 0


def _errors(log: Path) -> list[str]:
    """Return what the web process told of errors that nobody expected; it should have had none."""
    signs = ("Traceback", "unexpected error", "Internal Server Error", "Exception in ASGI")
    lines = log.read_text(errors="replace").splitlines()
    return [line for line in lines if any(sign in line for sign in signs)]


if __name__ == "__main__":
    sys.exit(main())
