"""Become, or look after, a program that dies with its parent; run as a script, never imported.

Arguments: `become` or `keep`, the parent's process id, the signal wanted at its death, user and
group id or `-`, and the program with its arguments. The signal is asked for after the change of
user, which clears it; from then on nothing more can be imported where Python itself lives in a
home closed to that user, so a program to be run as another user is named by its whole path.
Standard library only.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CANNOT_RUN = 126
NOT_FOUND = 127
END_NOW = signal.SIGUSR1
SENT_BY_TERMINAL = 0x80
LEAVING_SECONDS = 5.0


def control(option: int, value: int) -> None:
    """Set an attribute of this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def drop_to(uid: str, gid: str) -> None:
    """Become the user and group for good, without any other group; `-` keeps ours."""
    if uid == "-":
        return
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))


def die_with(parent: int, signum: int) -> None:
    """Ask for `signum` when the parent dies; leave at once if it already has."""
    control(PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent:
        sys.exit(CANNOT_RUN)


def become(parent: int, signum: int, uid: str, gid: str, argv: list[str]) -> None:
    """Run the program in place of this one; exit 127 if it does not exist, 126 if it can't run."""
    try:
        drop_to(uid, gid)
        die_with(parent, signum)
        for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored_by_python, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execvp(argv[0], argv)
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN)


def own_children() -> list[int]:
    """Return the children of this process, those adopted from dead ones included."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(state[1]) == os.getpid():
                    found.append(int(entry.name))
    return found


def signal_all(pids: list[int], signum: signal.Signals) -> None:
    """Signal each process that is still there and that we may signal."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signum)


def reap() -> dict[int, int]:
    """Return the exit codes of the children that have ended: 128 and the signal if one did it."""
    ended = {}
    with contextlib.suppress(ChildProcessError):
        while (done := os.waitpid(-1, os.WNOHANG))[0]:
            code = os.waitstatus_to_exitcode(done[1])
            ended[done[0]] = code if code >= 0 else 128 - code
    return ended


def end_descendants(*, seconds: float) -> None:
    """End whatever is left below us: asked first, killed after `seconds`.

    The children of a process that ends become ours, so that ending ours until there are none
    ends them all.
    """
    deadline = time.monotonic() + seconds
    asked: set[int] = set()
    while children := own_children():
        late = time.monotonic() >= deadline
        fresh = children if late else [pid for pid in children if pid not in asked]
        signal_all(fresh, signal.SIGKILL if late else signal.SIGTERM)
        asked.update(fresh)
        time.sleep(0.02)
        reap()


def keep(parent: int, uid: str, gid: str, argv: list[str]) -> int:
    """Run the program below us and pass signals on; when it or the parent ends, end all of it.

    Return its exit code. A terminal's own signals have reached the program already.
    """
    heard = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, END_NOW, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    control(PR_SET_CHILD_SUBREAPER, 1)
    die_with(parent, END_NOW)
    keeper = os.getpid()
    program = os.fork()
    if program == 0:
        become(keeper, signal.SIGKILL, uid, gid, argv)
    while True:
        news = signal.sigwaitinfo(heard)
        if news.si_signo == END_NOW:
            end_descendants(seconds=0.0)
            return 128 + signal.SIGKILL
        if news.si_signo == signal.SIGCHLD:
            ended = reap()
            if program in ended:
                end_descendants(seconds=LEAVING_SECONDS)
                return ended[program]
        elif news.si_code != SENT_BY_TERMINAL:
            signal_all([program], signal.Signals(news.si_signo))


if __name__ == "__main__":
    how, above, wanted, user, group, *command = sys.argv[1:]
    if how == "keep":
        sys.exit(keep(int(above), user, group, command))
    become(int(above), int(wanted), user, group, command)
