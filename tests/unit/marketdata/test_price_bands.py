"""The day's price bands: what they allow, whether they are all there, and how they are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.price_bands import BandsError, PriceBands, read_bands

AT = datetime(2026, 10, 6, 9, 5, tzinfo=IST)
SHARE = Instrument(408065, Exchange.NSE, "INFY", "INFY", Kind.EQUITY, 1, Decimal("0.05"))
OTHER = replace(SHARE, token=1, symbol="TCS")
INDEX = Instrument(256265, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, Decimal("0.05"))
BANDS = PriceBands(AT.date(), "kite", AT, {"NSE:INFY": (Decimal("1350.05"), Decimal("1649.95"))})


@pytest.mark.parametrize(
    ("price", "allowed"),
    [("1350.05", True), ("1649.95", True), ("1350.00", False), ("1650", False)],
)
def test_both_ends_of_a_band_are_allowed(price: str, allowed: bool) -> None:
    assert BANDS.allows(SHARE, Decimal(price)) is allowed


def test_without_a_band_no_price_is_allowed() -> None:
    assert not BANDS.allows(OTHER, Decimal(1500))


def test_what_can_be_traded_and_has_no_band_is_named() -> None:
    assert BANDS.missing([SHARE, OTHER, INDEX]) == ("NSE:TCS",)


def test_their_age_is_told() -> None:
    assert BANDS.age(AT + timedelta(minutes=10)) == timedelta(minutes=10)


def test_they_are_kept_in_a_file(tmp_path: Path) -> None:
    BANDS.write(tmp_path / "day.json")

    again = read_bands(tmp_path / "day.json")

    assert again == BANDS
    assert again.bands["NSE:INFY"][0] == Decimal("1350.05")


@pytest.mark.parametrize("text", ["", "{}", '{"day": "2026-10-06"}'])
def test_a_file_that_holds_none_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "day.json"
    path.write_text(text)

    with pytest.raises(BandsError, match=r"day\.json"):
        read_bands(path)
    with pytest.raises(BandsError, match=r"absent\.json"):
        read_bands(tmp_path / "absent.json")


def test_a_band_from_high_to_low_and_a_naive_moment_are_refused() -> None:
    with pytest.raises(ValueError, match="NSE:INFY from 2 to 1"):
        replace(BANDS, bands={"NSE:INFY": (Decimal(2), Decimal(1))})
    with pytest.raises(ValueError, match="taken_at"):
        PriceBands(date(2026, 10, 6), "kite", datetime(2026, 10, 6, 9, 5), {})
