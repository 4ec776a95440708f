from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from aitrapp.supervisor.accounts import Account, account_for, barrier, can_run
from aitrapp.supervisor.errors import SupervisorError

STRANGER = Account(uid=54321, gid=54321)


@pytest.fixture
def open_folder():
    """Return a folder that every user may enter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        yield folder


def test_no_folder_bars_the_way_to_an_open_place(open_folder):
    assert barrier(open_folder / "data", STRANGER) is None


def test_the_topmost_closed_folder_is_named(open_folder):
    inner = open_folder / "closed" / "inner"
    inner.mkdir(parents=True)
    inner.chmod(0o700)
    inner.parent.chmod(0o700)

    assert barrier(inner / "data", STRANGER) == open_folder / "closed"


def test_our_own_closed_folder_does_not_bar_ourselves(open_folder):
    open_folder.chmod(0o700)

    assert barrier(open_folder / "data", Account(os.geteuid(), os.getegid())) is None
    assert barrier(open_folder / "data", None) is None


def test_a_folder_open_to_the_group_lets_the_group_pass(open_folder):
    open_folder.chmod(0o710)

    assert barrier(open_folder / "data", Account(54321, open_folder.stat().st_gid)) is None
    assert barrier(open_folder / "data", STRANGER) == open_folder


def test_a_program_must_be_reachable_and_executable(open_folder):
    program = open_folder / "postgres"
    program.touch(mode=0o700)

    assert can_run(program, None)
    assert not can_run(program, STRANGER)
    program.chmod(0o755)
    assert can_run(program, STRANGER)
    open_folder.chmod(0o700)
    assert not can_run(program, STRANGER)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_root_becomes_the_owner_of_an_existing_cluster(open_folder):
    cluster = open_folder / "postgres"
    cluster.mkdir()
    os.chown(cluster, 54321, 12345)

    assert account_for(cluster) == Account(54321, 12345)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_root_never_runs_a_new_cluster_as_root(open_folder):
    account = account_for(open_folder / "postgres")

    assert account is not None
    assert account.uid != 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root runs servers as another user")
def test_a_normal_user_stays_who_they_are(open_folder):
    assert account_for(open_folder / "postgres") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use everybody's cluster")
def test_a_cluster_of_somebody_else_is_refused():
    with pytest.raises(SupervisorError, match="belongs to user 0"):
        account_for(Path("/"))
