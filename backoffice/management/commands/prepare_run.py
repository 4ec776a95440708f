"""`manage.py prepare_run`: what must stand before the desk's processes start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice.people import add_person, random_password
from backoffice.permissions import Role
from marketdata.broker_session import LoginRefused, LoginUnclear
from marketdata.dated import FactMissing
from marketdata.feed import KeptTape
from marketdata.instrument_dump import DumpError
from marketdata.sources import SourceFailed
from trading import selectors
from trading.bootstrap_tapes import open_tape
from trading.config import KIND, Config, read
from trading.desk_days import NoSuchDayError, day_asked
from trading.kitesim_hand import SOURCE, SimAway, read_told
from trading.models import Account, Run, RunState
from trading.paper_day import open_run
from trading.services import audit, runs
from trading.services.broker_login import NoKeysError
from trading.services.live_day import LiveDayError
from trading.services.seed import seed

LOGIN = "desk"
_RECORDINGS = Path("../shared/data")
_NO_KITESIM = (
    SimAway,
    LoginRefused,
    LoginUnclear,
    NoKeysError,
    SourceFailed,
    DumpError,
    FactMissing,
    LiveDayError,
)


class Command(BaseCommand):
    """Migrate, seed, make the console's login, and open the day's run or take up an unfinished.

    A new run trades under the active configuration, the first one under the defaults.
    """

    help = "Prepare a paper session for the desk's processes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--day", default="", help="a recorded day, synthetic[:SEED[:SECONDS]], or a .tape file"
        )
        parser.add_argument(
            "--feed", type=Path, help="prices of the kitesim that told this file, not a --day"
        )
        parser.add_argument("--console", required=True, help="address of the console")
        parser.add_argument(
            "--folder", type=Path, help="where the day and its journal go (default: var)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["folder"] or Path(settings.PROJECT_ROOT) / "var"
        days = folder / "days"
        asked = None if options["feed"] else _tape_asked(options["day"], days)
        call_command("migrate", verbosity=0)
        call_command("seed_schedule", verbosity=0)
        account = seed(by="desk").account
        source, tape = asked or _kitesim_tape(options["feed"], days)
        run = self._unfinished(account, tape)
        word = "Going on with"
        if run is None:
            run = open_run(account, _active(), tape, source, folder / "journals")
            word = "Trading"
        password = self._login()
        self.stdout.write(f"{word} {run.date} on paper ({run.source} prices), run {run.code}.")
        self.stdout.write(f"Console: {options['console']}  login: {LOGIN}  password: {password}")

    def _unfinished(self, account: Account, tape: KeptTape) -> Run | None:
        """Return the run that a stopped desk left on this tape; end those on other tapes.

        A kitesim begins its day anew, so no run on the one before goes on.
        """
        while (run := selectors.next_run(account)) is not None:
            if run.tape_sha256 == tape.sha256:
                return run
            runs.finish(run=run, by="desk", state=RunState.FAILED)
            self.stdout.write(f"Run {run.code} of {run.date} was left unfinished; it is closed.")
        return None

    def _login(self) -> str:
        """Make the console's login, or give it a new password."""
        password = random_password()
        user = User.objects.filter(username=LOGIN).first()
        if user is None:
            add_person(username=LOGIN, role=Role.ADMIN, password=password, by="desk")
            return password
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.note("person.password", by="desk", subject=LOGIN)
        return password


def _tape_asked(day: str, folder: Path) -> tuple[str, KeptTape]:
    """Return where the prices of a day come from, and its tape. Raises `CommandError`."""
    try:
        source, path = day_asked(day, Path(settings.PROJECT_ROOT) / _RECORDINGS, folder)
    except NoSuchDayError as error:
        raise CommandError(str(error), returncode=2) from error
    return source, open_tape(path)


def _kitesim_tape(told: Path, folder: Path) -> tuple[str, KeptTape]:
    """Return the same for the day of a kitesim; its tape is empty. Raises `CommandError`."""
    from trading.kitesim_day import SimMorning, open_day

    try:
        return SOURCE, open_day(SimMorning(read_told(told), folder, by="desk"))
    except _NO_KITESIM as error:
        raise CommandError(f"kitesim: {error}", returncode=2) from error


def _active() -> Config:
    held = selectors.active_config(KIND)
    return Config() if held is None else read(json.loads(held.document))
