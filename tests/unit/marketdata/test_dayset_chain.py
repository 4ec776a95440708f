"""The recorded option chain of an expiry day: told as it was recorded, and read by the product.

Against the volatilities that NSE itself published with the chain: theirs stand on the spot and a
rate of their own, so calls lie below and puts above ours, which stand on the forward; the mean of
a call and its put agrees. On the expiry day theirs count a whole day where an afternoon is left,
so they lie far below.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from marketdata.calendar import IST
from marketdata.dayset import RECORDED_DAYS, BuiltDay, RecordingError, build_day, read_day
from marketdata.dayset_days import DaySpec
from marketdata.instruments import Kind
from marketdata.options.chain import CALL, PUT, Chain, chain_at, chains_of
from marketdata.panel import Panel
from marketdata.tape import TapeReader
from marketdata.timeframes import Timeframe
from marketdata.universe import Column, Universe

pytestmark = pytest.mark.shared_data

DAY, NEXT_WEEK = date(2026, 8, 18), date(2026, 8, 25)
NOON = datetime(2026, 8, 18, 12, 0, 30, tzinfo=IST)
LOT = 65


@pytest.fixture(scope="module")
def spec() -> DaySpec:
    return next(spec for spec in RECORDED_DAYS if spec.date == DAY)


@pytest.fixture(scope="module")
def tape(spec: DaySpec, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> TapeReader:
    built: BuiltDay = build_day(spec, shared_data, tmp_path_factory.mktemp("recorded"))
    return TapeReader(built.tape_path)


@pytest.fixture(scope="module")
def chains(tape: TapeReader) -> dict[date, Chain]:
    """Return what the chains say at noon, by expiry."""
    columns = [
        Column(place, item, False, None, place, "recorded")
        for place, item in enumerate(tape.head.instruments)
    ]
    universe = Universe(tuple(columns), (), frozenset())
    opens_at = int(tape.head.session_open.timestamp())
    panel = Panel(universe.tokens, [Timeframe.MINUTE], opens_at, 1, None, None)
    for frame in tape.frames():
        if frame.at > NOON:
            break
        panel.apply(frame.ticks)
    read = {key[1]: chain_at(c, panel, NOON) for key, c in chains_of(universe, DAY).items()}
    assert all(isinstance(chain, Chain) for chain in read.values()), read
    return read


@pytest.fixture(scope="module")
def published(spec: DaySpec, shared_data: Path) -> dict[tuple[date, float, int], float]:
    """Return NSE's volatilities at noon, fractions, by expiry, strike and side."""
    with gzip.open(shared_data / spec.chain, "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["ts"] == "2026-08-18T12:00:00+05:30"]
    return {
        (
            date.fromisoformat(row["expiry"]),
            float(row["strike"]),
            CALL if row["right"] == "CE" else PUT,
        ): float(row["iv"]) / 100
        for row in rows
    }


def test_every_option_is_the_listed_one(tape):
    options = [item for item in tape.head.instruments if item.kind in (Kind.CALL, Kind.PUT)]

    assert len(options) == 296
    assert {item.expiry.isoformat() for item in options} == {
        *("2026-08-18", "2026-08-25", "2026-09-01", "2026-09-08")
    }
    first = next(item for item in options if item.symbol == "NIFTY2681824200CE")
    assert (first.token, first.lot_size, first.made_from) == (11545090, LOT, "")


def test_units_are_told_not_contracts(tape, shared_data, spec):
    token = next(i.token for i in tape.head.instruments if i.symbol == "NIFTY2681824200CE")
    with gzip.open(shared_data / spec.chain, "rt") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if (row["expiry"], row["strike"], row["right"]) == ("2026-08-18", "24200", "CE")
        ]
    ticks = np.concatenate([frame.ticks for frame in tape.frames()])
    ticks = ticks[ticks["token"] == token]

    assert ticks["last"].tolist() == [float(row["ltp"]) for row in rows]
    assert ticks["oi"].tolist() == [int(row["oi"]) * LOT for row in rows]
    assert ticks["volume"].tolist() == [int(row["volume"]) * LOT for row in rows]


def test_the_head_says_what_was_recorded_and_what_is_modelled(tape):
    notes = [note for note in tape.head.notes if note.startswith("all options")]

    assert len(notes) == 2
    assert "recorded from 10:43 to 15:30" in notes[1]


def test_the_forward_lies_a_carry_above_the_spot_and_rises_with_the_expiry(chains):
    forwards = [chains[expiry].forward for expiry in sorted(chains)]

    assert forwards == sorted(forwards)
    assert forwards[0] == pytest.approx(24_209, abs=3)
    assert all(chain.pairs == 9 for chain in chains.values())


def test_a_call_and_its_put_have_one_volatility(chains):
    chain = chains[NEXT_WEEK]
    near = np.abs(chain.strikes / chain.forward - 1) < 0.005

    assert chain.iv[near, CALL] == pytest.approx(chain.iv[near, PUT], abs=0.002)


def test_volatility_is_the_mean_of_what_nse_published_for_call_and_put(chains, published):
    for expiry in sorted(chains)[1:]:
        chain, apart = chains[expiry], []
        for place, strike in enumerate(chain.strikes):
            told = [published.get((expiry, float(strike), side), 0.0) for side in (CALL, PUT)]
            if abs(strike / chain.forward - 1) < 0.005 and min(told) > 0:
                apart.append(chain.smile[place] - sum(told) / 2)
        assert len(apart) >= 3
        assert abs(float(np.median(apart))) < 0.002


def test_published_calls_lie_below_and_puts_above_by_the_carry(chains, published):
    chain = chains[NEXT_WEEK]
    strike = float(chain.strikes[chain.atm])

    call, put = (published[NEXT_WEEK, strike, side] for side in (CALL, PUT))

    assert call < chain.atm_iv < put
    assert put - call < 0.02


def test_on_the_expiry_day_an_afternoon_is_less_than_the_day_nse_counts(chains, published):
    chain = chains[DAY]
    strike = float(chain.strikes[chain.atm])
    afternoon = chain.years * 365

    assert published[DAY, strike, CALL] < 0.5 * chain.atm_iv
    assert published[DAY, strike, CALL] == pytest.approx(chain.atm_iv * afternoon**0.5, rel=0.15)


def test_a_day_without_prices_in_the_chain_is_refused(spec, shared_data):
    with pytest.raises(RecordingError, match="no price on 2026-08-12"):
        read_day(replace(spec, date=date(2026, 8, 12)), shared_data)


def test_an_option_that_is_not_listed_is_refused(spec, shared_data, tmp_path):
    full = shared_data / spec.derivatives
    with gzip.open(full, "rt") as file:
        kept = [line for line in file if "NIFTY2681824200CE" not in line]
    cut = tmp_path / "cut.csv"
    cut.write_text("".join(kept))

    with pytest.raises(RecordingError, match=r"NIFTY 2026-08-18 24200\.0 CE is not listed"):
        read_day(replace(spec, derivatives=str(cut)), shared_data)
