"""A lease has one owner at a time."""

import asyncio
from collections.abc import Callable

from store.database.client import Client
from store.database.leases import Lease


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_has_one_owner_until_it_is_released(client: Client) -> None:
    leases = [Lease(client, "job", 1.5) for _ in range(20)]
    for lease in leases:
        lease.start()
    await _until(lambda: any(lease.is_held for lease in leases))
    for _ in range(3):
        (owner,) = [lease for lease in leases if lease.is_held]
        leases.remove(owner)
        await owner.stop()
        assert not owner.is_held
        await _until(lambda: any(lease.is_held for lease in leases))
    for lease in leases:
        await lease.stop()
    assert await client.collection("leases").find({}) == []


async def test_is_taken_over_when_its_owner_has_died(client: Client) -> None:
    async with Lease(client, "job", 0.3) as lease:
        await lease.wait_until_held()
        # As a process that was killed leaves it.
        await client.collection("leases").update_one({"_id": "job"}, [{"$set": {"owner": "dead"}}])
        await _until(lambda: not lease.is_held)
        async with asyncio.timeout(20):
            await lease.wait_until_held()


async def test_is_renewed_for_as_long_as_it_is_wanted(client: Client) -> None:
    async with Lease(client, "job", 1.5) as lease:
        await lease.wait_until_held()
        first = await client.collection("leases").find_one({"_id": "job"})
        renewed = first
        async with asyncio.timeout(20):
            while renewed == first:
                await asyncio.sleep(0.02)
                renewed = await client.collection("leases").find_one({"_id": "job"})
        assert first is not None and renewed is not None and renewed["owner"] == first["owner"]


async def test_only_the_owner_releases_it(client: Client) -> None:
    async with Lease(client, "job", 30) as lease:
        await lease.wait_until_held()
        async with Lease(client, "job", 30):
            pass
        assert await client.collection("leases").count({"_id": "job"}) == 1


async def test_leases_of_different_names_are_independent(client: Client) -> None:
    async with Lease(client, "one", 30) as one, Lease(client, "two", 30) as two, asyncio.timeout(20):
        await one.wait_until_held()
        await two.wait_until_held()


async def test_no_renewal_follows_the_release(client: Client) -> None:
    for attempt in range(20):
        async with Lease(client, "job", 0.006) as lease:
            await lease.wait_until_held()
            await asyncio.sleep(attempt * 0.0002)
        assert await client.collection("leases").find({}) == []
