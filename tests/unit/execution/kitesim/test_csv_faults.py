from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.kitesim.csv_faults import with_faults
from execution.kitesim.faults import FaultKind, FaultRule, Faults
from execution.kitesim.instruments_csv import instruments_csv
from marketdata.instrument_dump import DumpError, DumpRules, parse_dump
from tests.unit.execution.kitesim.desk import ALL, OPEN

FILE = instruments_csv(ALL)
RULES = DumpRules(date(2026, 11, 23), minimum=len(ALL), required_indices=frozenset({"NIFTY"}))


def gone_wrong(kind: FaultKind, seed: int) -> bytes:
    faults = Faults([FaultRule(kind, subject="ALL")], seed=seed)
    return with_faults(FILE, "ALL", faults, OPEN)


def test_without_a_fault_the_file_is_whole(tmp_path):
    path = tmp_path / "dump.csv"
    path.write_bytes(with_faults(FILE, "ALL", Faults(), OPEN))

    assert len(parse_dump(path, RULES).instruments) == len(ALL)


@given(
    kind=st.sampled_from([FaultKind.CSV_EMPTY, FaultKind.CSV_SHORT, FaultKind.CSV_GARBLED]),
    seed=st.integers(0, 10**6),
)
def test_a_file_gone_wrong_is_never_taken_for_whole(tmp_path_factory, kind, seed):
    path: Path = tmp_path_factory.mktemp("dump") / "dump.csv"
    path.write_bytes(gone_wrong(kind, seed))

    with pytest.raises(DumpError):
        parse_dump(path, RULES)


def test_another_exchange_s_file_is_left_alone():
    faults = Faults([FaultRule(FaultKind.CSV_EMPTY, subject="NFO")])

    assert with_faults(FILE, "NSE", faults, OPEN) == FILE
