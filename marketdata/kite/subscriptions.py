"""What is to be subscribed where: tokens spread over connections, and the commands of a change.

Sending them is the work of `connection.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from marketdata.kite.layout import Mode
from marketdata.kite_limits import NEWEST, Size, size_on


class TooManyInstruments(ValueError):
    """More instruments are wanted than all connections together may carry."""


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """How much one key may carry, as last published, and how many tokens go into one command."""

    connections: int = field(default_factory=lambda: size_on(Size.SOCKETS, NEWEST))
    instruments_per_connection: int = field(
        default_factory=lambda: size_on(Size.SOCKET_INSTRUMENTS, NEWEST)
    )
    tokens_per_command: int = 500

    def __post_init__(self) -> None:
        for name in ("connections", "instruments_per_connection", "tokens_per_command"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}, expected 1 or more")


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """One command and what it leaves behind: `mode` for `tokens`, None once unsubscribed."""

    text: str
    tokens: tuple[int, ...]
    mode: Mode | None

    def apply(self, have: dict[int, Mode]) -> None:
        """Note in `have` what the server has been told."""
        for token in self.tokens:
            if self.mode is None:
                have.pop(token, None)
            else:
                have[token] = self.mode


def spread(
    want: Mapping[int, Mode], placed: Sequence[Mapping[int, Mode]], limits: SocketLimits
) -> tuple[dict[int, Mode], ...]:
    """Return what each connection is to carry: at least one connection, no more than needed.

    A token stays where it is placed unless its connection is no longer needed; new ones fill the
    first connection with room. Raises `TooManyInstruments`.
    """
    room = limits.instruments_per_connection
    needed = max(1, -(-len(want) // room))
    if needed > limits.connections:
        raise TooManyInstruments(
            f"tokens: {len(want)}, expected at most {limits.connections * room}"
        )
    parts: list[dict[int, Mode]] = [
        {token: want[token] for token in part if token in want} for part in placed[:needed]
    ]
    parts += [{} for _ in range(needed - len(parts))]
    kept = set().union(*parts)
    target = 0
    for token, mode in want.items():
        if token in kept:
            continue
        while len(parts[target]) >= room:
            target += 1
        parts[target][token] = mode
    return tuple(parts)


def changes(
    have: Mapping[int, Mode], want: Mapping[int, Mode], limits: SocketLimits
) -> Iterator[SubscriptionChange]:
    """Yield the commands that lead from `have` to `want`, what is to go first.

    Each batch is subscribed and put into its mode before the next begins, so that no instrument
    waits in the wrong mode for all the others.
    """
    size = limits.tokens_per_command
    gone = [token for token in have if token not in want]
    for tokens in _batches(gone, size):
        yield SubscriptionChange(_command("unsubscribe", tokens), tokens, None)
    for mode in Mode:
        fresh = [token for token, wanted in want.items() if wanted is mode and token not in have]
        for tokens in _batches(fresh, size):
            yield SubscriptionChange(_command("subscribe", tokens), tokens, Mode.QUOTE)
            if mode is not Mode.QUOTE:
                yield SubscriptionChange(_command("mode", (mode, tokens)), tokens, mode)
        moved = [t for t, wanted in want.items() if wanted is mode and have.get(t, mode) != mode]
        for tokens in _batches(moved, size):
            yield SubscriptionChange(_command("mode", (mode, tokens)), tokens, mode)


def _command(action: str, value: object) -> str:
    return msgspec.json.encode({"a": action, "v": value}).decode()


def _batches(tokens: Sequence[int], size: int) -> Iterator[tuple[int, ...]]:
    rest = iter(tokens)
    while batch := tuple(islice(rest, size)):
        yield batch
