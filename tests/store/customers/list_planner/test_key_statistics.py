"""The cache of key counts: what is counted, for how long it is used, and what pages request."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from store.customers.customers import CUSTOMER_INDEXES
from store.customers.list_planner.key_statistics import KeyStatistics, count_requested_keys
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope

CREATED_AT = datetime(2026, 1, 1)
X, Y, BOTH = ("tag:x",), ("tag:y",), ("tag:x", "tag:y")


def customer(number: int, partner_id: str, *keys: str) -> dict[str, object]:
    """Return a customer with the fields that the validator requires; the index of external ids is unique."""
    required = {"version": 1, "created_at": CREATED_AT, "updated_at": CREATED_AT, "external_id": str(number)}
    return {"_id": f"{partner_id}_{number}", "partner_id": partner_id, "keys": list(keys), **required}


@pytest.fixture
async def scope(mongo_uri: str, database_name: str) -> AsyncIterator[Scope]:
    client = Client(mongo_uri, database_name)
    await client.collection("customers").create_indexes(CUSTOMER_INDEXES)
    await client.collection("customers").insert_many(
        [
            customer(1, "acme", "tag:x"),
            customer(2, "acme", "tag:x", "tag:y"),
            customer(3, "acme", "tag:z"),
            customer(1, "other", "tag:x"),
        ]
    )
    yield Scope(client, "acme", utc_now())
    await client.close()


async def test_counts_the_customers_of_the_partner_that_have_any_of_the_keys(scope: Scope) -> None:
    statistics = KeyStatistics(scope)
    assert await statistics.count([X, Y, BOTH]) == {X: 2, Y: 1, BOTH: 2}
    assert await KeyStatistics(replace(scope, partner_id="other")).count([X, Y]) == {X: 1, Y: 0}
    assert [statistics.known_count(keys) for keys in (X, Y, BOTH)] == [2, 1, 2]


async def test_a_missing_count_is_requested_once_and_counted_by_the_job(scope: Scope) -> None:
    statistics = KeyStatistics(scope)
    assert [statistics.known_count(X), statistics.known_count(X)] == [None, None]
    assert await count_requested_keys(scope.client) == 1
    assert KeyStatistics(replace(scope, now=utc_now())).known_count(X) == 2
    assert await count_requested_keys(scope.client) == 0


async def test_one_run_of_the_job_counts_at_most_twenty_keys(scope: Scope) -> None:
    for number in range(23):
        KeyStatistics(scope).known_count((f"tag:{number}",))
    assert [await count_requested_keys(scope.client) for _ in range(3)] == [20, 3, 0]


@pytest.mark.parametrize(("age", "is_fresh"), [(timedelta(minutes=9), True), (timedelta(minutes=10), False)])
async def test_a_count_of_ten_minutes_is_used_but_requested_again(scope: Scope, age: timedelta, is_fresh: bool) -> None:
    await KeyStatistics(scope).count([X])
    await scope.collection("customers").delete_many({**scope.match(), "_id": "acme_1"})
    later = KeyStatistics(replace(scope, now=scope.now + age))
    assert later.known_count(X) == 2
    assert await count_requested_keys(scope.client) == (0 if is_fresh else 1)
    assert await later.count([X]) == {X: 2 if is_fresh else 1}


async def test_a_count_of_the_future_is_counted_again(scope: Scope) -> None:
    """The clock may have been set back."""
    await KeyStatistics(scope).count([X])
    await scope.collection("customers").delete_many({**scope.match(), "_id": "acme_1"})
    assert await KeyStatistics(replace(scope, now=scope.now - timedelta(minutes=1))).count([X]) == {X: 1}


async def test_the_counts_of_two_clients_are_separate(scope: Scope, mongo_uri: str, database_name: str) -> None:
    await KeyStatistics(scope).count([X])
    other = Client(mongo_uri, database_name)
    assert KeyStatistics(replace(scope, client=other)).known_count(X) is None
    await other.close()
