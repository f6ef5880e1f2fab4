"""When an administrator was last here."""

import asyncio
from datetime import timedelta

from msgspec.structs import replace

from store.database.client import Client, Document
from store.database.scope import Scope
from store.tenants.sign_ins import SIGN_IN_INTERVAL, record_sign_in
from tests.store.factory_customers import partner_scope

IDENTITY = "adm_1"


async def administrator(scope: Scope) -> Document:
    found = await scope.collection("administrators").find_one({**scope.match(), "_id": IDENTITY})
    assert found is not None
    return found


async def test_a_sign_in_is_written_at_most_once_a_minute(client: Client) -> None:
    scope = await partner_scope(client)
    stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": scope.now, "updated_at": scope.now}
    await scope.collection("administrators").insert_many([{"_id": IDENTITY, **stamps, "last_sign_in_at": None}])

    async def seen_after(passed: timedelta) -> timedelta:
        await record_sign_in(replace(scope, now=scope.now + passed), IDENTITY)
        kept: timedelta = (await administrator(scope))["last_sign_in_at"] - scope.now
        return kept

    a_moment = timedelta(milliseconds=1)
    assert await seen_after(timedelta(0)) == timedelta(0)
    assert await seen_after(a_moment) == await seen_after(SIGN_IN_INTERVAL - a_moment) == timedelta(0)
    assert await seen_after(SIGN_IN_INTERVAL) == SIGN_IN_INTERVAL == timedelta(minutes=1)
    # Requests of one moment, and one that comes late: the first of them has written already.
    await asyncio.gather(*(seen_after(SIGN_IN_INTERVAL + number * a_moment) for number in range(20)))
    assert await seen_after(timedelta(0)) == SIGN_IN_INTERVAL
    # Being here changes nothing that anybody edits.
    assert (await administrator(scope))["version"] == 1
