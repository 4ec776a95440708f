"""Sends stamped frames to whoever connects, for the other measurements, in a process of its own.

Run `python -m marketdata.kite.bench_sender PACKETS FRAMES PER_SECOND AHEAD_S`: what `Sending` says.
Its first line is the port.
"""

from __future__ import annotations

import asyncio
import sys
import time

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from marketdata.kite.bench_market import ModelledMarket

_STAMP_BYTES = 8


def stamp_of(frame: bytes) -> int:
    """Return when a frame was sent, nanoseconds of the clock that never runs backwards."""
    return int.from_bytes(frame[-_STAMP_BYTES:], "big")


class _Sender(WSListener):
    """Sends so many frames, a new one each time, or the same ones when as fast as it goes."""

    def __init__(self, packets: int, frames: int, per_second: float, ahead_s: int) -> None:
        self._market, self._ahead_s = ModelledMarket(packets, 1.0), ahead_s
        self._frame = self._market.whole(int(time.time()) + ahead_s)[:-_STAMP_BYTES]
        self._frames, self._wait = frames, 1 / per_second if per_second else 0.0
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._sending: asyncio.Task[None] | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._sending = asyncio.get_running_loop().create_task(self._send(transport))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    async def _send(self, transport: WSTransport) -> None:
        for _ in range(self._frames):
            await asyncio.sleep(self._wait)
            await self._may_write.wait()
            if self._wait:
                at = int(time.time()) + self._ahead_s
                self._frame = self._market.whole(at)[:-_STAMP_BYTES]
            stamp = time.monotonic_ns().to_bytes(_STAMP_BYTES, "big")
            transport.send(WSMsgType.BINARY, self._frame + stamp)


async def serve(packets: int, frames: int, per_second: float, ahead_s: int) -> None:
    """Serve on a free port, told by the first line of output, until the process is ended."""

    def listener(request: WSUpgradeRequest) -> WSListener:  # noqa: ARG001
        return _Sender(packets, frames, per_second, ahead_s)

    server = await ws_create_server(listener, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
