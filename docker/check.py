"""`make image-check`: what of docker/ can be proven without a container engine.

The Dockerfile's steps are carried out in a folder; then every process of compose.yaml is started
from it, as the image's user, with its command and environment, against the PostgreSQL and Valkey
that DATABASE_URL and REDIS_URL name; each must pass its own health check and end when asked to.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent))
from dockerfile import Image, as_user, steps_of

HERE = Path(__file__).resolve().parent
CONTEXT = HERE.parent
_SUPPORTED = "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"
PROCESSES = ("web", "worker", "beat", "recorder", "engine")
HEALTHY_SECONDS = 120.0
LEAVING_SECONDS = 30.0
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class CheckError(Exception):
    """Something in docker/ does not work; the text says what."""


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="aitrapp-image-"))
    folder.chmod(0o755)
    try:
        image = Image(folder, CONTEXT, _python(), say)
        image.build(steps_of(HERE / "Dockerfile"))
        Desk(image, _compose()).check()
    except (CheckError, subprocess.CalledProcessError) as error:
        say(f"image-check: {error}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say("Left out, as it needs a container engine:")
    for step in [*image.skipped, "the postgres and valkey images", "volumes, ports, read_only"]:
        say(f"  {step}")
    return 0


def _python() -> str:
    """Return the Python nearest to the base image's that the image's user may run.

    Raises `CheckError` where every Python lives in a home closed to others.
    """
    user = [*as_user("1000:1000")]
    for name in ("python3.13", "python3.12", "python3.11", "python3"):
        for place in (shutil.which(name), f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
            words = [*user, str(place), "-c", f"import ensurepip, venv; {_SUPPORTED}"]
            if place and not subprocess.run(words, capture_output=True, check=False).returncode:
                return place
    raise CheckError("no Python 3.11 to 3.13 here that another user may run; as root: install one")


def _compose() -> dict[str, Any]:
    """Return the compose file with its variables put in, as `make up` would set them."""
    given = {
        "POSTGRES_PASSWORD": "x",
        "REDIS_PASSWORD": "x",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SPEED": "600",
        "DAY": "synthetic:1:5",
        "PORT": str(_free_port()),
    }

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found[1], found[2], found[3]
        if name in given:
            return given[name]
        if kind == "?":
            raise CheckError(f"compose.yaml: {name} is needed and `make up` does not make it")
        return rest or ""

    def put_in(told: Any) -> Any:
        match told:
            case str():
                return _VARIABLE.sub(value, told)
            case dict():
                return {key: put_in(inner) for key, inner in told.items()}
            case list():
                return [put_in(inner) for inner in told]
            case _:
                return told

    loaded = yaml.safe_load((HERE / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = put_in(loaded)
    return found


class Desk:
    """The processes of the compose file, run from the image's folder."""

    def __init__(self, image: Image, compose: dict[str, Any]) -> None:
        self._image = image
        self._services = compose["services"]
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._port = _free_port()

    def check(self) -> None:
        """Start everything, wait until all is healthy, and end it. Raises `CheckError`."""
        self._user_is_not_root()
        self._finish("prepare")
        try:
            for name in PROCESSES:
                self._running[name] = self._start(name)
            for name in PROCESSES:
                self._wait_until_healthy(name)
            self._end()
        finally:
            for process in self._running.values():
                process.kill()

    def _user_is_not_root(self) -> None:
        if self._image.user.partition(":")[0] in ("", "0", "root"):
            raise CheckError("Dockerfile: the last stage runs as root")

    def _finish(self, name: str) -> None:
        process = self._start(name)
        if process.wait(timeout=300):
            raise CheckError(f"{name} ended with {process.returncode}\n{self._told(name)}")
        say(f"{name}: done")

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        with self._log(name).open("wb") as log:
            return subprocess.Popen(
                [*as_user(self._image.user), *self._words(self._services[name]["command"])],
                cwd=self._image.at(""),
                env=self._environ(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _words(self, command: list[str]) -> list[str]:
        """Return a command's words; the web process answers on a free port of this machine."""
        words = ["127.0.0.1" if word == "0.0.0.0" else str(word) for word in command]
        return [str(self._port) if word == "8000" else self._image.below(word) for word in words]

    def _environ(self, name: str) -> dict[str, str]:
        """Return the container's environment, with our servers and nothing of this machine's."""
        image = {key: self._image.below(value) for key, value in self._image.environ.items()}
        told = {key: str(value) for key, value in self._services[name]["environment"].items()}
        return {
            **image,
            **told,
            "HOME": str(self._image.at("var")),
            "PORT": str(self._port),
            "DATABASE_URL": os.environ["DATABASE_URL"],
            "REDIS_URL": os.environ["REDIS_URL"],
        }

    def _wait_until_healthy(self, name: str) -> None:
        test = self._services[name]["healthcheck"]["test"][1:]
        deadline = time.monotonic() + HEALTHY_SECONDS
        while True:
            if self._running[name].poll() is not None:
                raise CheckError(f"{name} ended by itself\n{self._told(name)}")
            asked = subprocess.run(
                [*as_user(self._image.user), *self._words(test)],
                cwd=self._image.at(""),
                env=self._environ(name),
                capture_output=True,
                text=True,
                check=False,
            )
            if asked.returncode == 0:
                break
            if time.monotonic() > deadline:
                raise CheckError(f"{name} is not healthy: {asked.stderr}\n{self._told(name)}")
            time.sleep(1)
        owner = Path(f"/proc/{self._running[name].pid}").stat().st_uid
        if os.geteuid() == 0 and owner == 0:
            raise CheckError(f"{name} runs as root")
        say(f"{name}: healthy, as user {owner}")

    def _end(self) -> None:
        for name in reversed(PROCESSES):
            process = self._running[name]
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=LEAVING_SECONDS)
            except subprocess.TimeoutExpired:
                raise CheckError(f"{name} did not end within {LEAVING_SECONDS:.0f} s") from None
            say(f"{name}: ended with {process.returncode}")

    def _log(self, name: str) -> Path:
        return self._image.root / f"{name}.log"

    def _told(self, name: str) -> str:
        return self._log(name).read_text(errors="replace")[-3000:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


if __name__ == "__main__":
    sys.exit(main())
