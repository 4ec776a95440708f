"""Sending one message over one channel, with an end to waiting; errors repeat no secrets.

Which message goes where is decided in `rules.py`; when to try again in `delivering.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import httpx
import structlog

WAIT_SECONDS = 5.0
_TELEGRAM = "https://api.telegram.org"
_TOO_MANY = 429
_MOST_LETTERS = 3_500
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """An alert as it is told; `at` in exchange time."""

    kind: str
    severity: str
    text: str
    at: datetime

    @property
    def line(self) -> str:
        """Return the message in one line."""
        return f"[{self.severity}] {self.kind} {self.at:%d %b %H:%M:%S} IST: {self.text}"


class NotSentError(Exception):
    """A message did not arrive as far as we know; `is_final` where trying again is no use."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final


class Channel(Protocol):
    """A way to tell people something."""

    def send(self, message: Message) -> None:
        """Send a message. Raises `NotSentError`."""


@dataclass(frozen=True, slots=True)
class Log:
    """The process's own log; always there."""

    def send(self, message: Message) -> None:
        """Write a line."""
        say = {"CRITICAL": _log.critical, "WARNING": _log.warning}.get(message.severity, _log.info)
        say("alert", kind=message.kind, text=message.text, of=message.at.isoformat())


@dataclass(frozen=True, slots=True)
class Webhook:
    """Any service that takes the alert's fields as JSON."""

    url: str

    def send(self, message: Message) -> None:
        """Post the fields of the message."""
        _post(
            self.url,
            {
                "version": 1,
                "kind": message.kind,
                "severity": message.severity,
                "text": message.text,
                "at": message.at.isoformat(),
            },
        )


@dataclass(frozen=True, slots=True)
class Slack:
    """A Slack incoming webhook."""

    url: str

    def send(self, message: Message) -> None:
        """Post the message as one line."""
        _post(self.url, {"text": message.line[:_MOST_LETTERS]})


@dataclass(frozen=True, slots=True)
class Telegram:
    """A Telegram bot that writes into one chat."""

    token: str
    chat: str
    server: str = _TELEGRAM

    def send(self, message: Message) -> None:
        """Send the message as one line."""
        text = message.line[:_MOST_LETTERS]
        _post(f"{self.server}/bot{self.token}/sendMessage", {"chat_id": self.chat, "text": text})


def _post(url: str, body: Mapping[str, Any]) -> None:
    """Post JSON once. The address may be secret, so no error repeats it."""
    try:
        answer = httpx.post(url, json=dict(body), timeout=WAIT_SECONDS)
    except httpx.InvalidURL as error:
        raise NotSentError("the address is no URL", is_final=True) from error
    except httpx.HTTPError as error:
        raise NotSentError(type(error).__name__, is_final=False) from error
    if answer.is_success:
        return
    is_final = answer.is_client_error and answer.status_code != _TOO_MANY
    raise NotSentError(f"answered {answer.status_code}", is_final=is_final)


def configured(secrets: Mapping[str, Mapping[str, str]]) -> dict[str, Channel]:
    """Return the channels there are, by name; the log, and whatever has an address."""
    channels: dict[str, Channel] = {"log": Log()}
    if "webhook" in secrets:
        channels["webhook"] = Webhook(**secrets["webhook"])
    if "slack" in secrets:
        channels["slack"] = Slack(**secrets["slack"])
    if "telegram" in secrets:
        channels["telegram"] = Telegram(**secrets["telegram"])
    return channels
