"""All waits of one request for a database that is away share one limit, in whatever order it leaves and returns."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import suppress
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo import MongoClient

from domain.failures import Unavailable
from store.database.client import Client, PyMongoError, Session
from store.database.driver_events.outages import MAX_OUTAGE_SECONDS, has_majority, request_began
from store.database.transactions import in_transaction
from store.database.waits import limit_waits
from tests.faults.scale import time_limit
from tests.mongod import Mongod, temporary_replica_set

# The requests of these tests began this long before the rest of their limit.
BEFORE_SECONDS = 2.0
REST_SECONDS = MAX_OUTAGE_SECONDS - BEFORE_SECONDS
# What the event loop of a busy machine adds to a limit.
LATENESS_SECONDS = 1.0
# The driver notices a hung server sooner than that of the product.
NOTICING = {"heartbeatFrequencyMS": 500, "connectTimeoutMS": 500}


@pytest.fixture(scope="module")
def mongod() -> Iterator[Mongod]:
    """A mongod that the tests of this module stop."""
    with temporary_replica_set() as (only,):
        yield only
        only.send(signal.SIGCONT)


@pytest.fixture(params=["motor", "pymongo"])
async def client(mongod: Mongod, request: Any) -> AsyncIterator[Client]:
    """A client that has reached the database."""
    opened = Client(mongod.uri, "outages", driver=request.param, notices_outages=True, **NOTICING)
    await opened.collection("notes").insert_many([{"partner_id": "acme"}])
    yield opened
    mongod.send(signal.SIGCONT)
    await opened.close()


async def read_until_stopped(client: Client) -> None:
    """Read again and again, as an operation of many steps that go on without what they could not read."""
    while True:
        with suppress(PyMongoError):
            await client.collection("notes").find({})
        await asyncio.sleep(0)


async def wait_until_away(client: Client) -> None:
    while not client.outages.was_away_since(monotonic()):
        await asyncio.sleep(0.01)


async def check_is_stopped(client: Client, work: Awaitable[object]) -> None:
    """Check that the work of a request is stopped when the rest of its limit is over."""
    began_at = monotonic()
    with request_began(began_at - BEFORE_SECONDS), pytest.raises(Unavailable):
        async with client.outages.limit_request():
            await work
    assert REST_SECONDS <= monotonic() - began_at < time_limit(REST_SECONDS + LATENESS_SECONDS)


async def test_reads_that_meet_an_outage_share_its_limit(mongod: Mongod, client: Client) -> None:
    asyncio.get_running_loop().call_later(0.2, mongod.send, signal.SIGSTOP)
    await check_is_stopped(client, read_until_stopped(client))


async def test_a_second_wait_after_a_return_does_not_begin_anew(mongod: Mongod, client: Client) -> None:
    mongod.send(signal.SIGSTOP)
    await wait_until_away(client)
    request = asyncio.create_task(check_is_stopped(client, read_until_stopped(client)))
    await asyncio.sleep(0.2)
    mongod.send(signal.SIGCONT)
    while client.outages.was_away_since(monotonic()):
        await asyncio.sleep(0.01)
    mongod.send(signal.SIGSTOP)
    await request


async def test_a_transaction_ends_with_the_limit(mongod: Mongod, client: Client) -> None:
    async def hang_before_the_write(session: Session) -> None:
        mongod.send(signal.SIGSTOP)
        await client.collection("notes").insert_many([{"partner_id": "hanging"}], session=session)

    await check_is_stopped(client, in_transaction(client, hang_before_the_write))
    mongod.send(signal.SIGCONT)
    with MongoClient[dict[str, Any]](mongod.uri) as admin:
        assert admin["outages"]["notes"].count_documents({"partner_id": "hanging"}) == 0


async def test_a_long_request_without_an_outage_goes_on(client: Client) -> None:
    with request_began(monotonic() - MAX_OUTAGE_SECONDS - 1):
        async with client.outages.limit_request():
            for _ in range(5):
                assert await client.collection("notes").find({})


async def test_a_block_ends_at_its_time_without_an_outage(client: Client) -> None:
    began_at = monotonic()
    with pytest.raises(TimeoutError):
        async with client.outages.limit_request(0.2):
            await asyncio.Event().wait()
    assert 0.2 <= monotonic() - began_at < time_limit(1)
    async with client.outages.limit_request(0.01):
        pass
    # The limit of a block that has ended cancels nothing later.
    await asyncio.sleep(0.03)


async def test_the_own_limit_of_a_block_stays_its_own(client: Client) -> None:
    with pytest.raises(TimeoutError):
        async with client.outages.limit_request(), asyncio.timeout(0):
            await asyncio.Event().wait()


@pytest.mark.parametrize("ends_at_once", [True, False])
async def test_a_cancelled_request_leaves_nothing_to_the_garbage_collector(client: Client, ends_at_once: bool) -> None:
    async def request() -> None:
        # As the frames of an operation have it.
        limit = client.outages.limit_request()
        await limit_waits(asyncio.sleep(0 if ends_at_once else 60), limit)
        await asyncio.sleep(60)

    async def cancel_one() -> None:
        task = asyncio.create_task(request())
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    await cancel_one()
    gc.collect()
    for _ in range(20):
        await cancel_one()
    assert gc.collect() < 20


@pytest.mark.parametrize(
    ("kind", "members", "expected"),
    [
        ("ReplicaSetWithPrimary", ["RSPrimary", "RSSecondary", "RSSecondary"], True),
        ("ReplicaSetWithPrimary", ["RSPrimary", "RSSecondary", "Unknown"], True),
        ("ReplicaSetWithPrimary", ["RSPrimary", "Unknown", "Unknown"], False),
        ("ReplicaSetWithPrimary", ["RSPrimary", "RSOther", "RSArbiter"], False),
        ("ReplicaSetNoPrimary", ["RSSecondary", "RSSecondary", "Unknown"], False),
        ("Sharded", ["Mongos", "Unknown", "Unknown"], True),
        ("Single", ["RSPrimary"], True),
        ("Unknown", ["Unknown"], False),
    ],
)
def test_a_majority_of_a_set_with_a_primary_is_up(kind: str, members: list[str], expected: bool) -> None:
    servers = {number: SimpleNamespace(server_type_name=name) for number, name in enumerate(members)}
    topology: Any = SimpleNamespace(
        topology_type_name=kind,
        has_writable_server=lambda: bool({"RSPrimary", "Mongos"} & set(members)),
        server_descriptions=lambda: servers,
    )
    assert has_majority(topology) is expected
