"""Every row the desk remembers, one file per noun. Nothing here decides or changes anything."""

from trading.models.account import Account
from trading.models.activation import Activation
from trading.models.alert import Alert
from trading.models.audit_entry import AuditEntry
from trading.models.ban_list import BanList
from trading.models.broker_session import BrokerSession, SessionEnd
from trading.models.command import Command, CommandState
from trading.models.config_version import ConfigVersion
from trading.models.decision import Decision
from trading.models.delivery import Delivery, DeliveryState
from trading.models.equity_point import EquityPoint
from trading.models.fill import Fill
from trading.models.holiday import Holiday
from trading.models.instrument import Instrument
from trading.models.iv_day import IvDay
from trading.models.leader_lease import LeaderLease
from trading.models.ledger_entry import LedgerEntry
from trading.models.leg import Leg
from trading.models.market_event import MarketEvent, Origin
from trading.models.mode_change import Mode, ModeChange
from trading.models.order import Order
from trading.models.order_event import OrderEvent
from trading.models.plan import Plan, PlanState
from trading.models.plan_event import PlanEvent
from trading.models.position import Position
from trading.models.ranking import Ranking
from trading.models.recorder_position import RecorderPosition
from trading.models.report import Report, ReportKind
from trading.models.risk_event import RiskEvent
from trading.models.run import SESSIONS, Run, RunMode, RunState
from trading.models.signal import Signal
from trading.models.special_session import SpecialSession
from trading.models.state_change import StateChange
from trading.models.task_run import TaskOutcome, TaskRun

__all__ = [
    "SESSIONS",
    "Account",
    "Activation",
    "Alert",
    "AuditEntry",
    "BanList",
    "BrokerSession",
    "Command",
    "CommandState",
    "ConfigVersion",
    "Decision",
    "Delivery",
    "DeliveryState",
    "EquityPoint",
    "Fill",
    "Holiday",
    "Instrument",
    "IvDay",
    "LeaderLease",
    "LedgerEntry",
    "Leg",
    "MarketEvent",
    "Mode",
    "ModeChange",
    "Order",
    "OrderEvent",
    "Origin",
    "Plan",
    "PlanEvent",
    "PlanState",
    "Position",
    "Ranking",
    "RecorderPosition",
    "Report",
    "ReportKind",
    "RiskEvent",
    "Run",
    "RunMode",
    "RunState",
    "SessionEnd",
    "Signal",
    "SpecialSession",
    "StateChange",
    "TaskOutcome",
    "TaskRun",
]
