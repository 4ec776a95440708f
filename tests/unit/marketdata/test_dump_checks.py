"""Whether the files of all exchanges together are believed, and what is said where they are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from marketdata.dump_checks import (
    EXCHANGES,
    DayDump,
    DayRules,
    day_dump,
    fetch_files,
    rules_on,
)
from marketdata.instrument_dump import DumpError, ParsedDump
from marketdata.instruments import Exchange, Instrument, Kind

DAY = date(2026, 10, 6)
EXPIRY = date(2026, 10, 27)
INDEX = Instrument(256265, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, Decimal("0.05"))
SHARE = Instrument(408065, Exchange.NSE, "INFY", "INFY", Kind.EQUITY, 1, Decimal("0.05"))
FUTURE = Instrument(
    514, Exchange.NFO, "NIFTY26OCTFUT", "NIFTY", Kind.FUTURE, 65, Decimal("0.1"), expiry=EXPIRY
)
CALL = replace(
    FUTURE, token=770, symbol="NIFTY26OCT24500CE", kind=Kind.CALL, strike=Decimal(24_500)
)
RULES = DayRules(
    on=DAY,
    least={Exchange.NSE: 1, Exchange.NFO: 1},
    required_indices=frozenset({"NIFTY"}),
)


def parsed(*items: Instrument, **dropped: int) -> ParsedDump:
    return ParsedDump(items, {name.replace("_", "-"): rows for name, rows in dropped.items()})


def files(**changes: ParsedDump) -> dict[Exchange, ParsedDump]:
    told = {"NSE": parsed(INDEX, SHARE), "NFO": parsed(FUTURE, CALL)} | changes
    return {Exchange(name): file for name, file in told.items()}


def test_good_files_become_one_list_in_their_order() -> None:
    whole = day_dump(files(NFO=parsed(FUTURE, CALL, expired=7)), RULES, {})

    assert whole == DayDump((INDEX, SHARE, FUTURE, CALL), {"expired": 7}, ())


def test_a_lot_that_is_not_the_tables_is_doubtful_but_taken() -> None:
    odd = [replace(item, lot_size=75) for item in (FUTURE, CALL)]

    whole = day_dump(files(NFO=parsed(*odd)), RULES, {})

    assert whole.doubts == ("NIFTY of 2026-10-27: lot 75, the tables say 65",)
    assert whole.instruments[2].lot_size == 75


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"NFO": parsed()}, "NFO: 0 usable instruments, expected 1 or more"),
        ({"NFO": parsed(FUTURE, CALL, short_row=1)}, "NFO: 1 short-row of 3 rows, too many"),
        ({"NSE": parsed(INDEX, CALL)}, "NSE: lists NFO:NIFTY26OCT24500CE"),
        ({"NSE": parsed(INDEX, replace(SHARE, token=770))}, "token 770: is NSE:INFY and NFO:"),
        ({"NFO": parsed(FUTURE, replace(CALL, lot_size=75))}, "NIFTY of 2026-10-27 has lots of 65"),
        ({"NSE": parsed(SHARE)}, "index NIFTY is missing"),
        ({"NFO": parsed(CALL)}, "index NIFTY has no future"),
    ],
)
def test_files_that_are_not_believed(changes: dict[str, ParsedDump], complaint: str) -> None:
    with pytest.raises(DumpError, match=complaint):
        day_dump(files(**changes), RULES, {})


def test_an_exchange_without_a_file_is_named() -> None:
    with pytest.raises(DumpError, match="NFO: there is no file"):
        day_dump({Exchange.NSE: parsed(INDEX)}, RULES, {})


def test_a_list_that_has_lost_too_much_of_the_last_good_one_is_not_believed() -> None:
    day_dump(files(), RULES, {Exchange.NFO: 2})

    with pytest.raises(DumpError, match="NFO: 2 usable instruments, expected 4 or more"):
        day_dump(files(), RULES, {Exchange.NFO: 4})


def test_a_kite_of_our_own_may_be_small() -> None:
    small = {Exchange.BSE: parsed(), Exchange.BFO: parsed()}
    bank = replace(INDEX, token=9, symbol="NIFTY BANK", name="BANKNIFTY")
    bank_future = replace(FUTURE, token=1, symbol="B26OCTFUT", name="BANKNIFTY", lot_size=30)
    both = files(NSE=parsed(INDEX, bank), NFO=parsed(FUTURE, bank_future)) | small

    assert len(day_dump(both, rules_on(DAY, practice=True), {}).instruments) == 4
    with pytest.raises(DumpError, match="NSE: 2 usable instruments, expected 2000"):
        day_dump(both, rules_on(DAY, practice=False), {})


def test_shares_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="most_bad: 1"):
        replace(RULES, most_bad=1)


async def test_the_files_of_all_exchanges_are_fetched() -> None:
    class Source:
        async def instruments(self, exchange: Exchange) -> bytes:
            return exchange.value.encode()

    assert await fetch_files(Source()) == {name: name.value.encode() for name in EXCHANGES}
