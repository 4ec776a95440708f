"""Reading instrument dumps: two real ones, and every way a row or a file can be wrong."""

from __future__ import annotations

import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from marketdata.instrument_dump import COLUMNS, DumpError, DumpRules, parse_dump, read_dump
from marketdata.instruments import Exchange, Kind

AUGUST_18 = date(2026, 8, 18)
ANY = DumpRules(on=AUGUST_18, minimum=0, required_indices=frozenset())
HEADER = ",".join(COLUMNS)
FUTURE = "14866434,58072,NIFTY26AUGFUT,NIFTY,0.0,2026-08-25,0.0,0.1,65,FUT,NFO-FUT,NFO"
CALL = "111,1,NIFTY26AUG24000CE,NIFTY,0.0,2026-08-25,24000.0,0.05,65,CE,NFO-OPT,NFO"
SHARE = "738561,2885,RELIANCE,RELIANCE INDUSTRIES,0.0,,0.0,0.1,1,EQ,NSE,NSE"
INDEX = "256265,1001,NIFTY 50,NIFTY 50,0.0,,0.0,0.0,0,EQ,INDICES,NSE"


def dump(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "instruments.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def changed(row: str, column: str, value: str) -> str:
    cells = row.split(",")
    cells[COLUMNS.index(column)] = value
    return ",".join(cells)


def test_a_future_carries_its_lot_tick_expiry_and_freeze(tmp_path: Path) -> None:
    (future,) = parse_dump(dump(tmp_path, FUTURE), ANY).instruments

    assert future.key == "NFO:NIFTY26AUGFUT"
    assert future.name == "NIFTY"
    assert future.kind is Kind.FUTURE
    assert future.expiry == date(2026, 8, 25)
    assert (future.lot_size, future.tick_size) == (65, Decimal("0.1"))
    assert future.strike is None
    assert future.freeze_quantity == 1800


def test_an_option_carries_its_strike(tmp_path: Path) -> None:
    (call,) = parse_dump(dump(tmp_path, CALL), ANY).instruments

    assert call.kind is Kind.CALL
    assert call.strike == Decimal(24000)


def test_a_share_is_called_what_its_derivatives_are(tmp_path: Path) -> None:
    (share,) = parse_dump(dump(tmp_path, SHARE), ANY).instruments

    assert share.kind is Kind.EQUITY
    assert share.name == share.symbol == "RELIANCE"
    assert (share.lot_size, share.expiry, share.freeze_quantity) == (1, None, None)


def test_an_index_row_becomes_an_index_with_the_name_of_its_derivatives(tmp_path: Path) -> None:
    (index,) = parse_dump(dump(tmp_path, INDEX), ANY).instruments

    assert index.kind is Kind.INDEX
    assert (index.symbol, index.name) == ("NIFTY 50", "NIFTY")
    assert not index.is_tradable


def test_an_index_without_second_name_keeps_its_own(tmp_path: Path) -> None:
    row = changed(changed(INDEX, "tradingsymbol", "NIFTY IT"), "instrument_token", "9")

    (index,) = parse_dump(dump(tmp_path, row), ANY).instruments

    assert index.name == "NIFTY IT"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (changed(FUTURE, "expiry", "2026-08-17"), "expired"),
        (changed(FUTURE, "expiry", ""), "bad-expiry"),
        (changed(FUTURE, "expiry", "25-08-2026"), "bad-expiry"),
        (changed(FUTURE, "instrument_token", "x"), "bad-number"),
        (changed(FUTURE, "instrument_token", "-5"), "bad-number"),
        (changed(FUTURE, "lot_size", "0"), "no-lot"),
        (changed(FUTURE, "lot_size", "6.5"), "bad-number"),
        (changed(FUTURE, "tick_size", "0.0"), "no-tick"),
        (changed(FUTURE, "tick_size", "nan"), "bad-number"),
        (changed(FUTURE, "tick_size", "tick"), "bad-number"),
        (changed(CALL, "strike", "0.0"), "no-strike"),
        (changed(FUTURE, "name", ""), "no-name"),
        (changed(FUTURE, "tradingsymbol", ""), "no-symbol"),
        (changed(FUTURE, "instrument_type", "SPREAD"), "unknown-kind"),
        (changed(FUTURE, "exchange", "MCX"), "other-exchange"),
        (changed(FUTURE, "instrument_token", "9" * 5_000), "bad-number"),
        (changed(FUTURE, "lot_size", "2000000"), "odd-lot"),
        (changed(FUTURE, "tick_size", "0.005"), "odd-tick"),
        (changed(FUTURE, "tick_size", "500"), "odd-tick"),
        (changed(CALL, "strike", "1e9"), "odd-strike"),
        (changed(FUTURE, "tradingsymbol", "N" * 61), "long-name"),
        ("1,2,3", "short-row"),
    ],
)
def test_a_bad_row_is_dropped_and_counted(tmp_path: Path, row: str, reason: str) -> None:
    parsed = parse_dump(dump(tmp_path, SHARE, row), ANY)

    assert [item.symbol for item in parsed.instruments] == ["RELIANCE"]
    assert dict(parsed.dropped) == {reason: 1}


def test_a_contract_expiring_today_stays(tmp_path: Path) -> None:
    parsed = parse_dump(dump(tmp_path, changed(FUTURE, "expiry", "2026-08-18")), ANY)

    assert len(parsed.instruments) == 1


def test_the_first_of_two_rows_with_one_token_or_symbol_counts(tmp_path: Path) -> None:
    parsed = parse_dump(dump(tmp_path, SHARE, SHARE, changed(SHARE, "instrument_token", "7")), ANY)

    assert [item.token for item in parsed.instruments] == [738561]
    assert dict(parsed.dropped) == {"repeated-token": 1, "repeated-symbol": 1}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (HEADER.replace(",lot_size", ""), "column lot_size is missing"),
        (HEADER + ",freeze", "column freeze is unknown"),
        ("", "column instrument_token is missing"),
        (",".join(reversed(COLUMNS)), "another order"),
    ],
)
def test_a_wrong_header_names_file_and_column(tmp_path: Path, header: str, message: str) -> None:
    with pytest.raises(DumpError, match=rf"instruments\.csv: .*{message}"):
        parse_dump(dump(tmp_path, SHARE, header=header), ANY)


def test_too_few_rows_and_a_missing_index_refuse_the_dump(tmp_path: Path) -> None:
    path = dump(tmp_path, SHARE)

    with pytest.raises(DumpError, match="1 usable instruments, expected 2 or more"):
        parse_dump(path, DumpRules(AUGUST_18, 2, frozenset()))
    with pytest.raises(DumpError, match="index NIFTY is missing"):
        parse_dump(path, DumpRules(AUGUST_18, 1, frozenset({"NIFTY"})))


def test_a_day_before_the_freeze_tables_refuses_the_dump(tmp_path: Path) -> None:
    rules = DumpRules(date(2021, 4, 26), 0, frozenset())

    told = r"instruments\.csv: freeze quantity of NIFTY: nothing known for 2021-04-26"
    with pytest.raises(DumpError, match=told):
        parse_dump(dump(tmp_path, FUTURE), rules)


def test_a_field_that_no_csv_reader_takes_names_its_line() -> None:
    raw = f"{HEADER}\n{SHARE}\n{'x' * 200_000}\n".encode()

    with pytest.raises(DumpError, match="NSE: line 3: field larger"):
        read_dump("NSE", raw, ANY)


def test_gzip_and_plain_read_alike_and_a_truncated_file_is_refused(tmp_path: Path) -> None:
    plain = dump(tmp_path, SHARE, FUTURE)
    packed = tmp_path / "instruments.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    torn = tmp_path / "torn.csv.gz"
    torn.write_bytes(packed.read_bytes()[:-20])

    assert parse_dump(packed, ANY) == parse_dump(plain, ANY)
    with pytest.raises(DumpError, match=r"torn\.csv\.gz"):
        parse_dump(torn, ANY)
    with pytest.raises(DumpError, match=r"absent\.csv"):
        parse_dump(tmp_path / "absent.csv", ANY)


@pytest.mark.shared_data
def test_a_real_derivatives_dump_is_read_without_loss(shared_data: Path) -> None:
    parsed = parse_dump(shared_data / "instruments" / "kite_nfo_bfo_2026-08-18.csv.gz", ANY)

    kinds = [item.kind for item in parsed.instruments]
    assert len(parsed.instruments) == 39_941
    assert not parsed.dropped
    assert kinds.count(Kind.FUTURE) == 652
    assert kinds.count(Kind.CALL) == 19_597
    (june,) = [item for item in parsed.instruments if item.symbol == "BANKNIFTY26AUGFUT"]
    assert (june.lot_size, june.tick_size, june.freeze_quantity) == (30, Decimal("0.2"), 600)


@pytest.mark.shared_data
def test_a_day_later_the_expired_weekly_is_gone(shared_data: Path) -> None:
    rules = DumpRules(date(2026, 8, 19), 0, frozenset())

    parsed = parse_dump(shared_data / "instruments" / "kite_nfo_bfo_2026-08-18.csv.gz", rules)

    assert set(parsed.dropped) == {"expired"}
    assert min(item.expiry for item in parsed.instruments if item.expiry) > AUGUST_18


@pytest.mark.shared_data
def test_a_real_cash_dump_has_its_indices(shared_data: Path) -> None:
    needed = frozenset({"NIFTY", "BANKNIFTY", "FINNIFTY", "INDIAVIX"})

    parsed = parse_dump(
        shared_data / "instruments" / "kite_nse_2020-12-05.csv.gz",
        DumpRules(AUGUST_18, 3_000, needed),
    )

    tokens = {item.name: item.token for item in parsed.instruments if item.kind is Kind.INDEX}
    assert len(parsed.instruments) == 3_359
    assert [tokens[name] for name in ("NIFTY", "BANKNIFTY", "INDIAVIX")] == [
        256265,
        260105,
        264969,
    ]
    assert {item.exchange for item in parsed.instruments} == {Exchange.NSE}
