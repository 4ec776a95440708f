"""The day's instrument files from Kite, as bytes; the official client would parse them row by row.

What stands in them is the work of `marketdata/instrument_dump.py`.
"""

from __future__ import annotations

from marketdata.instruments import Exchange
from marketdata.kite.client import Client
from marketdata.kite.reads import Reads
from marketdata.pacing import Call
from marketdata.sources import SourceFailed


class KiteInstruments:
    """Fetches each exchange's file; an `InstrumentSource`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def instruments(self, exchange: Exchange) -> bytes:
        """Return an exchange's file, unpacked. Raises `SourceFailed`, `LoginWanted`."""
        told = await self._reads.ask(Call.OTHER, lambda client: _file(client, exchange))
        if not isinstance(told, bytes):
            raise SourceFailed(f"instruments of {exchange}: expected a CSV file")
        return told


def _file(client: Client, exchange: Exchange) -> object:
    answer: object = client._get("market.instruments", url_args={"exchange": exchange.value})
    return answer
