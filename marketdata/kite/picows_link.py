"""A link carried by picows, which was the fastest of the libraries measured.

The measurement can be repeated with `bench_socket.py`.
"""

from __future__ import annotations

import asyncio
import logging
from ssl import SSLError

from picows import (
    WSCloseCode,
    WSError,
    WSFrame,
    WSHandshakeError,
    WSInvalidURL,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from marketdata.kite.link import LinkFailed, LoginRefused, Receiver

MOST_FRAME_BYTES = 16 << 20
"""Enough for as many full packets as a frame can count."""
_REFUSED = frozenset({401, 403})
_BUFFER_BYTES = 1 << 20
_DATA = frozenset({WSMsgType.BINARY, WSMsgType.TEXT, WSMsgType.CONTINUATION})


def _silent() -> logging.Logger:
    """Return a logger that nobody hears: the library would tell the address it connects to."""
    logger = logging.Logger("socket", level=logging.CRITICAL + 1)
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger


class PicowsLink(WSListener):
    """Passes whole messages on to a receiver, and texts and pings out."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._transport: WSTransport | None = None
        self._parts: list[bytes] = []
        self._kind = WSMsgType.BINARY
        self._has_room = True
        self._reason = ""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Remember where to send to."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame; the parts of a message that was cut up are put together first."""
        kind = frame.msg_type
        if kind is WSMsgType.PONG:
            self._receiver.pong()
        elif kind is WSMsgType.CLOSE:
            self._reason = f"closed by the server with {_number(frame.get_close_code())}"
            transport.disconnect()
        elif kind in _DATA:
            self._take(kind, frame.get_payload_as_bytes(), frame.fin)

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002
        """Say that nothing more will come."""
        self._has_room = True
        self._receiver.lost(self._reason or "dropped without a close")

    def pause_writing(self) -> None:
        """Note that the outgoing buffer is full."""
        self._has_room = False

    def resume_writing(self) -> None:
        """Note that the outgoing buffer has room."""
        self._has_room = True

    def _take(self, kind: WSMsgType, data: bytes, whole: bool) -> None:
        if kind is not WSMsgType.CONTINUATION:
            self._kind, self._parts = kind, []
        if not whole or self._parts:
            self._parts.append(data)
            if not whole:
                return
            data, self._parts = b"".join(self._parts), []
        if self._kind is WSMsgType.TEXT:
            self._receiver.text(data)
        else:
            self._receiver.binary(data)

    def send_text(self, text: str) -> None:
        """Put a text message into the outgoing buffer."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send(WSMsgType.TEXT, text.encode())

    def send_ping(self) -> None:
        """Ask for a pong."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send_ping()

    @property
    def has_room(self) -> bool:
        """Say whether the outgoing buffer has room."""
        return self._has_room

    def close(self) -> None:
        """Drop the socket at once."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.disconnect(graceful=False)


async def open_picows(url: str, receiver: Receiver, within: float) -> PicowsLink:
    """Open a link within so many seconds. Raises `LoginRefused`, `LinkFailed`.

    The library's own error is let go before either is raised, as it may hold the address.
    """
    failure: Exception
    try:
        async with asyncio.timeout(within):
            _, link = await ws_connect(
                lambda: PicowsLink(receiver),
                url,
                logger_name=_silent(),
                websocket_handshake_timeout=within,
                max_frame_size=MOST_FRAME_BYTES,
                read_buffer_init_size=_BUFFER_BYTES,
                max_redirects=0,
            )
    except (WSError, WSInvalidURL, OSError, TimeoutError) as error:
        failure = _told(error)
    else:
        if isinstance(link, PicowsLink):
            return link
        failure = LinkFailed("no socket was opened")
    raise failure


def _told(error: Exception) -> LoginRefused | LinkFailed:
    if isinstance(error, WSHandshakeError) and error.response is not None:
        status = int(error.response.status)
        if status in _REFUSED:
            return LoginRefused(f"the handshake was answered with {status}")
        return LinkFailed(f"the handshake was answered with {status}")
    if isinstance(error, TimeoutError):
        return LinkFailed("no answer in time")
    if isinstance(error, SSLError):
        return LinkFailed(f"TLS: {error.reason}")
    if isinstance(error, OSError):
        return LinkFailed(error.strerror or type(error).__name__)
    return LinkFailed(type(error).__name__)


def _number(code: WSCloseCode | int) -> int:
    return code.value if isinstance(code, WSCloseCode) else int(code)
