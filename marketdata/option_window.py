"""Which options around the money are to be told live, and what changes when the spot moves.

Choosing the rest of the day's instruments is `live_universe.py`; subscribing is an adapter's work.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from marketdata.instruments import Instrument, Kind

ChainKey = tuple[str, date]
"""Underlying, by the name of its derivatives, and expiry."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The options of one underlying and expiry: strikes, the lowest first, and what they list."""

    key: ChainKey
    strikes: tuple[Decimal, ...]
    options: tuple[tuple[Instrument, ...], ...]

    def at_money(self, spot: float) -> int:
        """Return the place of the strike nearest to `spot`; the lower of two equally near."""
        exact = Decimal(repr(spot))
        above = bisect_left(self.strikes, exact)
        near = [place for place in (above - 1, above) if 0 <= place < len(self.strikes)]
        return min(near, key=lambda place: abs(self.strikes[place] - exact))

    def around(self, centre: int, each_side: int) -> tuple[Instrument, ...]:
        """Return the options of the strikes up to `each_side` places away; fewer at the ends."""
        rows = self.options[max(0, centre - each_side) : centre + each_side + 1]
        return tuple(item for row in rows for item in row)


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """How many strikes on each side of the money are told, and when the window moves.

    `reluctance`: how far beyond the middle between two strikes the spot must be, as a part of
    their distance, so that a spot on the middle doesn't move the window to and fro.
    """

    each_side: int
    reluctance: float = 0.25

    def __post_init__(self) -> None:
        if self.each_side < 0:
            raise ValueError(f"each_side: {self.each_side}, expected 0 or more")
        if not 0 <= self.reluctance < 0.5:
            raise ValueError(f"reluctance: {self.reluctance}, expected from 0 to below 0.5")


@dataclass(frozen=True, slots=True)
class WindowMove:
    """Where the windows stand now, the tokens in them, and what came and went."""

    centres: Mapping[ChainKey, int]
    tokens: frozenset[int]
    added: frozenset[int]
    dropped: frozenset[int]


def chains_of(
    instruments: Iterable[Instrument], on: date, names: Collection[str], expiries: int
) -> tuple[Chain, ...]:
    """Return the chains of the nearest `expiries` from day `on`, in the order of `names`."""
    found: dict[ChainKey, dict[Decimal, list[Instrument]]] = {}
    for item in instruments:
        is_option = item.kind in (Kind.CALL, Kind.PUT) and item.name in names
        if is_option and item.expiry is not None and item.strike is not None and item.expiry >= on:
            strikes = found.setdefault((item.name, item.expiry), {})
            strikes.setdefault(item.strike, []).append(item)
    chains = []
    for name in names:
        near = sorted(key for key in found if key[0] == name)[:expiries]
        chains += [_chain(key, found[key]) for key in near]
    return tuple(chains)


def move_windows(
    chains: Sequence[Chain],
    before: WindowMove | None,
    spots: Mapping[str, float],
    settings: WindowSettings,
    held: Collection[int],
) -> WindowMove:
    """Return the windows around the spots, and what changed since `before`.

    `spots`: prices of the underlyings, by name; without one a chain stays where it is, or is not
    told yet. `held`: tokens that must not be dropped, as something is open in them.
    """
    centres = dict(before.centres) if before else {}
    for chain in chains:
        spot = spots.get(chain.key[0])
        if spot is not None and spot > 0:
            centres[chain.key] = _centre(chain, centres.get(chain.key), spot, settings)
    wanted = {
        item.token
        for chain in chains
        if chain.key in centres
        for item in chain.around(centres[chain.key], settings.each_side)
    }
    told = before.tokens if before else frozenset[int]()
    tokens = frozenset(wanted | told.intersection(held))
    return WindowMove(centres, tokens, tokens - told, told - tokens)


def _chain(key: ChainKey, strikes: Mapping[Decimal, list[Instrument]]) -> Chain:
    ordered = sorted(strikes)
    rows = (sorted(strikes[strike], key=lambda item: item.kind) for strike in ordered)
    return Chain(key, tuple(ordered), tuple(map(tuple, rows)))


def _centre(chain: Chain, held: int | None, spot: float, settings: WindowSettings) -> int:
    nearest = chain.at_money(spot)
    if held is None or abs(nearest - held) != 1:
        return nearest
    gap = abs(chain.strikes[nearest] - chain.strikes[held])
    beyond = abs(Decimal(repr(spot)) - chain.strikes[held]) / gap
    return nearest if beyond > Decimal("0.5") + Decimal(repr(settings.reluctance)) else held
