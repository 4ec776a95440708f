from __future__ import annotations

import pytest
from django.db.utils import OperationalError

from aitrapp.unset_database.base import DatabaseWrapper


def test_using_no_database_names_the_key_and_the_way_out():
    connection = DatabaseWrapper({"NAME": "unset", "OPTIONS": {}, "TIME_ZONE": None})

    with pytest.raises(OperationalError, match=r"^DATABASE_URL is not set: expected postgresql://"):
        connection.ensure_connection()
