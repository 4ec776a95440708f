"""`create_operator NAME --role ROLE`: make a person who may log in to the console."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backoffice.people import PersonError, add_person, random_password
from backoffice.permissions import Role


class Command(BaseCommand):
    """Asks for the password, reads it from the standard input, or makes one and prints it."""

    help = "Make a user of the console with the role viewer, operator or admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--role", choices=[role.value for role in Role], default=Role.OPERATOR.value
        )
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--random-password", action="store_true", help="make a password and print it, once"
        )
        how.add_argument(
            "--password-stdin", action="store_true", help="read the password's line from stdin"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        password = _password(options)
        role = Role(options["role"])
        try:
            add_person(
                username=options["username"], role=role, password=password, by="create_operator"
            )
        except PersonError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"{role} {options['username']} may log in")
        if options["random_password"]:
            self.stdout.write(f"password: {password}")


def _password(options: dict[str, Any]) -> str:
    if options["random_password"]:
        return random_password()
    if options["password_stdin"]:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise CommandError("no terminal: use --random-password or --password-stdin", returncode=2)
    return getpass("Password: ")
