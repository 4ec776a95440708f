"""Dated facts: boundaries of every change that is known, and refusal of what is not."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from marketdata.facts import (
    FactMissing,
    freeze_quantity,
    index_by_name,
    index_by_spot,
    index_names,
    lot_size,
    tick_size,
)
from marketdata.instruments import Exchange, Kind


class TestLots:
    @pytest.mark.parametrize(
        ("name", "expiry", "units"),
        [
            ("NIFTY", date(2021, 6, 24), 75),
            ("NIFTY", date(2021, 7, 1), 50),
            ("NIFTY", date(2024, 4, 25), 50),
            ("NIFTY", date(2024, 5, 2), 25),
            ("NIFTY", date(2024, 12, 26), 25),
            ("NIFTY", date(2025, 1, 2), 75),
            ("NIFTY", date(2025, 1, 30), 25),
            ("NIFTY", date(2025, 2, 6), 75),
            ("NIFTY", date(2025, 12, 30), 75),
            ("NIFTY", date(2026, 1, 6), 65),
            ("NIFTY", date(2026, 11, 23), 65),
            ("BANKNIFTY", date(2021, 5, 6), 25),
            ("BANKNIFTY", date(2024, 1, 10), 15),
            ("BANKNIFTY", date(2025, 6, 26), 30),
            ("BANKNIFTY", date(2025, 7, 31), 35),
            ("BANKNIFTY", date(2026, 1, 27), 30),
            ("FINNIFTY", date(2026, 11, 23), 60),
            ("MIDCPNIFTY", date(2026, 11, 23), 120),
            ("SENSEX", date(2026, 11, 26), 20),
            ("RELIANCE", date(2026, 9, 29), 500),
        ],
    )
    def test_the_lot_follows_the_expiry(self, name: str, expiry: date, units: int) -> None:
        assert lot_size(name, expiry) == units

    @pytest.mark.parametrize(
        ("name", "expiry"),
        [
            ("NIFTY", date(2027, 1, 28)),
            ("FINNIFTY", date(2024, 7, 30)),
            ("RELIANCE", date(2021, 5, 27)),
            ("NOSUCH", date(2026, 9, 29)),
        ],
    )
    def test_what_is_not_known_is_not_guessed(self, name: str, expiry: date) -> None:
        with pytest.raises(FactMissing, match=name):
            lot_size(name, expiry)

    @pytest.mark.shared_data
    def test_lots_and_ticks_agree_with_a_recorded_dump(self, shared_data: Path) -> None:
        path = shared_data / "instruments" / "kite_nfo_bfo_2026-08-18.csv.gz"
        with gzip.open(path, "rt") as rows:
            futures = [row for row in csv.DictReader(rows) if row["instrument_type"] == "FUT"]
        level = {"NIFTY": 24000, "BANKNIFTY": 55000, "FINNIFTY": 26000, "MIDCPNIFTY": 13500}
        checked = 0
        for row in futures:
            expiry = date.fromisoformat(row["expiry"])
            if row["name"] == "FOCIT":
                continue
            assert lot_size(row["name"], expiry) == int(row["lot_size"]), row
            checked += 1
            if row["name"] in level:
                tick = tick_size(
                    Kind.FUTURE,
                    date(2026, 8, 18),
                    Decimal(level[row["name"]]),
                    exchange=Exchange.NFO,
                    is_index=True,
                )
                assert tick == Decimal(row["tick_size"])
        assert checked == 649


class TestFreeze:
    @pytest.mark.parametrize(
        ("name", "on", "units"),
        [
            ("BANKNIFTY", date(2025, 7, 31), 900),
            ("BANKNIFTY", date(2025, 8, 1), 600),
            ("BANKNIFTY", date(2025, 9, 1), 900),
            ("BANKNIFTY", date(2025, 11, 3), 600),
            ("BANKNIFTY", date(2026, 6, 1), 900),
            ("BANKNIFTY", date(2026, 7, 1), 600),
            ("FINNIFTY", date(2026, 1, 1), 1200),
            ("FINNIFTY", date(2026, 2, 1), 1800),
            ("NIFTY", date(2026, 11, 23), 1800),
            ("SENSEX", date(2026, 11, 23), 1000),
        ],
    )
    def test_the_freeze_follows_the_day(self, name: str, on: date, units: int) -> None:
        assert freeze_quantity(name, on) == units

    def test_a_stock_has_none_and_an_early_date_is_missing(self) -> None:
        assert freeze_quantity("RELIANCE", date(2026, 11, 23)) is None
        with pytest.raises(FactMissing):
            freeze_quantity("NIFTY", date(2021, 5, 3))

    @pytest.mark.shared_data
    def test_december_2025_agrees_with_the_exchange_file(self, shared_data: Path) -> None:
        lines = (shared_data / "reference" / "qtyfreeze_2025-12.csv").read_text().splitlines()
        listed = {
            cells[1].strip(): cells[2].strip() for cells in (line.split(",") for line in lines)
        }
        for name in ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTYNXT50"):
            assert freeze_quantity(name, date(2025, 12, 20)) == int(listed[name])


class TestTicks:
    @pytest.mark.parametrize(
        ("kind", "on", "price", "is_index", "tick"),
        [
            (Kind.FUTURE, date(2025, 4, 14), "24000", True, "0.05"),
            (Kind.FUTURE, date(2025, 4, 15), "15000", True, "0.05"),
            (Kind.FUTURE, date(2025, 4, 15), "15000.05", True, "0.10"),
            (Kind.FUTURE, date(2026, 11, 23), "30000", True, "0.10"),
            (Kind.FUTURE, date(2026, 11, 23), "55000", True, "0.20"),
            (Kind.CALL, date(2026, 11, 23), "55000", True, "0.05"),
            (Kind.PUT, date(2025, 11, 2), "200", False, "0.05"),
            (Kind.PUT, date(2025, 11, 3), "249.95", False, "0.01"),
            (Kind.PUT, date(2025, 11, 3), "250", False, "0.05"),
            (Kind.EQUITY, date(2021, 5, 3), "5600", False, "0.05"),
            (Kind.EQUITY, date(2026, 11, 23), "249.99", False, "0.01"),
            (Kind.EQUITY, date(2026, 11, 23), "250", False, "0.05"),
            (Kind.EQUITY, date(2026, 11, 23), "1000", False, "0.05"),
            (Kind.EQUITY, date(2026, 11, 23), "1000.1", False, "0.10"),
            (Kind.FUTURE, date(2026, 11, 23), "5000", False, "0.10"),
            (Kind.FUTURE, date(2026, 11, 23), "10000", False, "0.50"),
            (Kind.FUTURE, date(2026, 11, 23), "20000", False, "1.00"),
            (Kind.FUTURE, date(2026, 11, 23), "140000", False, "5.00"),
        ],
    )
    def test_the_step_follows_day_kind_and_price(
        self, kind: Kind, on: date, price: str, is_index: bool, tick: str
    ) -> None:
        found = tick_size(kind, on, Decimal(price), exchange=Exchange.NFO, is_index=is_index)

        assert found == Decimal(tick)

    def test_bse_index_futures_keep_five_paise(self) -> None:
        found = tick_size(
            Kind.FUTURE,
            date(2026, 11, 23),
            Decimal(82000),
            exchange=Exchange.BFO,
            is_index=True,
        )
        assert found == Decimal("0.05")

    def test_a_day_before_the_table_is_missing(self) -> None:
        with pytest.raises(FactMissing):
            tick_size(
                Kind.EQUITY,
                date(2010, 1, 4),
                Decimal(100),
                exchange=Exchange.NSE,
                is_index=False,
            )


class TestIndices:
    @pytest.mark.parametrize(
        ("spot", "name"),
        [
            ("NIFTY 50", "NIFTY"),
            ("NIFTY BANK", "BANKNIFTY"),
            ("NIFTY FIN SERVICE", "FINNIFTY"),
            ("NIFTY MID SELECT", "MIDCPNIFTY"),
            ("SENSEX", "SENSEX"),
            ("BANKEX", "BANKEX"),
            ("INDIA VIX", "INDIAVIX"),
        ],
    )
    def test_both_names_lead_to_the_same_index(self, spot: str, name: str) -> None:
        index = index_by_spot(spot)

        assert index is not None
        assert index.name == name
        assert index_by_name(name) == index
        assert index in index_names()

    def test_other_names_have_no_index(self) -> None:
        assert index_by_spot("RELIANCE") is None
        assert index_by_name("NIFTY 50") is None

    def test_nothing_can_be_traded_on_the_volatility_index(self) -> None:
        vix = index_by_name("INDIAVIX")

        assert vix is not None
        assert vix.derivatives is None
