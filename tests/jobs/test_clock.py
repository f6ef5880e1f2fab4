"""The jobs of the clock: each customer is evaluated once, by any process."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from jobs.clock import evaluate_due, expire_assignments, renew_due
from jobs.loop import JobLoop
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.store.factory_customers import (
    DAY,
    add_customer,
    add_customers,
    events_of,
    partner_scope,
    stored,
    subscription,
)


@pytest.fixture
async def three_clients(client: Client, mongo_uri: str) -> AsyncIterator[list[Client]]:
    clients = [Client(mongo_uri, client.database_name) for _ in range(3)]
    yield clients
    for one in clients:
        await one.close()


async def _until_gone(scope: Scope, key: str) -> None:
    async with asyncio.timeout(20):
        while await scope.collection("customers").count({**scope.match(), "keys": key}):
            await asyncio.sleep(0.01)


async def test_three_processes_evaluate_each_customer_once_and_in_time(
    client: Client, three_clients: list[Client]
) -> None:
    scope = await partner_scope(client)
    end = utc_now() + timedelta(seconds=1.5)
    await add_customers(scope, ((f"C-{n}", [subscription(f"S-{n}", ends_at=end)]) for n in range(150)))
    loops = [JobLoop(one) for one in three_clients]
    for loop in loops:
        loop.start()
    await _until_gone(scope, "status:EXPIRING_SOON")
    for loop in loops:
        await loop.stop()
    where = {**scope.match(), "kind": "STATUS_CHANGED", "entered": "EXPIRED"}
    turned = await scope.collection("events").find(where)
    assert len(turned) == len({event["customer_id"] for event in turned}) == 150
    assert {event["at"] for event in turned} == {end}


async def test_the_most_urgent_of_the_customers_due_at_one_moment_comes_first(client: Client) -> None:
    scope = await partner_scope(client)
    end = utc_now() + timedelta(seconds=1)
    calm = await add_customer(scope, "C-1", subscription("S-1", starts_at=end))
    urgent = await add_customer(scope, "C-2", subscription("S-2", starts_at=end), subscription("S-3", suspended=True))
    while utc_now() < end:
        await asyncio.sleep(0.01)
    assert await evaluate_due(client) == 2
    assert await evaluate_due(client) == 0
    assert (await stored(scope, calm))["statuses"] == ["SUBSCRIPTION"]
    assert (await events_of(scope, urgent))[-1]["created_at"] <= (await events_of(scope, calm))[-1]["created_at"]


async def test_a_due_renewal_is_written_once(client: Client) -> None:
    scope = await partner_scope(client)
    end = utc_now() + timedelta(seconds=1)
    id_ = await add_customer(scope, "C-1", subscription("S-1", auto_renew=True, ends_at=end, term_months=1))
    while utc_now() < end:
        await asyncio.sleep(0.01)
    assert (await renew_due(client), await renew_due(client)) == (1, 0)
    renewed = [event for event in await events_of(scope, id_) if event["kind"] == "SUBSCRIPTION_RENEWED"]
    assert [event["at"] for event in renewed] == [end]
    assert await scope.collection("orders").count({**scope.match(), "number": "S-1-R1"}) == 1
    assert (await stored(scope, id_))["next_expiry_at"] > end + 27 * DAY


async def test_an_assignment_ends_at_its_moment(client: Client) -> None:
    scope = await partner_scope(client)
    end = utc_now() + timedelta(seconds=1)
    held = {"administrator_id": "adm_1", "assigned_at": end, "assigned_by": None, "expires_at": end, "imported": True}
    id_ = await add_customer(scope, "C-1", assignments=[held])
    while utc_now() < end:
        await asyncio.sleep(0.01)
    assert await expire_assignments(client) == 1
    assert (await stored(scope, id_))["assignments"] == []


async def test_partners_take_turns_when_more_customers_are_due_than_one_run_takes(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.clock._CUSTOMERS_PER_RUN", 4)
    end = utc_now() + timedelta(seconds=1)
    large, small = await partner_scope(client, "large"), await partner_scope(client, "small")
    await add_customers(large, ((f"C-{n}", [subscription(f"S-{n}", ends_at=end)]) for n in range(6)))
    last = end + timedelta(milliseconds=1)
    await add_customers(small, [("C-1", [subscription("S-1", ends_at=last)])])
    while utc_now() < last:
        await asyncio.sleep(0.01)
    # The customers of the large partner have been due for longer, and would fill the run.
    assert await evaluate_due(client) == 5
    assert await small.collection("customers").count({**small.match(), "keys": "status:EXPIRED"}) == 1
    assert (await evaluate_due(client), await evaluate_due(client)) == (2, 0)
