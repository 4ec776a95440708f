"""The supervisor's command line: `exec -- COMMAND...`, `run` for the whole desk, `memory` and
`kill` of one.

It decides which servers are needed and hands them, with the command, to the supervision.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from dotenv import dotenv_values

from aitrapp.supervisor.desk import DeskOptions, add_desk, check_port_is_free, foreground, run_desk
from aitrapp.supervisor.errors import SupervisorError
from aitrapp.supervisor.kill import add_kill, kill
from aitrapp.supervisor.memory import memory_below, table
from aitrapp.supervisor.place import ROOT, default_data, holder, kept, passing
from aitrapp.supervisor.postgres import postgres
from aitrapp.supervisor.servers import Ground
from aitrapp.supervisor.supervision import Interrupted, Supervision, say
from aitrapp.supervisor.valkey import valkey

FAILED = 2
SERVERS = {"DATABASE_URL": postgres, "REDIS_URL": valkey}


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m aitrapp.supervisor")
    actions = parser.add_subparsers(dest="action", required=True)
    add_desk(actions.add_parser("run", help="run the whole desk until Ctrl-C"))
    memory = actions.add_parser("memory", help="tell how much memory a running desk takes")
    memory.add_argument("--data", type=Path, metavar="DIR", help="the desk's folder")
    add_kill(actions.add_parser("kill", help="flatten every engine, whatever else is away"))
    run = actions.add_parser(
        "exec",
        help="run a command with PostgreSQL and Valkey at its side",
        description="Start what DATABASE_URL and REDIS_URL don't name, set both, run COMMAND.",
    )
    where = run.add_mutually_exclusive_group()
    where.add_argument("--data", type=Path, metavar="DIR", help="keep the servers' data in DIR")
    where.add_argument("--ephemeral", action="store_true", help="forget all data at the end")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND...")
    options = parser.parse_args(arguments)
    if options.action != "exec":
        return options
    options.command = options.command[options.command[:1] == ["--"] :]
    if not options.command:
        run.error("no COMMAND after --")
    return options


def given_addresses(*, ephemeral: bool) -> dict[str, str]:
    """Return the addresses of servers that somebody else runs, from the environment or `.env`.

    A key set to nothing in the environment asks for a server of ours. A run that is to leave
    nothing behind takes the environment's only: `.env` names servers whose data matters.
    """
    known = {} if ephemeral else dotenv_values(ROOT / ".env")
    told = {**known, **os.environ}
    return {key: url for key in SERVERS if (url := told.get(key))}


def run_with_servers(options: argparse.Namespace) -> int:
    """Start the missing servers, run the command beside them and return its exit code.

    A desk holds its data folder whoever runs the servers, and looks for its port before them.
    """
    desk = DeskOptions.of(options) if options.action == "run" else None
    addresses = given_addresses(ephemeral=options.ephemeral)
    missing = [key for key in SERVERS if key not in addresses]
    with ExitStack() as stack:
        supervision = Supervision()
        if missing or desk:
            place = passing() if options.ephemeral else kept(options.data or default_data())
            data, account = stack.enter_context(place)
            ground = Ground(data, account, ephemeral=options.ephemeral)
        if desk:
            check_port_is_free(desk.port)
        stack.enter_context(supervision)
        for key in missing:
            server = SERVERS[key](ground)
            supervision.start(server.spec)
            addresses[key] = server.url
        if desk:
            return run_desk(supervision, desk, addresses)
        supervision.start(foreground(tuple(options.command), addresses, options.command[0]))
        return supervision.watch()


def main(arguments: list[str]) -> int:
    """Run the command line; return the command's exit code, or 2 if the servers fail."""
    try:
        options = _parsed(arguments)
        if options.action == "memory":
            print(table(memory_below(holder(options.data or default_data()))))
            return 0
        if options.action == "kill":
            return kill(options)
        return run_with_servers(options)
    except SupervisorError as error:
        say(str(error))
        return FAILED
    except Interrupted as interruption:
        return interruption.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
