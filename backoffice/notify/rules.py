"""Which alert goes to which channel, and how often: a configuration with versions like any other.

Addresses and tokens are not here; they stand in the environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from trading.selectors import active_config

CONFIG = "alerts"
"""The kind under which the rules' versions are stored."""
CHANNELS = ("log", "webhook", "slack", "telegram")


class Severity(IntEnum):
    """How much an alert matters, least first."""

    INFO = 0
    WARNING = 1
    CRITICAL = 2

    @classmethod
    def of(cls, name: str) -> Severity:
        """Return the severity of a name; one nobody knows matters most."""
        return cls.__members__.get(name, cls.CRITICAL)


class RulesError(ValueError):
    """Rules that cannot be used; the text names the key and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Alerts of these kinds (`*` matches any part) from `least` on go to `channels`."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    channels: tuple[str, ...]
    kinds: tuple[str, ...] = ("*",)
    least: str = "INFO"

    def __post_init__(self) -> None:
        for channel in self.channels:
            if channel not in CHANNELS:
                raise ValueError(f"channels: {channel!r}, expected {', '.join(CHANNELS)}")
        if self.least not in Severity.__members__:
            raise ValueError(f"least: {self.least!r}, expected {', '.join(Severity.__members__)}")

    def takes(self, kind: str, severity: str) -> bool:
        """Say whether an alert goes this way."""
        is_meant = any(fnmatchcase(kind, pattern) for pattern in self.kinds)
        return is_meant and Severity.of(severity) >= Severity[self.least]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All routes, of which each that takes an alert counts, and the limits of every channel.

    The same alert is told once in `same_minutes`. A channel gets `most_a_minute`; the rest waits,
    critical ones excepted. After `attempts` tries a delivery has failed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    routes: tuple[Route, ...] = (
        Route(channels=("log",)),
        Route(channels=("webhook", "slack", "telegram"), least="WARNING"),
        Route(channels=("webhook", "slack", "telegram"), kinds=("post-market", "readiness")),
    )
    same_minutes: int = 10
    most_a_minute: int = 20
    attempts: int = 6

    def __post_init__(self) -> None:
        for name in ("same_minutes", "most_a_minute", "attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}, expected 1 or more")

    def channels_for(self, kind: str, severity: str) -> frozenset[str]:
        """Return the channels an alert is meant for; none where no route takes it."""
        return frozenset(
            channel
            for route in self.routes
            if route.takes(kind, severity)
            for channel in route.channels
        )


def read_rules(document: Any) -> Rules:
    """Return the rules a document tells; keys left out keep their defaults. Raises `RulesError`."""
    try:
        return TypeAdapter(Rules).validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        text = first["msg"].removeprefix("Value error, ")
        raise RulesError(f"{place}: {text}" if place else text) from error


def active_rules() -> Rules:
    """Return the rules that hold now: the active version, or the defaults before the first."""
    version = active_config(CONFIG)
    return read_rules(version.content) if version else Rules()
