"""The rule on NautilusTrader: bars at their close, each one's open as a tick at its beginning.

Its order bracket fills a target that an open gaps through at the target's own price.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from common import RANGE_MINUTES, REWARD, SQUARE_OFF_MINUTE, Bars, Trade, away, compete
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.backtest.models import LatencyModel
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.model.currencies import INR
from nautilus_trader.model.data import Bar, BarType, TradeTick
from nautilus_trader.model.enums import AccountType, AggressorSide, OmsType, OrderSide, OrderType
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("SIM")
SECOND = 1_000_000_000
ONE = Quantity.from_int(1)


class Config(StrategyConfig, frozen=True):
    """Which bars to look at."""

    bar_types: list[BarType]


class OpeningRange(Strategy):
    """Every instrument's range, its bracket and its fills."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.books: dict[Any, dict[str, Any]] = {}
        self.fills: dict[str, list[tuple[int, int, float]]] = {}

    def on_start(self) -> None:
        for bar_type in self.config.bar_types:
            self.subscribe_bars(bar_type)

    def on_order_filled(self, event: Any) -> None:
        sign = 1 if event.order_side == OrderSide.BUY else -1
        began = (event.ts_event // SECOND) // 60 * 60
        symbol = event.instrument_id.symbol.value
        self.fills.setdefault(symbol, []).append((began, sign, float(event.last_px)))

    def on_bar(self, bar: Bar) -> None:
        key = bar.bar_type.instrument_id
        minute = int((bar.ts_event // SECOND + 19_800) % 86_400 // 60) - 555
        if minute == 0:
            self.books[key] = {"top": float("-inf"), "bottom": float("inf"), "said": set()}
        book = self.books[key]
        high, low, close = bar.high.as_double(), bar.low.as_double(), bar.close.as_double()
        if minute < RANGE_MINUTES:
            book["top"], book["bottom"] = max(book["top"], high), min(book["bottom"], low)
        elif minute == SQUARE_OFF_MINUTE - 1:
            self.cancel_all_orders(key)
            self.close_all_positions(key)
        elif minute < SQUARE_OFF_MINUTE:
            self._look(key, book, close)

    def _look(self, key: InstrumentId, book: dict[str, Any], close: float) -> None:
        side = 1 if close > book["top"] else -1 if close < book["bottom"] else 0
        if not side or side in book["said"]:
            return
        book["said"].add(side)
        if not self.portfolio.is_flat(key):
            return
        stop = book["bottom"] if side > 0 else book["top"]
        orders = self.order_factory.bracket(
            instrument_id=key,
            order_side=OrderSide.BUY if side > 0 else OrderSide.SELL,
            quantity=ONE,
            entry_order_type=OrderType.MARKET,
            sl_trigger_price=Price(stop, 2),
            tp_price=Price(away(close + REWARD * (close - stop), side), 2),
            tp_post_only=False,
        )
        self.submit_order_list(orders)


def _instrument(symbol: str) -> Equity:
    return Equity(
        instrument_id=InstrumentId(Symbol(symbol), VENUE),
        raw_symbol=Symbol(symbol),
        currency=INR,
        price_precision=2,
        price_increment=Price(0.01, 2),
        lot_size=ONE,
        ts_event=0,
        ts_init=0,
    )


def load(bars: Bars) -> tuple[Bars, list[tuple[Equity, BarType, list[Any]]]]:
    many = Quantity.from_int(1_000_000)
    loaded = []
    for place, symbol in enumerate(bars.symbols):
        instrument = _instrument(symbol)
        bar_type = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
        data: list[Any] = []
        columns = (bars.open, bars.high, bars.low, bars.close)
        own = (values[:, place].tolist() for values in columns)
        rows = zip(bars.start.tolist(), *own, strict=True)
        for number, (start, *prices) in enumerate(rows):
            begins, ends = start * SECOND, (start + 60) * SECOND - 1_000
            first = Price(prices[0], 2)
            data.append(
                TradeTick(
                    instrument.id,
                    first,
                    many,
                    AggressorSide.NO_AGGRESSOR,
                    TradeId(str(number)),
                    begins,
                    begins,
                )
            )
            told = [Price(price, 2) for price in prices]
            data.append(Bar(bar_type, *told, many, ends, ends))
        loaded.append((instrument, bar_type, data))
    return bars, loaded


def run(loaded: tuple[Bars, list[tuple[Equity, BarType, list[Any]]]]) -> list[Trade]:
    _, instruments = loaded
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(bypass=True),
            run_analysis=False,
        )
    )
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=INR,
        starting_balances=[Money(1_000_000_000, INR)],
        default_leverage=Decimal(1),
        latency_model=LatencyModel(base_latency_nanos=100),
        bar_execution=True,
        trade_execution=True,
        support_contingent_orders=True,
        use_reduce_only=False,
    )
    for instrument, _, data in instruments:
        engine.add_instrument(instrument)
        engine.add_data(data, sort=False)
    engine.sort_data()
    strategy = OpeningRange(Config(bar_types=[bar_type for _, bar_type, _ in instruments]))
    engine.add_strategy(strategy)
    engine.run()
    found = []
    for symbol, fills in strategy.fills.items():
        for entry, left in zip(fills[::2], fills[1::2], strict=True):
            found.append(Trade(symbol, entry[1], entry[0], entry[2], left[0], left[2]))
    engine.dispose()
    return found


if __name__ == "__main__":
    compete(run, load)
