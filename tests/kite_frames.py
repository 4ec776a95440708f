"""Wire frames for tests that need some: whole packets from a few numbers."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.tape_head import TapeHead

DAY = date(2026, 11, 23)
NIFTY, FUTURE, SHARE = 256265, 35_001 << 8 | 2, 408065


def at(hour: int, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    return datetime.combine(DAY, time(hour, minute, second, microsecond), tzinfo=IST)


@dataclass(frozen=True)
class Packet:
    """A full packet; prices in paise."""

    token: int
    last: int
    volume: int = 0
    oi: int = 0
    high: int = 0
    low: int = 0
    told_at: datetime | None = None

    def encoded(self) -> bytes:
        stamp = 0 if self.told_at is None else int(self.told_at.timestamp())
        quote = (
            *(self.token, self.last, 25, self.last, self.volume, 100, 100),
            *(self.last, self.high or self.last, self.low or self.last, self.last),
        )
        levels = b"".join(
            struct.pack(">iiHxx", 50, self.last + step, 1)
            for step in (-5, -10, -15, -20, -25, 5, 10, 15, 20, 25)
        )
        return struct.pack(">11i5I", *quote, stamp, self.oi, self.oi, self.oi, stamp) + levels


def index_packet(token: int, last: int, told_at: datetime) -> bytes:
    return struct.pack(">8i", token, last, last, last, last, last, 0, int(told_at.timestamp()))


def frame(*packets: Packet | bytes) -> bytes:
    bodies = [item if isinstance(item, bytes) else item.encoded() for item in packets]
    return struct.pack(">H", len(bodies)) + b"".join(
        struct.pack(">H", len(body)) + body for body in bodies
    )


def head(*extra: Instrument) -> TapeHead:
    """Return the head of a day with an index, its future and a share."""
    return TapeHead(
        date=DAY,
        source="tests",
        made_by="tests",
        instruments=(
            Instrument(NIFTY, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, Decimal("0.05")),
            Instrument(
                *(FUTURE, Exchange.NFO, "NIFTY26NOVFUT", "NIFTY", Kind.FUTURE, 75, Decimal("0.1")),
                expiry=date(2026, 11, 24),
            ),
            Instrument(SHARE, Exchange.NSE, "INFY", "INFY", Kind.EQUITY, 1, Decimal("0.05")),
            *extra,
        ),
        previous_close=((NIFTY, 24_000.0), (FUTURE, 24_050.0), (SHARE, 1_500.0)),
        session_open=at(9, 15),
        session_close=at(15, 30),
    )
