"""Budgets in MongoDB: concurrent reservations of several processes never exceed the bucket."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain.failures import Unavailable
from domain.rate_limits import RateLimit, Reservation
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants import rate_budgets
from store.tenants.rate_budgets import COLLECTION, StoredBudget, give_back_budget, reserve_budget

# It leaks 0.001 during a slow test.
LIMIT = RateLimit(capacity=1000, per_second=0.00001)


async def _reserve(scope: Scope, name: str, limit: RateLimit, needed: float) -> Reservation:
    reservation, _ = await reserve_budget(scope, name, limit, needed)
    return reservation


async def test_concurrent_reservations_never_exceed_the_bucket(client: Client) -> None:
    scope = Scope(client, "acme", utc_now())
    reservations = await asyncio.gather(*(_reserve(scope, "adm_1", LIMIT, 1) for _ in range(30)))
    amounts = [round(reservation.amount) for reservation in reservations]
    assert sorted(amounts) == [0] * 10 + [50] * 20
    other = Scope(client, "other", utc_now())
    assert (await _reserve(scope, "adm_2", LIMIT, 900)).amount == 900
    assert (await _reserve(other, "adm_1", LIMIT, 900)).amount == 900


async def test_a_known_budget_takes_one_round_trip(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    scope, reads = Scope(client, "acme", utc_now()), 0
    find = rate_budgets._find_budget

    async def count_and_find(*arguments: Any) -> StoredBudget | None:
        nonlocal reads
        reads += 1
        return await find(*arguments)

    monkeypatch.setattr(rate_budgets, "_find_budget", count_and_find)
    known: StoredBudget | None = None
    for number in range(1, 11):
        reservation, known = await reserve_budget(scope, "adm_1", LIMIT, 50, known)
        assert (reservation.amount, reads) == (50, 1)
        assert known is not None
        assert (round(known.bucket.level), known.version) == (50 * number, number)
    # Another process reserves: what is known is read again.
    await _reserve(scope, "adm_1", LIMIT, 400)
    refused, current = await reserve_budget(scope, "adm_1", LIMIT, 150, known)
    assert (refused.amount, reads) == (0, 3)
    reservation, _ = await reserve_budget(scope, "adm_1", LIMIT, 100, current)
    assert (round(reservation.amount), reads) == (100, 3)
    # A refusal is never of what was known alone: another process may have given back.
    await give_back_budget(scope, "adm_1", LIMIT, 500)
    reservation, _ = await reserve_budget(scope, "adm_1", LIMIT, 500, current)
    assert round(reservation.amount) == 500


async def test_what_is_given_back_can_be_reserved_again(client: Client) -> None:
    scope = Scope(client, "acme", utc_now())
    await give_back_budget(scope, "adm_1", LIMIT, 50)
    assert await client.collection(COLLECTION).count(scope.match()) == 0
    await _reserve(scope, "adm_1", LIMIT, 980)
    refused = await _reserve(scope, "adm_1", LIMIT, 100)
    assert (refused.amount, round(refused.bucket.level)) == (0, 980)
    await asyncio.gather(*(give_back_budget(scope, "adm_1", LIMIT, 100) for _ in range(5)))
    assert round((await _reserve(scope, "adm_1", LIMIT, 500)).amount) == 500


async def test_a_budget_of_a_clock_that_is_ahead_leaks_for_the_others(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope, now, limit = Scope(client, "acme", utc_now()), utc_now(), RateLimit(100, 1)
    # An hour ahead, then right, then half the window later.
    for seconds, needed, amount in ((3600, 100, 100), (0, 50, 0), (50, 50, 50), (50, 50, 0)):
        moment = now + timedelta(seconds=seconds)
        monkeypatch.setattr("store.tenants.rate_budgets.utc_now", lambda moment=moment: moment)
        reservation = await _reserve(scope, "adm_1", limit, needed)
        assert (reservation.amount, reservation.bucket.at) == (amount, moment)


async def test_a_budget_expires_once_its_bucket_is_empty(client: Client) -> None:
    scope, limit = Scope(client, "acme", utc_now()), RateLimit(100, 1)
    await _reserve(scope, "adm_1", limit, 100)
    stored = await client.collection(COLLECTION).find_one(scope.match())
    assert stored is not None
    assert (stored["expires_at"] - stored["at"]).total_seconds() == 3700


async def test_a_budget_that_others_change_all_the_time_is_unavailable(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = 0

    async def lose(*_: object) -> bool:
        nonlocal attempts
        attempts += 1
        return False

    scope = Scope(client, "acme", utc_now())
    await _reserve(scope, "adm_1", LIMIT, 10)
    monkeypatch.setattr("store.tenants.rate_budgets._store_bucket", lose)
    with pytest.raises(Unavailable):
        await _reserve(scope, "adm_1", LIMIT, 10)
    # What cannot be given back leaks away.
    await give_back_budget(scope, "adm_1", LIMIT, 10)
    assert attempts == 100
