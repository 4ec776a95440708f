from __future__ import annotations

from backoffice.bench.sockets import Watcher

NINE = "2026-10-05T09:00:00+05:30"
NINE_S = 1_791_171_000.0


def test_a_snapshot_and_the_changes_after_it_tell_the_desk_s_moment():
    watcher = Watcher()

    watcher.take({"type": "snapshot", "state": {"sequence": 7, "at": NINE}}, 1.0)
    watcher.take({"type": "delta", "sequence": 8, "changes": {"wall_at": NINE}}, 2.0)
    later = "2026-10-05T09:00:01+05:30"
    watcher.take({"type": "delta", "sequence": 9, "changes": {"at": later}}, 3.0)

    assert watcher.seen == [(NINE_S, 1.0), (NINE_S, 2.0), (NINE_S + 1, 3.0)]
    assert watcher.moments == {7: NINE_S, 8: NINE_S, 9: NINE_S + 1}


def test_what_tells_no_state_is_only_counted():
    watcher = Watcher()

    watcher.take({"type": "ping", "wall_at": NINE}, 1.0)
    watcher.take({"type": "snapshot", "state": None}, 2.0)

    assert (watcher.messages, watcher.seen, watcher.moments) == (2, [], {})
