"""The ids that the desk gives its orders: run code, letter of the role, counter.

An order that brings a run out without its engine tells that, and the lease it was sent under. Ids
are told to the broker as a tag, of which it keeps 20 letters and digits.
"""

from __future__ import annotations

import re

from execution.orders import Role

_ROLE_LETTERS = {Role.ENTRY: "E", Role.STOP: "S", Role.TARGET: "T", Role.EXIT: "X"}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_COUNTER_WIDTH = 4
_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)
_PAIR = len(_PAIRS)
_DEAD_MANS = re.compile(r"D[0-9]+N[0-9]+", re.ASCII)


def client_id_of(run_code: str, role: Role, number: int) -> str:
    """Return the id of a run's order with this number, at least four digits of base 36."""
    return f"{run_code}{_ROLE_LETTERS[role]}{_base36(number)}"


def is_of_run(client_id: str, run_code: str) -> bool:
    """Say whether an id has the form of those of a run; of a run without a code none has.

    Another run's code may begin with this one: the rest must be a letter and the counter.
    """
    role, counter = client_id[len(run_code) :][:1], client_id[len(run_code) + 1 :]
    has_form = role in _ROLE_LETTERS.values() and len(counter) == _COUNTER_WIDTH
    return bool(run_code) and client_id.startswith(run_code) and has_form


def dead_man_id_of(run_code: str, token: int, number: int) -> str:
    """Return the id of an order that brings a run out without its engine.

    `token`: of the lease that it is sent under; `number`: counts the orders of that lease.
    """
    return f"{run_code}D{token}N{number}"


def is_of_dead_man(client_id: str, run_code: str) -> bool:
    """Say whether an id has the form of those that bring this run out without its engine."""
    is_headed = bool(run_code) and client_id.startswith(run_code)
    return is_headed and _DEAD_MANS.fullmatch(client_id, len(run_code)) is not None


def _base36(number: int) -> str:
    """Return at least four digits."""
    text = _PAIRS[number // _PAIR % _PAIR] + _PAIRS[number % _PAIR]
    number //= _PAIR * _PAIR
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text
