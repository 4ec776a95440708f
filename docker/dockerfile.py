"""A Dockerfile's steps carried out in a plain folder, where there is no container engine.

Every absolute path of the file is taken below that folder. What needs an engine is left out and
named: the base image (this machine's Python stands for it) and the account in its passwd.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_ROOTS = re.compile(r"(?<![\w/.])/(opt|srv)(?=/|\b)")


class StepError(Exception):
    """A step of the Dockerfile cannot be carried out; the text names it."""


@dataclass(frozen=True)
class Step:
    """One instruction and what follows it."""

    word: str
    rest: str


@dataclass
class Image:
    """What the steps so far have made: the folder that stands for `/`, and the last stage's words.

    `environ`: set by ENV. `skipped`: steps that only an engine can carry out.
    """

    root: Path
    context: Path
    python: str
    say: Callable[[str], None]
    environ: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    command: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def at(self, path: str) -> Path:
        """Return where an absolute path of the image stands here."""
        return self.root / str(Path(self.workdir) / path).lstrip("/")

    def below(self, text: str) -> str:
        """Return a text with the image's absolute paths turned into ours."""
        return _ROOTS.sub(lambda found: f"{self.root}{found[0]}", text)

    def build(self, steps: list[Step]) -> None:
        """Carry the steps out. Raises `StepError`."""
        for step in steps:
            self.say(f"{step.word} {step.rest}"[:110])
            _DO.get(step.word, _unknown)(self, step)


def steps_of(path: Path) -> list[Step]:
    """Return a Dockerfile's steps; comments and line ends behind a backslash are gone."""
    text = re.sub(r"\\\n", " ", path.read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines()]
    words = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [Step(word.upper(), rest.strip()) for word, _, rest in words]


def _from(image: Image, step: Step) -> None:
    """Begin a stage: nothing is left of the one before but its files."""
    if not step.rest.startswith("python:3."):
        raise StepError(f"FROM {step.rest}: expected a python:3 image")
    image.environ, image.workdir, image.user, image.command = {}, "/", "0:0", []
    image.skipped.append(f"FROM {step.rest} (this machine's {image.python})")


def _run(image: Image, step: Step) -> None:
    words = shlex.split(step.rest)
    if words[0] == "useradd":
        image.skipped.append(f"RUN {step.rest}")
        return
    if words[0] == "install" and os.geteuid() != 0:
        words = [word for word in words if word not in ("-o", "-g", "1000")]
    if words[0] == "python":
        words[0] = image.python
    line = image.below(shlex.join(words))
    subprocess.run(["/bin/sh", "-c", line], check=True, env={**os.environ, **_own(image)})


def _own(image: Image) -> dict[str, str]:
    return {key: image.below(value) for key, value in image.environ.items()}


def _copy(image: Image, step: Step) -> None:
    words = step.rest.split()
    if words[0].startswith("--from="):
        source, target = image.at(words[1]), image.at(words[2])
        if source != target or not source.exists():
            raise StepError(f"COPY {step.rest}: expected the same path, made by the stage before")
        return
    source, target = image.context / words[0], image.at(words[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        shutil.copy2(source, target)
        return
    shutil.copytree(
        source, target, dirs_exist_ok=True, ignore=_ignored(image.context), symlinks=True
    )


def _ignored(context: Path) -> Callable[[str, list[str]], set[str]]:
    """Return what `.dockerignore` leaves out, as `copytree` asks for it."""
    lines = (context / ".dockerignore").read_text(encoding="utf-8").split()

    def left_out(folder: str, names: list[str]) -> set[str]:
        place = Path(folder).relative_to(context)
        found = {name: str(place / name) for name in names}
        return {
            name
            for name, path in found.items()
            for line in lines
            if path == line or (line.startswith("**/") and fnmatch.fnmatch(name, line[3:]))
        }

    return left_out


def _env(image: Image, step: Step) -> None:
    for word in shlex.split(step.rest):
        key, _, value = word.partition("=")
        image.environ[key] = value.replace("$PATH", os.environ["PATH"])


def _workdir(image: Image, step: Step) -> None:
    image.workdir = step.rest


def _user(image: Image, step: Step) -> None:
    image.user = step.rest


def _cmd(image: Image, step: Step) -> None:
    image.command = json.loads(step.rest)


def _nothing(_image: Image, _step: Step) -> None:
    """EXPOSE tells; it does nothing."""


def _unknown(_image: Image, step: Step) -> None:
    raise StepError(f"{step.word}: not known here, teach docker/dockerfile.py what it does")


_DO: dict[str, Callable[[Image, Step], None]] = {
    "FROM": _from,
    "RUN": _run,
    "COPY": _copy,
    "ENV": _env,
    "WORKDIR": _workdir,
    "USER": _user,
    "CMD": _cmd,
    "EXPOSE": _nothing,
}


def as_user(name: str) -> Iterator[str]:
    """Yield the words that make a program run as `user:group`; none where we are not root."""
    if os.geteuid() == 0:
        user, _, group = name.partition(":")
        yield from ("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--")
