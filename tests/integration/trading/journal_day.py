"""A day as the engine would journal it: every kind of record, made from the engine's own values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from execution.orders import (
    OrderChange,
    OrderRequest,
    OrderState,
    OrderType,
    OrderUpdate,
    Role,
    Side,
)
from marketdata.instruments import Exchange, Instrument, Kind
from strategies.opportunities import Grade, Population
from strategies.ranking_features import MEASURED
from strategies.ranking_score import FEATURES
from trading.engine import actions, events
from trading.journal import JournalFile

OPEN = datetime(2021, 4, 9, 3, 45, tzinfo=UTC)
FUTURE = Instrument(
    token=13568514,
    exchange=Exchange.NFO,
    symbol="NIFTY21APRFUT",
    name="NIFTY",
    kind=Kind.FUTURE,
    lot_size=75,
    tick_size=Decimal("0.05"),
    expiry=date(2021, 4, 29),
)
INDEX = Instrument(
    token=256265,
    exchange=Exchange.NSE,
    symbol="NIFTY 50",
    name="NIFTY 50",
    kind=Kind.INDEX,
    lot_size=1,
    tick_size=Decimal("0.05"),
)
HEAD = {"run": "R", "fencing_token": 9}
CAPITAL = Decimal(1_000_000)
D = Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One record before it is written."""

    kind: str
    body: object
    incoming: bool = False


def written(path: Path, lines: list[Line]) -> Path:
    """Append the lines to the journal at `path`."""
    journal = JournalFile(path)
    for line in lines:
        journal.append(line.kind, line.body, incoming=line.incoming)
    journal.close()
    return path


def whole_day(prefix: str = "T", trades: int = 1) -> list[Line]:
    """Return a day of `trades` winning round trips, ending flat, from head to `run-ended`."""
    lines = [Line("run", HEAD, incoming=True), *_notes(_opening())]
    balance = CAPITAL
    for number in range(1, trades + 1):
        trade = Trade(prefix, number, OPEN + timedelta(minutes=number), balance)
        lines += trade.lines()
        balance = trade.balance_after
    closing = OPEN + timedelta(hours=6)
    lines += _notes([actions.EquityNoted(closing, balance, D(0), balance, D(0), 0)])
    return [*lines, Line("run-ended", {})]


_READINGS = (
    actions.LegReadingNote(14800.25, 14800.0, 0.125, 0.5, 0.001, -6.5, 12.0),
    actions.LegReadingNote(20.0, 20.05, None, None, None, None, None),
)


def several_legs(number: int = 1) -> list[Line]:
    """Return the notes of a plan of two legs, made from the approved decision of a round trip."""
    at = OPEN + timedelta(hours=1)
    legs = {
        f"A{number}": actions.LegNote(FUTURE.key, "SELL", 75, D("14800.50")),
        f"B{number}": actions.LegNote(INDEX.key, "BUY", 75, D("20.05")),
    }
    told = {f"W{number}": tuple(legs.values()), **{code: (leg,) for code, leg in legs.items()}}
    plans: list[object] = [
        actions.PlanNoted(
            at=at,
            plan_id=code,
            decision_id=f"DS{number}",
            strategy="iron-condor",
            direction=-1,
            legs=of_plan,
            entry=60.0,
            stop=90.0 if code.startswith("W") else None,
            target1=None,
            target2=None,
        )
        for code, of_plan in told.items()
    ]
    whole = actions.CombinationNoted(
        at=at,
        plan_id=f"W{number}",
        kind="IRON_CONDOR",
        legs=tuple(legs),
        max_loss=40.0,
        max_profit=60.0,
        break_evens=(14640.0, 14960.0),
        probability_of_profit=0.6,
        delta=0.01,
        gamma=-0.001,
        theta=3.5,
        vega=None,
        readings=_READINGS,
    )
    measured = actions.CombinationMeasured(at, f"W{number}", 58.5, 88.0, -0.2, 0.6)
    return _notes([*plans, whole, measured])


def _notes(values: list[object]) -> list[Line]:
    return [Line(type(value).__name__, value) for value in values]


def _opening() -> list[object]:
    return [
        actions.LedgerNoted(OPEN, "L0", "START", "", "", CAPITAL, CAPITAL, "opening balance"),
        actions.StateNoted(OPEN, "REDUCE_ONLY", ("warm-up",)),
        actions.StateNoted(OPEN, "OPEN", ()),
        actions.EquityNoted(OPEN, CAPITAL, D(0), CAPITAL, D(0), 0),
    ]


@dataclass(frozen=True, slots=True)
class Trade:
    """One round trip of one lot: 75 bought at 14800.10, sold at 14820.35, 57.42 of charges."""

    prefix: str
    number: int
    at: datetime
    balance: Decimal

    @property
    def balance_after(self) -> Decimal:
        return self.balance + 75 * (D("14820.35") - D("14800.10")) - D("57.42")

    def lines(self) -> list[Line]:
        """Return the records of the round trip, with a refused opinion and a command besides."""
        return [
            Line("TimerFired", events.TimerFired(self.at, "bar"), incoming=True),
            *_notes(list(self._opinions())),
            *_notes(list(self._entry())),
            self._answer(),
            *_notes(list(self._filled())),
            *_notes(list(self._protection())),
            Line("CommandIssued", self._command(), incoming=True),
            *_notes(list(self._exit())),
            *_notes(list(self._remarks())),
        ]

    def _code(self, letter: str) -> str:
        return f"{letter}{self.number}"

    def _client(self, letter: str) -> str:
        return f"{self.prefix}{self.number}{letter}"

    def _command(self) -> events.CommandIssued:
        return events.CommandIssued(
            self.at, 1000 + self.number, events.CommandKind.PAUSE, "asha", "news at noon"
        )

    def _opinions(self) -> Iterator[object]:
        for letter, why_not in (("S", ""), ("X", "correlated")):
            yield actions.SignalNoted(
                at=self.at,
                signal_id=self._code(letter),
                setup_key=f"opening-range/NSE:NIFTY 50/{letter}{self.number}",
                strategy="opening-range",
                instrument=INDEX.key,
                traded=FUTURE.key if letter == "S" else "",
                direction=1,
                entry=14790.1,
                stop=14760.0,
                target1=14820.25,
                target2=float("nan"),
                confidence=0.7,
                valid_until=self.at + timedelta(minutes=5),
                features=(("range_high", 14788.0), ("age", float("nan"))),
                score=0.61,
                rank=1,
                contributions=(actions.Contribution("trend", 1.2, 0.8, 0.5, 0.4),),
                penalties=(actions.Penalty("spread", 0.9, 0.4, 0.3),),
                why_not=why_not,
            )
            if letter == "S":
                yield self._ranking(letter)
            yield self._decision(letter, approved=letter == "S")

    def _ranking(self, letter: str) -> actions.RankingNoted:
        return actions.RankingNoted(
            at=self.at,
            signal_id=self._code(letter),
            kept=True,
            among=2,
            confidence=0.7,
            readings=(),
            grades=tuple(Grade(name, None, None) for name in MEASURED),
            populations=tuple(Population(name, 0, None, None, False) for name in FEATURES),
            risk=30.0,
            reward=60.0,
            costs_to_reward=0.02,
            spread_fraction=0.0001,
            depth_in_lots=20.0,
            volume_lots=None,
            open_interest_lots=1500.0,
            segment="FUTURES",
            event="",
            distance_from_vwap=0.001,
            correlation=0.0,
            correlated_with="",
        )

    def _decision(self, letter: str, *, approved: bool) -> actions.DecisionNoted:
        return actions.DecisionNoted(
            at=self.at,
            decision_id=f"D{self._code(letter)}",
            signal_id=self._code(letter),
            approved=approved,
            refusals=() if approved else ("correlated",),
            verdicts=(actions.VerdictNote("heat", approved, "0.5", "2.0", "%", ""),),
            quantity=75 if approved else 0,
            risk_inr=D("2250.00"),
            heat_before_inr=D(0),
            heat_after_inr=D("2250.00"),
            expected_costs_inr=D("57.42"),
            margin_inr=D("150000.00"),
            plan_id=self._code("P") if approved else "",
        )

    def _request(self, letter: str, side: Side, kind: OrderType, role: Role) -> OrderRequest:
        return OrderRequest(
            client_id=self._client(letter),
            instrument=FUTURE,
            side=side,
            quantity=75,
            order_type=kind,
            role=role,
            plan_id=self._code("P"),
            price=D("14800.50") if side is Side.BUY else D("14760.00"),
            trigger_price=D("14765.00") if kind is OrderType.SL else None,
        )

    def _order(self, letter: str, state: OrderState, event: str, filled: int) -> object:
        is_entry = letter == "E"
        return actions.OrderNoted(
            at=self.at,
            client_id=self._client(letter),
            broker_id="" if state is OrderState.SENT else f"B{self._client(letter)}",
            plan_id=self._code("P"),
            role="ENTRY" if is_entry else "STOP",
            instrument=FUTURE.key,
            side="BUY" if is_entry else "SELL",
            order_type="LIMIT" if is_entry else "SL",
            product="MIS",
            validity="DAY",
            quantity=75,
            price=D("14800.50") if is_entry else D("14760.00"),
            trigger_price=None if is_entry else D("14765.00"),
            state=state.value,
            filled_quantity=filled,
            average_price=D("14800.10") if filled else None,
            modifications=0,
            event=event,
            reason="",
        )

    def _fill(self, letter: str, part: int, quantity: int, price: Decimal) -> object:
        return actions.FillNoted(
            at=self.at,
            trade_id=f"{self._client(letter)}-{part}",
            client_id=self._client(letter),
            broker_id=f"B{self._client(letter)}",
            plan_id=self._code("P"),
            instrument=FUTURE.key,
            side="BUY" if letter == "E" else "SELL",
            quantity=quantity,
            price=price,
            expected_price=D("14800.00") if letter == "E" else None,
        )

    def _position(self, state: str, quantity: int, protected: int) -> object:
        closed = state == "CLOSED"
        return actions.PositionNoted(
            at=self.at,
            position_id=self._code("Q"),
            plan_id=self._code("P"),
            strategy="opening-range",
            instrument=FUTURE.key,
            direction=1,
            quantity=quantity,
            opened_quantity=75,
            average_entry=D("14800.10"),
            average_exit=D("14820.35") if closed else None,
            stop=D("14765.00"),
            protected=protected,
            gross=D("1518.75") if closed else D(0),
            charges=D("57.42") if closed else D("20.01"),
            mae_r=-0.2,
            mfe_r=0.7,
            state=state,
            exit_reason="TARGET" if closed else "",
            opened_at=self.at,
            closed_at=self.at if closed else None,
        )

    def _entry(self) -> Iterator[object]:
        yield actions.PlanNoted(
            at=self.at,
            plan_id=self._code("P"),
            decision_id=f"D{self._code('S')}",
            strategy="opening-range",
            direction=1,
            legs=(actions.LegNote(FUTURE.key, "BUY", 75, D("14800.50")),),
            entry=14800.5,
            stop=14765.0,
            target1=14820.25,
            target2=14850.0,
        )
        yield actions.PlaceOrder(self.at, self._request("E", Side.BUY, OrderType.LIMIT, Role.ENTRY))
        yield self._order("E", OrderState.SENT, "sent", 0)

    def _answer(self) -> Line:
        update = OrderUpdate(self._client("E"), "B1", self.at, OrderState.OPEN)
        return Line("BrokerSaid", events.BrokerSaid(self.at, update), incoming=True)

    def _filled(self) -> Iterator[object]:
        yield self._order("E", OrderState.OPEN, "open", 0)
        yield self._fill("E", 1, 25, D("14800.10"))
        yield self._order("E", OrderState.PARTIAL, "partial fill", 25)
        yield self._position("OPEN", 25, 0)
        yield actions.PlanMoved(self.at, self._code("P"), "OPEN", "first fill")
        yield self._fill("E", 2, 50, D("14800.10"))
        yield self._order("E", OrderState.FILLED, "filled", 75)
        yield self._position("OPEN", 75, 0)

    def _protection(self) -> Iterator[object]:
        yield actions.PlaceOrder(self.at, self._request("X", Side.SELL, OrderType.SL, Role.STOP))
        yield self._order("X", OrderState.SENT, "sent", 0)
        yield self._order("X", OrderState.OPEN, "open", 0)
        yield self._position("OPEN", 75, 75)
        yield actions.SetTimer(self.at, self.at + timedelta(minutes=1), "entry:1")
        yield actions.ModifyOrder(self.at, self._client("X"), OrderChange(price=D("14820.00")))
        yield actions.CancelOrder(self.at, self._client("E"))

    def _exit(self) -> Iterator[object]:
        yield actions.CommandDone(self.at, 1000 + self.number, "DONE", "entries paused")
        yield self._fill("X", 1, 75, D("14820.35"))
        yield self._order("X", OrderState.FILLED, "filled", 75)
        yield self._position("CLOSED", 0, 0)
        yield actions.PlanMoved(self.at, self._code("P"), "CLOSED", "TARGET")
        gross = self.balance + D("1518.75")
        yield self._booking("R", "REALISED", D("1518.75"), gross)
        yield self._booking("B", "BROKERAGE", D("-57.42"), self.balance_after)

    def _booking(self, letter: str, kind: str, amount: Decimal, balance: Decimal) -> object:
        return actions.LedgerNoted(
            at=self.at,
            entry_id=self._code(f"L{letter}"),
            kind=kind,
            plan_id=self._code("P"),
            client_id=self._client("X"),
            amount=amount,
            balance=balance,
            text="round trip",
        )

    def _remarks(self) -> Iterator[object]:
        yield actions.RiskNoted(self.at, "heat", "WARNING", "heat above half", "1.1", "2.0")
        yield actions.AlertNoted(self.at, "entry", "INFO", "one lot bought")
