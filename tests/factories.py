"""Rows for tests that need some and don't care which; literals stand in the tests themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import factory

from trading.models import Account, ConfigVersion, Instrument, Run
from trading.services.canonical import canonical, sha256_of

DAY = date(2021, 4, 9)
MORNING = datetime(2021, 4, 9, 3, 45, tzinfo=UTC)


class AccountFactory(factory.django.DjangoModelFactory):
    """A paper account of ten lakh."""

    class Meta:
        model = Account

    code = factory.Sequence(lambda n: f"paper-{n}")
    name = "Paper account"
    start_capital = Decimal(1_000_000)


class ConfigVersionFactory(factory.django.DjangoModelFactory):
    """A configuration that says only which one it is."""

    class Meta:
        model = ConfigVersion

    kind = "desk"
    number = factory.Sequence(lambda n: n + 1)
    document = factory.LazyAttribute(lambda version: canonical({"number": version.number}))
    sha256 = factory.LazyAttribute(lambda version: sha256_of(version.document))
    author = "tester"
    created_at = MORNING


class InstrumentFactory(factory.django.DjangoModelFactory):
    """The near future of NIFTY on the day."""

    class Meta:
        model = Instrument

    day = DAY
    exchange = "NFO"
    symbol = "NIFTY21APRFUT"
    token = factory.Sequence(lambda n: 1000 + n)
    name = "NIFTY"
    kind = "FUT"
    expiry = date(2021, 4, 29)
    lot_size = 75
    tick_size = Decimal("0.05")
    source = "tests"


class RunFactory(factory.django.DjangoModelFactory):
    """A running replay of the day."""

    class Meta:
        model = Run

    account = factory.SubFactory(AccountFactory)
    config_version = factory.SubFactory(ConfigVersionFactory)
    code = factory.Sequence(lambda n: f"RUN{n:04d}")
    mode = "REPLAY"
    date = DAY
    source = "tests"
    fencing_token = 7
    started_at = MORNING
