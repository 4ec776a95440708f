"""Taking the day's price bands, and what the engine is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.sources import Close
from trading.services.price_bands import bands_of, bands_path, condition_of, take_bands

AT = datetime(2026, 10, 6, 9, 5, tzinfo=IST)
SHARE = Instrument(408065, Exchange.NSE, "INFY", "INFY", Kind.EQUITY, 1, Decimal("0.05"))
INDEX = Instrument(256265, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, Decimal("0.05"))
BAND = (Decimal(1350), Decimal(1650))


class MadeQuotes:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def price_limits(self, keys: Sequence[str]) -> dict[str, tuple[Decimal, Decimal]]:
        self.asked += keys
        return dict.fromkeys(keys, BAND)

    async def previous_closes(self, keys: Sequence[str], day: date) -> dict[str, Close]:
        raise AssertionError(keys)

    async def last_prices(self, keys: Sequence[str]) -> dict[str, float]:
        raise AssertionError(keys)


async def test_bands_are_asked_of_what_can_be_traded_and_kept_beside_the_tape(
    tmp_path: Path,
) -> None:
    quotes = MadeQuotes()
    path = bands_path(tmp_path / "2026-10-06.raw")

    bands = await take_bands([INDEX, SHARE], quotes, "kite", AT.date(), AT)
    bands.write(path)

    assert quotes.asked == ["NSE:INFY"]
    assert path.name == "2026-10-06.raw.bands.json"
    assert bands_of(path, AT.date()) == bands


async def test_bands_of_another_day_or_none_are_no_bands(tmp_path: Path) -> None:
    bands = await take_bands([SHARE], MadeQuotes(), "kite", AT.date(), AT)
    bands.write(tmp_path / "day.json")

    assert bands_of(tmp_path / "day.json", AT.date() + timedelta(days=1)) is None
    assert bands_of(tmp_path / "absent.json", AT.date()) is None


async def test_only_where_all_bands_are_there_the_condition_is_good() -> None:
    bands = await take_bands([SHARE], MadeQuotes(), "kite", AT.date(), AT)
    others = [replace(SHARE, token=number, symbol=f"S{number}") for number in range(7)]

    good = condition_of(bands, [SHARE, INDEX], AT)
    some = condition_of(bands, [SHARE, *others], AT)
    none = condition_of(None, [SHARE], AT)

    assert (good.name, good.good) == ("price-bands", True)
    assert good.detail == "1 from kite, told 09:05:00"
    assert not some.good
    assert some.detail == "no price band of NSE:S0, NSE:S1, NSE:S2, NSE:S3, NSE:S4 and 2 more"
    assert (none.good, none.detail) == (False, "no price bands of the day")
