"""Cleanups of deleted tags and of assignments: no partner waits for those of another."""

from operator import itemgetter

import pytest

from store.access import assignment_cleanup
from store.changes.cleanups import MAX_CLEANUPS_OF_A_RUN, find_cleanups
from store.database.client import Client
from store.tags import cleanup as tag_cleanup
from tests.store.factory_customers import partner_scope


@pytest.mark.parametrize("collection", [tag_cleanup.COLLECTION, assignment_cleanup.COLLECTION])
async def test_partners_take_turns(client: Client, collection: str) -> None:
    large, small = await partner_scope(client, "large"), await partner_scope(client, "small")
    # The large partner has begun 150 cleanups before the small one begins its own.
    for scope, numbers in ((large, range(150)), (small, range(150, 152))):
        stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": scope.now, "updated_at": scope.now}
        begun = [
            {"_id": f"c_{n:03}", **stamps, "tag_id": f"t{n}", "administrator_id": f"a{n}", "name": "N"} for n in numbers
        ]
        await scope.collection(collection).insert_many(begun)
    found = await find_cleanups(client, collection)
    assert [each["_id"] for each in found[:5]] == ["c_000", "c_150", "c_001", "c_151", "c_002"]
    assert list(map(itemgetter("partner_id"), found)).count("large") == MAX_CLEANUPS_OF_A_RUN
