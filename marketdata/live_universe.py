"""What a live day is to watch, and why: indices, futures, shares by traded value, options near.

The rules for indices, futures and shares are `universe.py`'s; which options of the chain are
subscribed as the spot moves is `option_window.py`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from marketdata.facts import index_by_name, index_names
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.option_window import Chain, WindowSettings, chains_of
from marketdata.universe import UniverseSettings, build_universe

_GROUPS = (Kind.INDEX, Kind.FUTURE, Kind.EQUITY)
BANNED = "in the exchange's ban period"
NO_SPOT = "no price of its underlying"
NO_CHAIN = "no options of it are listed"


@dataclass(frozen=True, slots=True)
class LiveUniverseSettings:
    """How much of the market a live day watches.

    `indices`, `watched`, `futures_per_index`, `stocks`, `least_traded_value` as in
    `UniverseSettings`; traded values are averages over `traded_sessions`. `chains`: underlyings
    whose options are watched, `chain_expiries` of each at least, and all up to the first that lies
    `chain_days` days or more away, so that volatility at 30 days has an expiry on either side
    (0 for none besides). `chain_reach`: strikes within that part of
    the spot before the open can be told that day; `window` says which of them are. `most`: the
    cap on all instruments together, as a part of what the sockets carry. Names are those that
    derivatives carry (BANKNIFTY).
    """

    indices: tuple[str, ...] = ("NIFTY", "BANKNIFTY")
    watched: tuple[str, ...] = ("INDIAVIX",)
    futures_per_index: int = 2
    stocks: int = 50
    least_traded_value: float = 500_000_000.0
    traded_sessions: int = 20
    needs_derivatives: bool = True
    chains: tuple[str, ...] = ("NIFTY", "BANKNIFTY")
    chain_expiries: int = 1
    chain_days: int = 30
    chain_reach: float = 0.08
    window: WindowSettings = field(default_factory=lambda: WindowSettings(each_side=10))
    most: int = 3_000

    def __post_init__(self) -> None:
        self._check_names()
        if not 0 <= self.chain_reach < 1:
            raise ValueError(f"chain_reach: {self.chain_reach}, expected from 0 to below 1")
        if self.chain_days < 0:
            raise ValueError(f"chain_days: {self.chain_days}, expected 0 or more")
        for name in ("chain_expiries", "traded_sessions", "most"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}, expected 1 or more")
        for name in ("futures_per_index", "stocks", "least_traded_value"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}: {getattr(self, name)}, expected 0 or more")

    def _check_names(self) -> None:
        traded = [index.name for index in index_names() if index.derivatives]
        for name in self.indices:
            if name not in traded:
                raise ValueError(f"indices: {name!r}, expected any of {', '.join(traded)}")
        for name in self.watched:
            if index_by_name(name) is None:
                known = ", ".join(index.name for index in index_names())
                raise ValueError(f"watched: {name!r}, expected any of {known}")
        for name in self.chains:
            if index_by_name(name) and name not in self.indices:
                raise ValueError(f"chains: {name!r}, expected an index of `indices`, or a share")
        for field_name in ("indices", "watched", "chains"):
            names = getattr(self, field_name)
            if len(set(names)) != len(names):
                raise ValueError(f"{field_name}: {', '.join(names)}, expected each once")


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What is known of the market before a day opens.

    `traded_value`: rupees a day by symbol. `banned`: None where there is no list. `spots`: last
    prices of the underlyings, by the name of their derivatives.
    """

    on: date
    traded_value: Mapping[str, float]
    banned: frozenset[str] | None
    spots: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class LiveUniverse:
    """The instruments of a live day: indices, futures, shares, options, each as listed.

    `why`: by key, for each of them. `left_out`: key or name, and the reason. `capped`: how many
    the cap left out. `chains`: the options within reach, for the window around the money.
    """

    instruments: tuple[Instrument, ...]
    why: Mapping[str, str]
    left_out: tuple[tuple[str, str], ...]
    blocked: frozenset[str]
    chains: tuple[Chain, ...]
    capped: int

    def reasons(self) -> dict[str, int]:
        """Return how many were left out for which reason, without the numbers in its text."""
        return dict(Counter(_without_numbers(why) for _, why in self.left_out))


def choose(
    listed: Sequence[Instrument], settings: LiveUniverseSettings, facts: MarketFacts
) -> LiveUniverse:
    """Choose what a day watches from what is listed.

    Banned shares make room for the next by rank; without a ban list none is left out, and all are
    blocked. Over the cap, the options farthest from the money go first.
    """
    banned = facts.banned or frozenset()
    usable = [item for item in listed if item.kind is not Kind.EQUITY or item.symbol not in banned]
    universe = build_universe(tuple(usable), facts.on, _columns(settings, facts))
    why = {column.instrument.key: column.why for column in universe.columns}
    left_out = [*universe.left_out]
    left_out += [(item.key, BANNED) for item in _shares(listed) if item.symbol in banned]
    chains, apart = _chains(listed, settings, facts)
    left_out += apart
    options = _by_distance(chains, facts.spots)
    room = max(0, settings.most - len(why))
    for item in options[:room]:
        why[item.key] = f"option of {item.name}, {item.expiry}, strike {item.strike}"
    over = f"over the cap of {settings.most} instruments"
    left_out += [(item.key, over) for item in options[room:]]
    return LiveUniverse(
        instruments=_in_order(listed, why),
        why=why,
        left_out=tuple(left_out),
        blocked=universe.blocked,
        chains=tuple(kept for chain in chains if (kept := _only(chain, why)).strikes),
        capped=sum("over the cap" in reason for _, reason in left_out),
    )


def _columns(settings: LiveUniverseSettings, facts: MarketFacts) -> UniverseSettings:
    return UniverseSettings(
        indices=settings.indices,
        watched=settings.watched,
        futures_per_index=settings.futures_per_index,
        stocks=settings.stocks,
        traded_value=facts.traded_value,
        least_traded_value=settings.least_traded_value,
        needs_derivatives=settings.needs_derivatives,
        banned=facts.banned,
        most_columns=settings.most,
    )


def _shares(listed: Sequence[Instrument]) -> list[Instrument]:
    return [i for i in listed if i.kind is Kind.EQUITY and i.exchange is Exchange.NSE]


def _chains(
    listed: Sequence[Instrument], settings: LiveUniverseSettings, facts: MarketFacts
) -> tuple[tuple[Chain, ...], list[tuple[str, str]]]:
    """Return the chains within reach, and the names that have none, with the reason."""
    chains = []
    every = chains_of(listed, facts.on, settings.chains, len(listed))
    whole = [chain for name in settings.chains for chain in _watched(name, every, settings, facts)]
    for chain in whole:
        if (spot := facts.spots.get(chain.key[0])) is not None:
            near = _within(chain, Decimal(repr(spot)), Decimal(repr(settings.chain_reach)))
            chains += [near] if near.strikes else []
    names = {chain.key[0] for chain in whole}
    apart = [(name, NO_CHAIN) for name in settings.chains if name not in names]
    return tuple(chains), apart + [(name, NO_SPOT) for name in sorted(names - set(facts.spots))]


def _watched(
    name: str, every: Sequence[Chain], settings: LiveUniverseSettings, facts: MarketFacts
) -> Sequence[Chain]:
    """Return the expiries of one underlying that are watched, the nearest first."""
    own = [chain for chain in every if chain.key[0] == name]
    short = sum((chain.key[1] - facts.on).days < settings.chain_days for chain in own)
    beyond = 1 if settings.chain_days else 0
    return own[: max(settings.chain_expiries, short + beyond)]


def _within(chain: Chain, spot: Decimal, reach: Decimal) -> Chain:
    places = [n for n, strike in enumerate(chain.strikes) if abs(strike - spot) <= spot * reach]
    return replace(
        chain,
        strikes=tuple(chain.strikes[place] for place in places),
        options=tuple(chain.options[place] for place in places),
    )


def _by_distance(chains: Sequence[Chain], spots: Mapping[str, float]) -> list[Instrument]:
    """Return the options, those nearest to their money first, every chain in turn."""
    ranked = []
    for order, chain in enumerate(chains):
        centre = chain.at_money(spots[chain.key[0]])
        for place, row in enumerate(chain.options):
            ranked += [((abs(place - centre), order, place, item.kind), item) for item in row]
    return [item for _, item in sorted(ranked, key=lambda pair: pair[0])]


def _only(chain: Chain, kept: Mapping[str, str]) -> Chain:
    """Return the chain without what the cap left out."""
    rows = [tuple(item for item in row if item.key in kept) for row in chain.options]
    places = [place for place, row in enumerate(rows) if row]
    return replace(
        chain,
        strikes=tuple(chain.strikes[place] for place in places),
        options=tuple(rows[place] for place in places),
    )


def _without_numbers(text: str) -> str:
    return " ".join(word for word in text.split() if not any(map(str.isdigit, word)))


def _in_order(listed: Sequence[Instrument], kept: Mapping[str, str]) -> tuple[Instrument, ...]:
    def group(item: Instrument) -> int:
        return _GROUPS.index(item.kind) if item.kind in _GROUPS else len(_GROUPS)

    return tuple(sorted((item for item in listed if item.key in kept), key=group))
