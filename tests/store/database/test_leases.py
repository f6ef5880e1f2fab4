"""A lease has one owner at a time."""

import asyncio

from store.database.client import Client
from store.database.leases import acquire_lease, release_lease, renewed_lease


async def test_has_one_owner_until_it_is_released_or_expires(client: Client) -> None:
    assert await acquire_lease(client, "job", "a", 30)
    assert not await acquire_lease(client, "job", "b", 30)
    assert await acquire_lease(client, "job", "a", 30)
    await release_lease(client, "job", "a")
    assert await acquire_lease(client, "job", "b", 0)
    assert await acquire_lease(client, "job", "c", 30)


async def test_only_the_owner_releases_it(client: Client) -> None:
    assert await acquire_lease(client, "job", "a", 30)
    await release_lease(client, "job", "b")
    assert not await acquire_lease(client, "job", "b", 30)


async def test_jobs_have_separate_leases(client: Client) -> None:
    assert await acquire_lease(client, "one", "a", 30)
    assert await acquire_lease(client, "two", "b", 30)


async def test_one_of_fifty_concurrent_processes_gets_it(client: Client) -> None:
    acquired = await asyncio.gather(*(acquire_lease(client, "job", str(n), 30) for n in range(50)))
    assert sum(acquired) == 1


async def test_is_renewed_for_as_long_as_the_block_lasts(client: Client) -> None:
    assert await acquire_lease(client, "job", "a", 0.6)
    async with renewed_lease(client, "job", "a", 0.6):
        await asyncio.sleep(1.2)
        assert not await acquire_lease(client, "job", "b", 0.6)
    await asyncio.sleep(0.8)
    assert await acquire_lease(client, "job", "b", 30)


async def test_says_that_it_is_lost_once_another_owner_has_it(client: Client) -> None:
    assert await acquire_lease(client, "job", "a", 0.3)
    async with renewed_lease(client, "job", "a", 0.3) as renewal:
        await asyncio.sleep(0.2)
        assert not renewal.is_lost
        await client.collection("leases").update_one({"_id": "job"}, {"$set": {"owner": "b"}})
        async with asyncio.timeout(10):
            while not renewal.is_lost:
                await asyncio.sleep(0.01)


async def test_no_renewal_follows_the_release(client: Client) -> None:
    for attempt in range(30):
        assert await acquire_lease(client, "job", "a", 30)
        async with renewed_lease(client, "job", "a", 0.003):
            await asyncio.sleep(0.001 + attempt * 0.0001)
        await release_lease(client, "job", "a")
        assert await client.collection("leases").find({}) == []
