from __future__ import annotations

import pytest
import redis
from channels.layers import get_channel_layer

from aitrapp.supervisor.servers import HOST, free_port
from tests.factories import RunFactory
from trading.engine.events import CommandKind
from trading.services import commands
from trading.services.nudge import ENGINE_CHANNEL, nudge_engine


@pytest.fixture
def listener(settings):
    with redis.Redis.from_url(settings.REDIS_URL) as store, store.pubsub() as ear:
        ear.subscribe(ENGINE_CHANNEL)
        assert ear.get_message(timeout=30)["type"] == "subscribe"
        yield ear


@pytest.mark.django_db
def test_the_engine_is_nudged_once_a_command_can_be_read(
    listener, django_capture_on_commit_callbacks
):
    run = RunFactory(mode="PAPER")

    with django_capture_on_commit_callbacks(execute=True):
        commands.issue(kind=CommandKind.PAUSE, by="asha", reason="drill", run=run)
        before = listener.get_message(timeout=0.2)

    heard = listener.get_message(timeout=30)
    assert before is None
    assert get_channel_layer().deserialize(heard["data"]) == {"type": "command"}


def test_a_store_that_is_away_keeps_nobody_waiting(settings):
    settings.REDIS_URL = f"redis://{HOST}:{free_port()}/0"

    nudge_engine()


def test_without_a_store_nobody_is_nudged(settings):
    settings.REDIS_URL = None

    nudge_engine()
