from __future__ import annotations

import pytest

from marketdata.kite.liveness import LivenessSettings, Pulse, Sentinels, Verdict

SETTINGS = LivenessSettings(ping_every=10, pong_within=4, silence=5, sentinel=6)


def judged(pulse: Pulse, until: float, *, beats: bool = True, start: float = 0.0) -> list:
    """Judge every second; return the seconds and verdicts that were not WELL."""
    found, now = [], start
    while now < until:
        now += 1
        if beats:
            pulse.heard(now)
        verdict = pulse.judge(now)
        if verdict is Verdict.PING:
            pulse.pinged(now)
        if verdict is not Verdict.WELL:
            found.append((now, verdict))
    return found


def test_silence_is_noticed_once_it_lasts_longer_than_allowed():
    assert judged(Pulse(SETTINGS, 0), 6, beats=False) == [(6, Verdict.SILENT)]
    assert judged(Pulse(SETTINGS, 0), 5, beats=False) == []


def test_pings_are_due_at_their_pace_as_long_as_they_are_answered():
    pulse, found = Pulse(SETTINGS, 0), []
    for start in range(0, 30, 10):
        found += judged(pulse, start + 10, start=start)
        pulse.ponged()

    assert found == [(10, Verdict.PING), (20, Verdict.PING), (30, Verdict.PING)]


def test_an_unanswered_ping_ends_a_connection_that_still_brings_data():
    assert judged(Pulse(SETTINGS, 0), 15) == [(10, Verdict.PING), (15, Verdict.UNANSWERED)]


def test_a_judge_who_was_held_up_grants_one_more_look():
    pulse = Pulse(SETTINGS, 0)

    assert pulse.judge(60) is Verdict.WELL
    assert pulse.judge(61) is Verdict.SILENT


def test_after_forgiveness_everything_begins_anew():
    pulse = Pulse(SETTINGS, 0)
    pulse.pinged(1)

    pulse.forgive(100)

    assert judged(pulse, 109, start=100) == []


@pytest.mark.parametrize("name", ["ping_every", "pong_within", "silence", "sentinel"])
def test_a_span_of_nothing_is_refused_by_name(name):
    with pytest.raises(ValueError, match=name):
        LivenessSettings(**{name: 0})


def test_a_sentinel_turns_stale_once_and_fresh_once():
    sentinels = Sentinels(limit=6)
    sentinels.watch([7, 8], 0)
    sentinels.seen([8], 5)

    assert sentinels.judge(6, expected=True) == ()
    assert sentinels.judge(7, expected=True) == ((7, True),)
    assert sentinels.judge(8, expected=True) == ()
    sentinels.seen([7, 9], 9)
    assert sentinels.judge(9, expected=True) == ((7, False),)


def test_no_sentinel_is_stale_while_the_market_rests_and_ages_begin_with_it():
    sentinels = Sentinels(limit=6)
    sentinels.watch([7], 0)

    assert sentinels.judge(7, expected=True) == ((7, True),)
    assert sentinels.judge(100, expected=False) == ((7, False),)
    assert sentinels.judge(106, expected=True) == ()
    assert sentinels.judge(107, expected=True) == ((7, True),)


def test_watching_others_keeps_the_age_of_those_that_stay():
    sentinels = Sentinels(limit=6)
    sentinels.watch([7, 8], 0)

    sentinels.watch([7, 9], 5)

    assert sentinels.unseen_since(1) == {7}
    assert sentinels.judge(7, expected=True) == ((7, True),)
