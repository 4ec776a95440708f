from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from risk.sizing import PricedOnce, Sizing, Stake, risk_of, size
from tests.unit.risk.builders import BARE, FREE, Costs, D, exposure, open_risk


def stake(stop: int | Decimal, lot_size: int = 65, *, liquidity: int | None = None) -> Stake:
    return Stake(lot_size, False, D(25_000), D(stop), liquidity)


def lots(found: Sizing, lot_size: int) -> int:
    assert found.quantity % lot_size == 0
    return found.quantity // lot_size


@pytest.mark.parametrize(
    ("stop", "lot_size", "expected", "binding"),
    [
        (50, 65, 1, "risk"),
        (76, 65, 1, "risk"),
        (77, 65, 0, "risk"),
        (20, 65, 3, "lots"),
        (166, 30, 1, "risk"),
        (167, 30, 0, "risk"),
    ],
)
def test_the_published_sizes_on_ten_lakh_before_costs(
    stop: int, lot_size: int, expected: int, binding: str
) -> None:
    found = size(stake(stop, lot_size), exposure(), FREE, BARE)

    assert lots(found, lot_size) == expected
    assert found.binding == binding


def test_costs_count_as_risk() -> None:
    just_fits = Costs(fixed=D(60))
    just_over = Costs(fixed=D("60.01"))

    assert size(stake(76), exposure(), just_fits, BARE).quantity == 65
    assert size(stake(76), exposure(), just_over, BARE).quantity == 0


def test_margin_cuts_the_size_to_what_fits_instead_of_refusing() -> None:
    costs = Costs(margin_per_unit=D(400_000) / 65)

    found = size(stake(20), exposure(), costs, BARE)

    assert (found.quantity, found.binding) == (130, "margin")


def test_margin_in_use_is_no_longer_there() -> None:
    costs = Costs(margin_per_unit=D(4_000))
    used = exposure(open_risk(margin_inr=D(800_000 - 2 * 260_000) - D("0.01")))
    one_paisa_more = exposure(open_risk(margin_inr=D(800_000 - 2 * 260_000) + D("0.01")))

    assert size(stake(20), used, costs, BARE).quantity == 130
    assert size(stake(20), one_paisa_more, costs, BARE).quantity == 65


@pytest.mark.parametrize(
    ("free", "units"),
    [("520000", 130), ("519999.99", 65), ("10000000", 195), ("-1", 0)],
)
def test_no_more_margin_is_used_than_the_broker_says_is_free(free: str, units: int) -> None:
    asked = structs.replace(stake(20), free_inr=D(free))

    found = size(asked, exposure(), Costs(margin_per_unit=D(4_000)), BARE)

    assert found.quantity == units


def test_what_the_broker_has_free_beyond_the_desks_own_limit_is_left_alone() -> None:
    asked = structs.replace(stake(20), free_inr=D(10_000_000))

    found = size(asked, exposure(), Costs(margin_per_unit=D(8_000)), BARE)

    assert (found.quantity, found.binding) == (65, "margin")


def test_the_heat_left_cuts_the_size_and_names_itself() -> None:
    hot = exposure(open_risk(risk_inr=D(20_000 - 2 * 1300)))

    found = size(stake(20), hot, FREE, BARE)

    assert (found.quantity, found.binding) == (130, "heat")


def test_no_heat_left_gives_zero_units() -> None:
    found = size(stake(20), exposure(open_risk(risk_inr=D(20_000))), FREE, BARE)

    assert (found.quantity, found.binding) == (0, "heat")


@pytest.mark.parametrize(("liquidity", "units"), [(194, 130), (195, 195), (64, 0), (-5, 0)])
def test_liquidity_is_cut_to_whole_lots(liquidity: int, units: int) -> None:
    found = size(stake(20, liquidity=liquidity), exposure(), FREE, BARE)

    assert found.quantity == units


def test_shares_are_capped_by_their_value_and_not_by_lots() -> None:
    share = Stake(1, True, D(1_400), D("0.5"), None)

    found = size(share, exposure(), FREE, BARE)

    assert (found.quantity, found.binding) == (142, "equity-share")


def test_a_share_dearer_than_the_cap_gives_zero_units() -> None:
    found = size(Stake(1, True, D(200_001), D(10), None), exposure(), FREE, BARE)

    assert (found.quantity, found.binding) == (0, "equity-share")
    assert found.caps == (("equity-share", 0), ("risk", 0), ("heat", 0), ("margin", 0))


def test_shares_in_lots_are_capped_by_the_value_of_whole_lots() -> None:
    found = size(Stake(10, True, D(1_400), D("0.5"), None), exposure(), FREE, BARE)

    assert (found.quantity, found.binding) == (140, "equity-share")


def test_a_desk_of_a_single_lot_trades_it() -> None:
    found = size(stake(20), exposure(), FREE, replace(BARE, max_lots=1))

    assert (found.quantity, found.binding) == (65, "lots")
    assert found.caps == (("lots", 65), ("risk", 65), ("heat", 65), ("margin", 65))


def test_lost_equity_gives_zero_units() -> None:
    found = size(stake(20), exposure(equity=-5), FREE, BARE)

    assert found.quantity == 0


def test_every_cap_is_told() -> None:
    found = size(stake(50, liquidity=650), exposure(), FREE, BARE)

    assert found.caps == (
        ("lots", 195),
        ("risk", 65),
        ("heat", 195),
        ("margin", 195),
        ("liquidity", 650),
    )


@pytest.mark.parametrize("field", ["lot_size", "price", "loss_per_unit"])
def test_a_stake_without_size_price_or_loss_is_refused_by_name(field: str) -> None:
    values = {"lot_size": 65, "price": D(100), "loss_per_unit": D(5)}

    with pytest.raises(ValueError, match=f"^{field}: 0"):
        Stake(**(values | {field: 0}), is_share=False, liquidity=None)  # type: ignore[arg-type]


money = st.decimals(0, 2_000, places=2)


@given(
    lot_size=st.sampled_from([1, 20, 30, 65]),
    is_share=st.booleans(),
    loss=st.decimals("0.05", 500, places=2),
    fixed=money,
    per_unit=st.decimals(0, 20, places=4),
    margin=money,
    heat=st.decimals(0, 25_000, places=2),
    equity=st.integers(1_000, 5_000_000),
)
def test_the_size_is_never_over_any_budget_and_one_lot_more_would_be(
    lot_size: int,
    is_share: bool,
    loss: Decimal,
    fixed: Decimal,
    per_unit: Decimal,
    margin: Decimal,
    heat: Decimal,
    equity: int,
) -> None:
    asked = Stake(lot_size, is_share, D(100), loss, None)
    costs = Costs(fixed, per_unit, margin)
    book = exposure(open_risk(risk_inr=heat), equity=equity)

    def fits(quantity: int) -> bool:
        risk = risk_of(asked, costs, quantity)
        return (
            risk <= equity * D("0.005")
            and heat + risk <= equity * D("0.02")
            and costs.margin(quantity) <= equity * D("0.8")
            and (quantity * D(100) <= equity * D("0.2") if is_share else quantity <= 3 * lot_size)
        )

    quantity = size(asked, book, costs, BARE).quantity

    assert quantity % lot_size == 0
    assert quantity == 0 or fits(quantity)
    assert not fits(quantity + lot_size)


def test_a_smaller_budget_never_gives_a_bigger_size() -> None:
    sizes = [
        size(stake(20), exposure(), FREE, replace(BARE, risk_per_trade=D(step) / 10_000)).quantity
        for step in range(1, 60)
    ]

    assert sizes == sorted(sizes)


def test_a_desk_without_equity_buys_no_share_however_cheap() -> None:
    penny = Stake(1, True, D("0.05"), D("0.01"), None)
    broke = exposure(equity=0)

    assert dict(size(penny, broke, FREE, BARE).caps)["equity-share"] == 0
    assert size(penny, broke, FREE, BARE).quantity == 0


@pytest.mark.parametrize("shown", [0, -1])
def test_where_nothing_is_shown_not_a_single_share_is_bought(shown: int) -> None:
    share = Stake(1, True, D(100), D(1), shown)

    found = size(share, exposure(), FREE, BARE)

    assert (found.quantity, found.binding) == (0, "liquidity")


def test_a_budget_as_large_as_that_of_the_trade_is_no_cap_of_its_own() -> None:
    room = (("strategy-risk", D(5_000)), ("underlying-risk", D(4_999)))
    asked = structs.replace(stake(20), room=room)

    names = [name for name, _ in size(asked, exposure(), FREE, BARE).caps]

    assert names == ["lots", "risk", "heat", "margin", "underlying-risk"]


class Counted:
    """Costs that count how often they are asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def round_trip(self, quantity: int) -> Decimal:
        self.asked.append(("round_trip", quantity))
        return D(quantity)

    def margin(self, quantity: int) -> Decimal:
        self.asked.append(("margin", quantity))
        return D(10 * quantity)


def test_each_quantity_is_priced_once() -> None:
    counted = Counted()
    costs = PricedOnce(counted)

    told = [(costs.round_trip(units), costs.margin(units)) for units in (65, 130, 65)]

    assert told == [(D(65), D(650)), (D(130), D(1_300)), (D(65), D(650))]
    both = [("round_trip", 65), ("margin", 65), ("round_trip", 130), ("margin", 130)]
    assert counted.asked == both
