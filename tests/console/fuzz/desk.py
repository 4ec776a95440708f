"""A desk to be fuzzed: the rows and caches of a made day, in the middle of its trading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from backoffice import api_keys, tokens
from backoffice.models import ApiKey
from backoffice.people import add_person
from backoffice.permissions import Action, Role
from tests.ran_day import RUN, RanDay, ran_day
from trading import leader
from trading.broadcast import Broadcaster
from trading.broadcast_sink import Sink
from trading.config import KIND, document_of
from trading.models import Command, Decision, Order, Position, Run, RunMode, Signal
from trading.recorder import Recorder
from trading.services import config_versions, control, instruments, runs
from trading.services.seed import seed

SHARE = 0.6
"""How much of the day has passed."""
_PASSWORD = "a long sentence, known to tests"


@dataclass(frozen=True)
class FuzzedDesk:
    """What a fuzzer needs to get in and on: a header for each role, and values that exist."""

    headers: Mapping[str, str]
    values: Mapping[str, tuple[str | int, ...]]


def fuzzed_desk(place: Path) -> FuzzedDesk:
    """Make the desk in an empty database; its files go to `place`."""
    call_command("migrate", verbosity=0)
    day = ran_day(_made(place / "day"))
    run = _run(day, place / "cut.journal")
    recorder, sink = Recorder(run), Sink(settings.REDIS_URL, run.account.code)
    recorder.catch_up()
    Broadcaster(run, sink).step(recorder.seq, run.fencing_token, last=True)
    sink.close()
    control.ask(kind=control.CommandKind.PAUSE, by="fuzz", reason="one to be seen")
    headers = {role.value: _header(role) for role in Role}
    return FuzzedDesk({**headers, "key": _key()}, _values(run, day))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _run(day: RanDay, journal: Path) -> Run:
    account = seed(by="fuzz").account
    version = config_versions.store(kind=KIND, document=document_of(day.config), author="fuzz")
    config_versions.activate(version=version, author="fuzz", reason="to be asked about")
    head = day.tape.head
    instruments.sync(instruments=head.instruments, on=head.date, source="fuzz")
    lines = day.journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: int(len(lines) * SHARE)]))
    lease = leader.acquire(account, "fuzz", timedelta(hours=2))
    spec = runs.RunSpec(
        account=account,
        mode=RunMode.PAPER,
        date=head.date,
        source="synthetic",
        config_version=version,
        tape_path=str(day.tape.path),
        journal_path=str(journal),
        fencing_token=lease.token,
        code=RUN,
    )
    return runs.start(spec=spec, by="fuzz")


def _header(role: Role) -> str:
    user = add_person(username=role.value, role=role, password=_PASSWORD, by="fuzz")
    pair = tokens.log_in(user=user, address="127.0.0.1", at=timezone.now())
    return f"Authorization: Bearer {pair.access}"


def _key() -> str:
    owner = add_person(username="keeper", role=Role.ADMIN, password=_PASSWORD, by="fuzz")
    wish = api_keys.KeyWish("a program", (Action.READ, Action.CONTROL), days=30)
    new = api_keys.issue(owner=owner, wish=wish, by="fuzz", at=timezone.now())
    return f"X-API-Key: {new.text}"


def _values(run: Run, day: RanDay) -> dict[str, tuple[str | int, ...]]:
    rows = {
        "positions": Position.objects.filter(run=run),
        "orders": Order.objects.filter(run=run),
        "signals": Signal.objects.filter(run=run),
        "decisions": Decision.objects.filter(run=run),
        "commands": Command.objects.filter(run=run),
        "keys": ApiKey.objects.all(),
    }
    found = {noun: tuple(_told(row.pk) for row in query[:5]) for noun, query in rows.items()}
    empty = [noun for noun, ids in found.items() if not ids]
    if empty:
        raise ValueError(f"the made day has no {', '.join(empty)} to be asked about")
    return {**found, "bars": (f"{day.tape.head.date}.warmup",), "runs": (run.code, "all")}


def _told(key: object) -> str | int:
    return key if isinstance(key, int) else str(key)
