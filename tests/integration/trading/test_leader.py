from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from tests.factories import AccountFactory
from trading import leader
from trading.leader import LeaseTakenError
from trading.models import Account, LeaderLease

TTL = timedelta(seconds=30)


def expire() -> None:
    """Let every lease run out, by the database's own clock."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trading_leaderlease SET expires_at = clock_timestamp()")


@pytest.fixture
def account(db: None) -> Account:
    return AccountFactory()


def test_a_free_lease_is_taken_with_the_first_token(account: Account):
    lease = leader.acquire(account, "engine-a", TTL)

    assert lease.token == 1
    held = leader.current(account)
    assert (held.holder, held.token) == ("engine-a", 1)
    assert timedelta(seconds=29) < held.ttl <= TTL


def test_a_held_lease_is_refused_to_another(account: Account):
    leader.acquire(account, "engine-a", TTL)

    with pytest.raises(LeaseTakenError):
        leader.acquire(account, "engine-b", TTL)

    assert leader.current(account).holder == "engine-a"


def test_the_same_holder_gets_a_higher_token(account: Account):
    first = leader.acquire(account, "engine-a", TTL)

    second = leader.acquire(account, "engine-a", TTL)

    assert second.token == first.token + 1
    assert not leader.renew(first)
    assert leader.renew(second)


def test_an_expired_lease_goes_to_the_next_with_a_higher_token(account: Account):
    first = leader.acquire(account, "engine-a", TTL)
    expire()

    assert leader.current(account) is None
    second = leader.acquire(account, "engine-b", TTL)

    assert second.token == first.token + 1
    assert not leader.renew(first)
    assert not leader.release(first)
    assert leader.current(account).holder == "engine-b"


def test_an_expired_lease_cannot_be_renewed(account: Account):
    lease = leader.acquire(account, "engine-a", TTL)
    expire()

    assert not leader.renew(lease)


def test_renewing_moves_the_end_and_keeps_the_token(account: Account):
    lease = leader.acquire(account, "engine-a", timedelta(seconds=5))
    before = LeaderLease.objects.get().expires_at

    assert leader.renew(lease)

    held = LeaderLease.objects.get()
    assert held.expires_at > before
    assert held.token == lease.token


def test_a_released_lease_is_free_and_its_token_is_not_used_again(account: Account):
    lease = leader.acquire(account, "engine-a", TTL)

    assert leader.release(lease)

    assert leader.current(account) is None
    assert leader.acquire(account, "engine-b", TTL).token == lease.token + 1


def test_accounts_have_leases_of_their_own(account: Account):
    leader.acquire(account, "engine-a", TTL)

    assert leader.acquire(AccountFactory(), "engine-b", TTL).token == 1


def test_a_lease_without_holder_or_span_is_refused(account: Account):
    with pytest.raises(ValueError, match="ttl, holder"):
        leader.acquire(account, "", TTL)
    with pytest.raises(ValueError, match="ttl, holder"):
        leader.acquire(account, "engine-a", timedelta(0))


@pytest.mark.django_db(transaction=True)
def test_of_competitors_at_the_same_moment_one_wins(transactional_db):
    account = AccountFactory()
    start = threading.Barrier(6)
    tokens: list[int] = []
    refused: list[str] = []

    def compete(name: str) -> None:
        start.wait()
        try:
            tokens.append(leader.acquire(account, name, TTL).token)
        except LeaseTakenError:
            refused.append(name)
        finally:
            connection.close()

    threads = [threading.Thread(target=compete, args=(f"engine-{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert tokens == [1]
    assert len(refused) == 5
