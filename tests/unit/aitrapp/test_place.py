from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from aitrapp.supervisor.errors import SupervisorError
from aitrapp.supervisor.place import SYSTEM, default_data, held, holder, kept, passing


@pytest.fixture
def checkout(monkeypatch):
    """Return a checkout that every user may enter, with nothing named in the environment."""
    monkeypatch.delenv("AITRAPP_DATA", raising=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        yield folder


def test_data_lives_in_the_checkout(checkout):
    assert default_data(checkout) == checkout / "var"


def test_the_environment_may_name_another_place(checkout, monkeypatch):
    monkeypatch.setenv("AITRAPP_DATA", "/srv/desk")

    assert default_data(checkout) == Path("/srv/desk")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as another user")
def test_a_checkout_closed_to_the_servers_user_has_its_data_elsewhere(checkout):
    checkout.chmod(0o700)

    place = default_data(checkout)

    assert place.parent == SYSTEM
    assert place.name.startswith(f"{checkout.name}-")


def test_a_missing_folder_is_made_such_that_the_servers_may_pass(checkout):
    with kept(checkout / "a" / "b") as (data, _):
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (data, data.parent)]

    assert modes == [0o711, 0o711]


def test_the_mode_of_an_existing_folder_is_left_alone(checkout):
    with kept(checkout):
        pass

    assert stat.S_IMODE(checkout.stat().st_mode) == 0o755


def test_a_folder_is_held_by_one_at_a_time(checkout):
    with held(checkout), pytest.raises(SupervisorError, match=f"process {os.getpid()}"):
        held(checkout).__enter__()

    with held(checkout):
        pass


def test_the_holder_of_a_folder_is_known_while_it_holds_it(checkout):
    with held(checkout):
        assert holder(checkout) == os.getpid()

    with pytest.raises(SupervisorError, match="no desk runs in"):
        holder(checkout)


def test_a_passing_folder_is_gone_afterwards():
    with passing() as (data, _):
        (data / "file").touch()

    assert not data.exists()
