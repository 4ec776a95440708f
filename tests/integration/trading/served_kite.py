"""A kitesim that serves a made day from a thread of its own, and the desk's login at it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import kiteconnect
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.utils import timezone

from execution.kitesim.faults import FaultRule
from marketdata.built_day import BuiltDay
from marketdata.tape import TapeReader
from trading.bootstrap_kitesim import KiteSim, SimDay, SimSettings, kitesim_of
from trading.made_days import make_day
from trading.models import BrokerSession

DAY = date(2026, 10, 6)


@dataclass(frozen=True)
class ServedKite:
    """A kitesim that is up, and the day it plays."""

    sim: KiteSim
    built: BuiltDay


@contextmanager
def served_kite(folder: Path, *rules: FaultRule, control: bool = False) -> Iterator[ServedKite]:
    """Serve a made day; the market stands at its open."""
    built = make_day(3, DAY, folder, seconds_per_tick=60)
    day = SimDay(
        tape=TapeReader(built.tape_path),
        warmup=built.warmup_path,
        seed=3,
        speed=0,
        rules=rules,
        settings=SimSettings(limits=None),
        control=control,
    )
    sim, loop = kitesim_of(day), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(sim.__aenter__(), loop).result(10)
    try:
        yield ServedKite(sim, built)
    finally:
        asyncio.run_coroutine_threadsafe(sim.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def log_in(kite: ServedKite, settings) -> BrokerSession:
    """Log the desk in, as the console does after a person has been at the broker's page."""
    settings.KITE_API_KEY = kite.sim.keys.api_key
    settings.KITE_API_SECRET = kite.sim.keys.api_secret
    settings.KITE_ROOT, settings.KITE_WS_ROOT = kite.sim.root, kite.sim.ws_root
    client = kiteconnect.KiteConnect(kite.sim.keys.api_key, root=kite.sim.root)
    told = client.generate_session(kite.sim.request_token(), kite.sim.keys.api_secret)
    client.reqsession.close()
    now: datetime = timezone.now()
    return BrokerSession.objects.create(
        api_key=kite.sim.keys.api_key,
        user_id=told["user_id"],
        token=Fernet(django_settings.TOKEN_KEY).encrypt(told["access_token"].encode()).decode(),
        by="tests",
        logged_in_at=now,
        expires_at=now + timedelta(hours=8),
    )
