"""How much memory a running desk takes, by process: read from `/proc`, told as a short table.

Proportional set sizes: a page that several processes share counts once, in parts. How a process
got its name is `children.py`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aitrapp.supervisor.children import NAMED
from aitrapp.supervisor.errors import SupervisorError

PROC = Path("/proc")
_KIB_A_MB = 1024


@dataclass(frozen=True, slots=True)
class Share:
    """What one process of the desk takes with all it has started: their number, and KiB."""

    name: str
    processes: int
    kib: int


def memory_below(supervisor: int, proc: Path = PROC) -> tuple[Share, ...]:
    """Return the share of each child of a supervisor, the largest first, and its own.

    A process that ends meanwhile is left out, as is ours, which only asks. Raises
    `SupervisorError` where the system doesn't let us look: the servers run as another user.
    """
    children = _children(proc)
    shares = [_share("supervisor", (supervisor,), proc)]
    for child in children.get(supervisor, ()):
        shares.append(_share(_name(proc / str(child)), _below(child, children), proc))
    return tuple(sorted(shares, key=lambda share: -share.kib))


def table(shares: Iterable[Share]) -> str:
    """Return the shares as lines of a table with their total, in MB of 1024 KiB."""
    shares = tuple(shares)
    total = Share("together", sum(s.processes for s in shares), sum(s.kib for s in shares))
    lines = (
        f"  {share.name:<14}{share.kib / _KIB_A_MB:8.1f}  {share.processes:3}"
        for share in (*shares, total)
    )
    return "\n".join((f"  {'memory':<14}{'MB':>8}  {'of':>3} processes", *lines))


def _share(name: str, pids: Iterable[int], proc: Path) -> Share:
    sizes = [size for pid in pids if (size := _proportional(proc / str(pid))) is not None]
    return Share(name, len(sizes), sum(sizes))


def _proportional(process: Path) -> int | None:
    """Return a process's proportional set size in KiB; None for one that has ended."""
    try:
        text = (process / "smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    except PermissionError as error:
        raise SupervisorError(
            f"process {process.name}: its memory is not ours to see; ask as the user who started "
            "the desk"
        ) from error
    sizes = (line.split()[1] for line in text.splitlines() if line.startswith("Pss:"))
    return int(next(sizes, 0))


def _children(proc: Path) -> Mapping[int, list[int]]:
    """Return the children of every process of the machine."""
    found: dict[int, list[int]] = {}
    for entry in sorted(proc.iterdir(), key=lambda path: path.name):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
                found.setdefault(int(after_name[1]), []).append(int(entry.name))
    return found


def _below(pid: int, children: Mapping[int, list[int]]) -> Iterator[int]:
    if pid != os.getpid():
        yield pid
    for child in children.get(pid, ()):
        yield from _below(child, children)


def _name(process: Path) -> str:
    """Return what the supervisor calls a process; its program's name if it hides that."""
    with contextlib.suppress(OSError):
        told = os.fsencode(f"{NAMED}=")
        for word in (process / "environ").read_bytes().split(b"\0"):
            if word.startswith(told):
                return os.fsdecode(word.removeprefix(told))
    with contextlib.suppress(OSError):
        return (process / "comm").read_text().strip()
    return process.name
