from __future__ import annotations

from marketdata.kite.feed_health import CONNECTION, LOGIN, SENTINELS, FeedCondition, FeedHealth
from marketdata.kite.news import Closed, Connected, Fresh, Lost, NeedsLogin, Notice, Stale
from tests.kite_frames import at

NOW = at(9, 15)


def health() -> FeedHealth:
    began = FeedHealth({256265: "NIFTY 50"})
    began.begin(NOW)
    return began


def test_it_begins_without_a_connection_and_says_that_nothing_else_is_wrong():
    said = FeedHealth({}).begin(NOW)

    assert said == (
        FeedCondition(NOW, CONNECTION, False, "0: not connected yet"),
        FeedCondition(NOW, LOGIN, True, ""),
        FeedCondition(NOW, SENTINELS, True, ""),
    )


def test_it_is_good_only_when_every_connection_stands():
    feed = health()

    assert feed.take(Lost(NOW, 1, "not connected yet"))[0].detail == (
        "0: not connected yet; 1: not connected yet"
    )
    assert not feed.take(Connected(NOW, 0))[0].good
    assert feed.take(Connected(NOW, 1)) == (FeedCondition(NOW, CONNECTION, True, ""),)


def test_a_connection_that_is_no_longer_needed_is_not_missed():
    feed = health()
    feed.take(Lost(NOW, 1, "gone"))
    feed.take(Connected(NOW, 0))

    assert feed.take(Closed(NOW, 1)) == (FeedCondition(NOW, CONNECTION, True, ""),)


def test_the_same_loss_is_said_once_and_another_reason_again():
    feed = health()
    feed.take(Connected(NOW, 0))

    assert len(feed.take(Lost(NOW, 0, "Connection refused"))) == 1
    assert feed.take(Lost(NOW, 0, "Connection refused")) == ()
    assert len(feed.take(Lost(NOW, 0, "no answer in time"))) == 1


def test_a_refused_login_stays_bad_until_something_connects():
    feed = health()

    assert feed.take(NeedsLogin(NOW)) == (FeedCondition(NOW, LOGIN, False, "key or token refused"),)
    assert FeedCondition(NOW, LOGIN, True, "") in feed.take(Connected(NOW, 0))


def test_stale_sentinels_are_named_by_symbol():
    feed = health()

    assert feed.take(Stale(NOW, 7))[0].detail == "7"
    assert feed.take(Stale(NOW, 256265)) == (FeedCondition(NOW, SENTINELS, False, "7, NIFTY 50"),)
    feed.take(Fresh(NOW, 7))
    assert feed.take(Fresh(NOW, 256265)) == (FeedCondition(NOW, SENTINELS, True, ""),)


def test_other_news_change_nothing():
    assert health().take(Notice(NOW, "text")) == ()
