"""From alerts to deliveries: each alert gets a row a channel, and each row is brought to an end.

At least once: a worker that dies between sending and noting it makes the next one send again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from backoffice.notify.channels import Channel, Message, NotSentError
from backoffice.notify.rules import Rules, Severity
from marketdata.calendar import IST
from trading.models import Alert, Delivery, DeliveryState

_ALERTS_AT_ONCE = 500
_CLAIM = timedelta(seconds=60)
"""For how long a delivery belongs to the worker that sends it."""
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(minutes=10)
_OPEN = (DeliveryState.PENDING.value, DeliveryState.SENT.value)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many deliveries were made of new alerts, and how many were sent, put off or failed."""

    made: int
    sent: int
    put_off: int
    failed: int


def deliver(rules: Rules, channels: Mapping[str, Channel], now: datetime) -> Outcome:
    """Route what is new and send what is due; `now` is wall time."""
    made = route(rules, frozenset(channels), now)
    results = [_send(delivery, rules, channels, now) for delivery in _claimed(rules, now)]
    counted = {state: results.count(state) for state in DeliveryState}
    return Outcome(
        made=made,
        sent=counted[DeliveryState.SENT],
        put_off=counted[DeliveryState.PENDING],
        failed=counted[DeliveryState.FAILED],
    )


@transaction.atomic
def route(rules: Rules, channels: frozenset[str], now: datetime) -> int:
    """Give every alert without deliveries its rows; return how many were made.

    An alert that no route takes, or whose channels aren't configured, goes to the log. One that
    says what another said on the same channel a short while ago is suppressed.
    """
    known = Delivery.objects.filter(alert=OuterRef("pk"))
    new = Alert.objects.filter(~Exists(known)).select_for_update(skip_locked=True).order_by("id")
    made = 0
    for alert in new[:_ALERTS_AT_ONCE]:
        wanted = rules.channels_for(alert.kind, alert.severity) & channels
        for channel in sorted(wanted or {"log"}):
            _make(alert, channel, rules, now)
            made += 1
    return made


def _make(alert: Alert, channel: str, rules: Rules, now: datetime) -> None:
    said = _fingerprint(alert)
    since = now - timedelta(minutes=rules.same_minutes)
    same = Delivery.objects.filter(
        channel=channel, fingerprint=said, made_at__gt=since, state__in=_OPEN
    ).first()
    Delivery.objects.create(
        alert=alert,
        channel=channel,
        fingerprint=said,
        state=(DeliveryState.SUPPRESSED if same else DeliveryState.PENDING).value,
        made_at=now,
        next_try_at=None if same else now,
        detail=f"says the same as alert {same.alert_id}" if same else "",
    )


def _fingerprint(alert: Alert) -> str:
    said = "\n".join((str(alert.account_id), alert.kind, alert.severity, alert.text))
    return hashlib.sha256(said.encode()).hexdigest()


@transaction.atomic
def _claimed(rules: Rules, now: datetime) -> list[Delivery]:
    """Take the due deliveries that each channel may still send in this minute, the worst first."""
    waiting = Delivery.objects.filter(state=DeliveryState.PENDING.value, next_try_at__lte=now)
    locked = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("alert")
    due = sorted(locked, key=lambda row: (-Severity.of(row.alert.severity), row.pk))
    taken = list(_within_limits(due, rules, now))
    for delivery in taken:
        delivery.attempts += 1
        delivery.next_try_at = now + _CLAIM
        delivery.save(update_fields=["attempts", "next_try_at"])
    return taken


def _within_limits(due: Iterable[Delivery], rules: Rules, now: datetime) -> Iterable[Delivery]:
    room: dict[str, int] = {}
    for delivery in due:
        channel = delivery.channel
        if channel not in room:
            sent = _sent_since(now - timedelta(minutes=1), channel).count()
            room[channel] = rules.most_a_minute - sent
        is_critical = Severity.of(delivery.alert.severity) is Severity.CRITICAL
        if is_critical or channel == "log" or room[channel] > 0:
            room[channel] -= 1
            yield delivery


def _sent_since(at: datetime, channel: str) -> QuerySet[Delivery]:
    return Delivery.objects.filter(channel=channel, state=DeliveryState.SENT.value, sent_at__gt=at)


def _send(
    delivery: Delivery, rules: Rules, channels: Mapping[str, Channel], now: datetime
) -> DeliveryState:
    alert, channel = delivery.alert, channels.get(delivery.channel)
    message = Message(alert.kind, alert.severity, alert.text, alert.at.astimezone(IST))
    try:
        if channel is None:
            raise NotSentError("the channel isn't configured any more", is_final=True)
        channel.send(message)
    except NotSentError as error:
        is_over = error.is_final or delivery.attempts >= rules.attempts
        state = DeliveryState.FAILED if is_over else DeliveryState.PENDING
        delivery.detail = str(error)
        delivery.next_try_at = None if is_over else now + _pause(delivery.attempts)
    else:
        state, delivery.sent_at, delivery.next_try_at = DeliveryState.SENT, now, None
        delivery.detail = ""
    delivery.state = state.value
    delivery.save(update_fields=["state", "detail", "next_try_at", "sent_at"])
    return state


def _pause(attempts: int) -> timedelta:
    return min(_FIRST_PAUSE * int(2 ** (attempts - 1)), _LONGEST_PAUSE)
