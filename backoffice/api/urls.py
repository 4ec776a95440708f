"""Every address of the API, version 1; what stands there is told in the views' files."""

from __future__ import annotations

from django.urls import path, re_path

from backoffice.api import (
    auth,
    backtests,
    chains,
    config,
    control,
    desk,
    events,
    keys,
    modes,
    probes,
    records,
    reloads,
    structures,
)
from backoffice.api.description import DocsView, SchemaView
from backoffice.api.kite_postback import KitePostbackView
from backoffice.api.nowhere import NowhereView

urlpatterns = [
    path("auth/token", auth.LogInView.as_view(), name="api-log-in"),
    path("auth/refresh", auth.RefreshView.as_view(), name="api-refresh"),
    path("auth/log-out", auth.LogOutView.as_view(), name="api-log-out"),
    path("auth/me", auth.WhoView.as_view(), name="api-me"),
    path("mode", modes.ModeView.as_view(), name="api-mode"),
    path("mode/gate", modes.GateView.as_view(), name="api-mode-gate"),
    path("pause", control.PauseView.as_view(), name="api-pause"),
    path("resume", control.ResumeView.as_view(), name="api-resume"),
    path("flatten", control.FlattenView.as_view(), name="api-flatten"),
    path("unlock", control.UnlockView.as_view(), name="api-unlock"),
    path(
        "strategies/<slug:strategy>/release",
        control.ReleaseStrategyView.as_view(),
        name="api-release-strategy",
    ),
    path("universe/reload", reloads.UniverseReloadView.as_view(), name="api-universe-reload"),
    path("strategies/reload", reloads.StrategiesReloadView.as_view(), name="api-strategies-reload"),
    path("commands", records.CommandsView.as_view(), name="api-commands"),
    path("commands/<int:row_id>", records.CommandView.as_view(), name="api-command"),
    path("positions", records.PositionsView.as_view(), name="api-positions"),
    path("positions/<uuid:row_id>", records.PositionView.as_view(), name="api-position"),
    path("positions/<uuid:position_id>/close", control.CloseView.as_view(), name="api-close"),
    path("structures", structures.StructuresView.as_view(), name="api-structures"),
    path("structures/<uuid:row_id>", structures.StructureView.as_view(), name="api-structure"),
    path("orders", records.OrdersView.as_view(), name="api-orders"),
    path("orders/<uuid:row_id>", records.OrderView.as_view(), name="api-order"),
    path("signals", records.SignalsView.as_view(), name="api-signals"),
    path("signals/<uuid:row_id>", records.SignalView.as_view(), name="api-signal"),
    path("decisions", records.DecisionsView.as_view(), name="api-decisions"),
    path("decisions/<uuid:row_id>", records.DecisionView.as_view(), name="api-decision"),
    path("state", desk.StateView.as_view(), name="api-state"),
    path("risk", desk.RiskView.as_view(), name="api-risk"),
    path("session", desk.SessionView.as_view(), name="api-session"),
    path("chains", chains.ChainsView.as_view(), name="api-chains"),
    path("chains/<str:underlying>/<str:expiry>", chains.ChainView.as_view(), name="api-chain"),
    path("events", events.EventsView.as_view(), name="api-events"),
    path("config", config.ConfigView.as_view(), name="api-config"),
    path("config/active", config.ActiveVersionView.as_view(), name="api-config-active"),
    path("config/<int:number>", config.VersionView.as_view(), name="api-config-version"),
    path("config/<int:number>/activate", config.ActivationView.as_view(), name="api-activate"),
    path("backtest", backtests.BacktestsView.as_view(), name="api-backtests"),
    path("backtest/<uuid:row_id>", backtests.BacktestView.as_view(), name="api-backtest"),
    path("api-keys", keys.KeysView.as_view(), name="api-keys"),
    path("api-keys/<int:key_id>", keys.KeyView.as_view(), name="api-key"),
    path("api-keys/<int:key_id>/rotate", keys.KeyRotationView.as_view(), name="api-key-rotate"),
    path("health", probes.HealthView.as_view(), name="api-health"),
    path("ready", probes.ReadyView.as_view(), name="api-ready"),
    path("metrics", probes.MetricsView.as_view(), name="api-metrics"),
    path("schema", SchemaView.as_view(), name="api-schema"),
    path("docs", DocsView.as_view(url_name="api-schema"), name="api-docs"),
    path("kite/postback", KitePostbackView.as_view(schema=None)),
    re_path(r"^.*$", NowhereView.as_view(schema=None)),
]
