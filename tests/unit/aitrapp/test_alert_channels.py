from __future__ import annotations

import pytest

from aitrapp.env import Environment, EnvironmentInvalidError, alert_channels


def channels(**keys: str) -> dict[str, dict[str, str]]:
    return alert_channels(Environment.model_validate(keys))


def test_nothing_set_means_no_channel():
    assert channels() == {}


def test_each_address_makes_its_channel():
    assert channels(
        alert_webhook_url="https://hooks.example/a",
        slack_webhook_url="https://slack.example/b",
        telegram_bot_token="12:ab",
        telegram_chat_id="-100",
    ) == {
        "webhook": {"url": "https://hooks.example/a"},
        "slack": {"url": "https://slack.example/b"},
        "telegram": {"token": "12:ab", "chat": "-100"},
    }


@pytest.mark.parametrize(
    ("key", "missing"),
    [("telegram_bot_token", "TELEGRAM_CHAT_ID"), ("telegram_chat_id", "TELEGRAM_BOT_TOKEN")],
)
def test_half_a_telegram_names_the_missing_half_and_no_secret(key, missing):
    with pytest.raises(EnvironmentInvalidError, match=missing) as caught:
        channels(**{key: "hush-1"})

    assert "hush" not in str(caught.value)
