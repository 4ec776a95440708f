"""The console's addresses for people: sign-in, the live page, and its plain forms."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from backoffice.pages import (
    broker_login,
    controls,
    events,
    live,
    modes,
    second_factor,
    sign_in,
    telling,
)

urlpatterns = [
    path("", live.page, name="live"),
    path("login/", sign_in.SignInView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("live/state/", live.state, name="live-state"),
    path("live/chart/", live.chart, name="live-chart"),
    path("live/explanation/", telling.explanation, name="live-explanation"),
    path("live/option-chain/", telling.option_chain, name="live-option-chain"),
    path("live/commands/<int:number>/", controls.command, name="live-command"),
    path("live/pause/", controls.pause, name="live-pause"),
    path("live/resume/", controls.resume, name="live-resume"),
    path("live/flatten/", controls.flatten, name="live-flatten"),
    path("live/unlock/", controls.unlock, name="live-unlock"),
    path("live/close/", controls.close, name="live-close"),
    path("live/release/", controls.release, name="live-release"),
    path("broker/", broker_login.page, name="broker"),
    path("broker/start/", broker_login.start, name="broker-start"),
    path("broker/callback/", broker_login.callback, name="broker-callback"),
    path("broker/token/", broker_login.by_hand, name="broker-token"),
    path("broker/leave/", broker_login.leave, name="broker-leave"),
    path("events/", events.page, name="events"),
    path("mode/", modes.page, name="mode"),
    path("mode/live/", modes.to_live, name="mode-live"),
    path("mode/paper/", modes.to_paper, name="mode-paper"),
    path("second-factor/", second_factor.page, name="second-factor"),
    path("second-factor/begin/", second_factor.begin, name="second-factor-begin"),
    path("second-factor/confirm/", second_factor.confirm, name="second-factor-confirm"),
]
