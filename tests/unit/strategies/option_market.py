"""A market of made option chains that the rules of structures may ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import nan

from msgspec import structs

from marketdata.instruments import Instrument, Kind
from marketdata.options.chain import CALL, PUT, Chain, NoChain, chain_at
from strategies.context import IV_PERCENTILE, IV_RANK
from strategies.option_strikes import Pick
from strategies.signals import Direction, Signal
from strategies.structures import NotPossible, Quote, Structure
from tests.option_chain import AT, FORWARD, MadeChain

READINGS = ((IV_PERCENTILE, 50.0), (IV_RANK, 20.0), ("realised", 0.10))


@dataclass(frozen=True)
class ChainMarket:
    """The chains of one underlying, the nearest first, at the usual moment."""

    chains: tuple[Chain, ...]
    at: datetime = AT
    asked: list[int] = field(default_factory=list)
    tells_why: bool = False

    def quote(self, instrument: Instrument) -> Quote:
        for chain in self.chains:
            for side, row in ((CALL, chain.columns.calls), (PUT, chain.columns.puts)):
                if instrument in row:
                    at = row.index(instrument), side
                    return Quote(chain.last[at], chain.bid[at], chain.ask[at], 100.0, 100.0)
        return Quote(nan, nan, nan, 0.0, 0.0)

    def contract_of(self, signal: Signal) -> Instrument | None:
        return None

    def why_unknown(self, instrument: Instrument, reading: str) -> str:
        return f"{instrument.name} has no {reading}" if self.tells_why else ""

    def chain(self, underlying: str, nth_expiry: int) -> Chain | NoChain:
        self.asked.append(nth_expiry)
        if underlying != "NIFTY" or nth_expiry >= len(self.chains):
            return NoChain(f"{underlying}: {len(self.chains)} expiries watched")
        return self.chains[nth_expiry]


def chain_of(made: MadeChain, **changed: Mapping[str, float]) -> Chain:
    """Return a chain at the usual moment; `changed`: fields of a tick by symbol."""
    traded = {item.symbol: {"volume": 50_000.0, "oi": 100_000.0} for item in made.instruments()}
    for symbol, values in changed.items():
        traded[symbol] = {**traded[symbol], **values}
    found = chain_at(made.columns(), made.panel(traded), AT)
    assert isinstance(found, Chain), found
    return found


def market_of(*made: MadeChain) -> ChainMarket:
    """Return the market of some chains, the nearest expiry first; one usual chain without any."""
    return ChainMarket(tuple(chain_of(each) for each in made or (MadeChain(),)))


def books(**prices: tuple[float, float]) -> dict[str, dict[str, float]]:
    """Return books by symbol from bid and ask."""
    return {symbol: {"bid": bid, "ask": ask} for symbol, (bid, ask) in prices.items()}


def view(direction: Direction = Direction.NEUTRAL, strategy: str = "made") -> Signal:
    """Return an opinion on the index at the forward, with the usual readings."""
    index = next(item for item in MadeChain().instruments() if item.kind is Kind.INDEX)
    move = 50.0 * direction
    return Signal(
        strategy=strategy,
        instrument=index,
        direction=direction,
        at=AT,
        valid_until=AT + timedelta(minutes=10),
        entry=FORWARD,
        stop=FORWARD - move,
        target1=FORWARD + move,
        target2=FORWARD + 2 * move,
        confidence=0.6,
        setup=f"{direction.name}@made",
        features=READINGS,
    )


def reads(signal: Signal, **readings: float) -> Signal:
    """Return the opinion with other readings; NaN removes one."""
    told = {**dict(signal.features), **readings}
    return structs.replace(signal, features=tuple((k, v) for k, v in told.items() if v == v))


def built(made: Structure | NotPossible) -> Structure:
    """Return the structure. Fails with the reason where there is none."""
    assert isinstance(made, Structure), made
    return made


def reason(made: Structure | NotPossible) -> str:
    """Return why there is no structure."""
    assert isinstance(made, NotPossible), made
    return made.reason


def symbols(structure: Structure) -> list[str]:
    """Return the legs as signed symbols without the index's name."""
    return [f"{leg.sign:+d} {leg.instrument.symbol[5:]}" for leg in structure.legs]


def strikes(picks: tuple[Pick, ...] | NotPossible) -> list[float]:
    """Return signed strikes of some picks."""
    assert not isinstance(picks, NotPossible), picks
    return [each.sign * each.strike for each in picks]
