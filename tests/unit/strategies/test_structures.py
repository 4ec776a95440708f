from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.options.chain import NoChain
from strategies.outright import Outright, as_contract
from strategies.signals import Direction, Signal
from strategies.structures import Leg, NotPossible, Quote, Structure, StructureKind

AT = datetime(2026, 11, 23, 4, 3, tzinfo=UTC)
Make = Callable[..., Instrument]


def _signal(instrument: Instrument, direction: Direction = Direction.LONG) -> Signal:
    """Return the golden long on an index at 25,005, or its mirror image."""
    entry, risk = 25_005.0, 55.0 * direction
    return Signal(
        strategy="opening_range",
        instrument=instrument,
        direction=direction,
        at=AT,
        valid_until=AT + timedelta(minutes=10),
        entry=entry,
        stop=entry - risk,
        target1=entry + 1.2 * risk,
        target2=entry + 1.8 * risk,
        confidence=0.75,
        setup=f"{direction.name}@x",
    )


def _quote(last: float, bid: float = nan, ask: float = nan) -> Quote:
    return Quote(last=last, bid=bid, ask=ask, bid_quantity=100.0, ask_quantity=100.0)


@pytest.fixture
def index(instrument: Make) -> Instrument:
    return instrument("NIFTY 50", Kind.INDEX)


@pytest.fixture
def future(instrument: Make) -> Instrument:
    return instrument("NIFTY26NOVFUT", Kind.FUTURE, "NIFTY", 65)


@pytest.fixture
def share(instrument: Make) -> Instrument:
    return instrument("RELIANCE", Kind.EQUITY, "RELIANCE INDUSTRIES")


def test_an_index_trades_its_future_with_levels_moved_by_the_basis(
    index: Instrument, future: Instrument
) -> None:
    made = as_contract(
        _signal(index), future, _quote(25_005.0), _quote(25_050.0, 25_054.0, 25_056.0)
    )

    assert isinstance(made, Structure)
    assert (made.kind, made.underlying) == (StructureKind.FUTURE, "NIFTY")
    assert made.legs == (Leg(future, Direction.LONG, 1),)
    assert (made.entry, made.stop, made.target1, made.target2) == (25_056, 25_000, 25_121, 25_154)


def test_a_short_enters_at_the_bid(index: Instrument, future: Instrument) -> None:
    signal = _signal(index, Direction.SHORT)

    made = as_contract(signal, future, _quote(25_005.0), _quote(25_050.0, 25_054.0, 25_056.0))

    assert isinstance(made, Structure)
    assert (made.entry, made.stop, made.target2) == (25_054.0, 25_110.0, 24_956.0)


def test_without_a_book_the_last_price_gives_basis_and_entry(
    index: Instrument, future: Instrument
) -> None:
    made = as_contract(_signal(index), future, _quote(25_005.0), _quote(25_055.0, 0.0, 0.0))

    assert isinstance(made, Structure)
    assert (made.entry, made.stop) == (25_055.0, 25_000.0)


def test_a_share_trades_itself_at_its_own_levels(share: Instrument) -> None:
    own = _quote(25_005.0, 25_004.0, 25_006.0)

    made = as_contract(_signal(share), share, own, own)

    assert isinstance(made, Structure)
    assert (made.kind, made.underlying) == (StructureKind.SHARES, "RELIANCE")
    assert (made.entry, made.stop, made.target1) == (25_006.0, 24_950.0, 25_071.0)


def test_a_share_may_trade_its_future(share: Instrument, instrument: Make) -> None:
    own_future = instrument("RELIANCE26NOVFUT", Kind.FUTURE, "RELIANCE", 500)

    made = as_contract(_signal(share), own_future, _quote(25_005.0), _quote(25_015.0))

    assert isinstance(made, Structure)
    assert (made.stop, made.underlying) == (24_960.0, "RELIANCE")


@pytest.mark.parametrize(
    ("own", "contract"),
    [(nan, 25_050.0), (0.0, 25_050.0), (25_005.0, nan), (25_005.0, 0.0)],
)
def test_a_missing_price_is_no_structure(
    index: Instrument, future: Instrument, own: float, contract: float
) -> None:
    made = as_contract(_signal(index), future, _quote(own), _quote(contract))

    assert made == NotPossible("NIFTY26NOVFUT or NIFTY 50 has no price")


@pytest.mark.parametrize("kind", [Kind.CALL, Kind.INDEX, Kind.EQUITY])
def test_what_cannot_stand_for_the_opinion_is_named(
    index: Instrument, instrument: Make, kind: Kind
) -> None:
    other = instrument("OTHER", kind)

    made = as_contract(_signal(index), other, _quote(25_005.0), _quote(100.0))

    assert made == NotPossible(f"OTHER ({kind}) cannot stand for the opinion")


@pytest.mark.parametrize(("ask", "word"), [(24_950.0, "stop"), (25_071.0, "target")])
def test_a_price_that_has_run_to_a_level_is_no_structure(
    share: Instrument, ask: float, word: str
) -> None:
    quote = _quote(ask, ask - 0.05, ask)

    made = as_contract(_signal(share), share, quote, quote)

    assert isinstance(made, NotPossible)
    assert word in made.reason


def test_a_structure_at_its_own_stop_cannot_be_made(share: Instrument) -> None:
    leg = Leg(share, Direction.LONG, 1)

    with pytest.raises(ValueError, match="stop: 100 is not on the losing side"):
        Structure(StructureKind.SHARES, (leg,), Direction.LONG, 100, 100, 110, 120, _signal(share))


def test_a_crossed_or_half_empty_book_has_no_middle() -> None:
    crossed, half, whole = _quote(10.0, 11.0, 9.0), _quote(10.0, 9.0), _quote(10.0, 9.0, 13.0)

    assert (crossed.fair, half.fair, whole.fair) == (10.0, 10.0, 11.0)
    assert (crossed.spread_fraction, half.spread_fraction) == (1.0, 1.0)
    assert whole.spread_fraction == pytest.approx(4 / 11)


TICK = Decimal("0.05")
NIFTY = Instrument(1, Exchange.NSE, "NIFTY 50", "NIFTY 50", Kind.INDEX, 1, TICK)
NEAR = Instrument(2, Exchange.NFO, "NIFTYFUT", "NIFTY", Kind.FUTURE, 65, TICK)


@given(
    st.sampled_from([Direction.LONG, Direction.SHORT]),
    st.floats(24_000, 26_000),
    st.floats(0.0, 200.0),
)
def test_a_structure_is_never_at_its_own_stop_and_keeps_the_distances(
    direction: Direction, middle: float, spread: float
) -> None:
    quote = _quote(middle, middle - spread / 2, middle + spread / 2)
    signal = _signal(NIFTY, direction)

    made = as_contract(signal, NEAR, _quote(25_005.0), quote)

    if isinstance(made, Structure):
        assert (made.entry - made.stop) * direction > 0
        assert abs(made.target2 - made.stop) == pytest.approx(2.8 * 55)
    else:
        assert "stop" in made.reason or "target" in made.reason


def test_a_leg_and_a_structure_always_have_a_direction(share: Instrument) -> None:
    with pytest.raises(ValueError, match="has none, expected long or short"):
        Leg(share, Direction.NEUTRAL, 1)
    with pytest.raises(ValueError, match="expected 1 or more"):
        Leg(share, Direction.LONG, 0)


def test_an_opinion_without_a_direction_is_traded_in_no_single_contract(
    index: Instrument, future: Instrument
) -> None:
    flat = structs.replace(
        _signal(index),
        direction=Direction.NEUTRAL,
        stop=25_005.0,
        target1=25_005.0,
        target2=25_005.0,
    )

    made = as_contract(flat, future, _quote(25_005.0), _quote(25_055.0))

    assert isinstance(made, NotPossible)


class _Market:
    def __init__(self, future: Instrument | None, quotes: dict[str, Quote]) -> None:
        self._future, self._quotes = future, quotes

    @property
    def at(self) -> datetime:
        return AT

    def quote(self, instrument: Instrument) -> Quote:
        return self._quotes[instrument.symbol]

    def contract_of(self, signal: Signal) -> Instrument | None:
        return self._future

    def chain(self, underlying: str, nth_expiry: int) -> NoChain:
        return NoChain("none")


def test_the_plain_rule_trades_what_the_market_names_for_the_opinion(
    index: Instrument, future: Instrument
) -> None:
    quotes = {index.symbol: _quote(25_005.0), future.symbol: _quote(25_055.0)}
    signal = _signal(index)

    made = Outright().build(signal, _Market(future, quotes))

    assert made == as_contract(signal, future, quotes[index.symbol], quotes[future.symbol])
    assert isinstance(made, Structure)
    assert (made.max_profit, made.max_loss, made.break_evens) == (inf, made.entry, (made.entry,))
    assert made.greeks.delta == 1.0
    assert Outright().build(signal, _Market(None, quotes)) == NotPossible(
        f"{index.symbol} has nothing to be traded as"
    )
