"""Filters with deleted tags: they mean what clients see, also while a job still takes the tags off customers."""

import pytest

from domain.customers.filter import parse_filter
from store.customers.customers import Customers
from store.database.client import Client
from store.tags.deleted_tags import without_deleted_tags
from tests.store.factory_customers import add_customer, partner_scope, subscription


@pytest.mark.parametrize("has_cleanup", [False, True])
async def test_a_customer_has_only_the_tags_that_exist(client: Client, has_cleanup: bool) -> None:
    scope = await partner_scope(client)
    stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": scope.now, "updated_at": scope.now}
    tag = {"_id": "tag_kept", "name": "Kept", "name_key": "kept", "name_folded": "kept", "color": "RED"}
    await scope.collection("tags").insert_many([{**tag, **stamps, "description": None, "created_by": None}])
    kept = await add_customer(scope, "C-1", subscription("S-1"), tag_ids=["tag_kept", "tag_gone"])
    bare = await add_customer(scope, "C-2", subscription("S-2"))
    deleted_only = await add_customer(scope, "C-3", subscription("S-3"), tag_ids=["tag_gone"])
    if has_cleanup:
        await scope.collection("tag_cleanups").insert_many([{"_id": "tcl_1", "tag_id": "tag_gone", **stamps}])
    # Without a cleanup no customer stores a deleted tag, so the stored keys are taken as they are.
    untagged = {bare, deleted_only} if has_cleanup else {bare}
    for raw in ({"has_tags": False}, {"not_": {"has_tags": True}}, {"any_of": [{"has_tags": False}, {"tag": ["x"]}]}):
        condition = await without_deleted_tags(scope, parse_filter(raw))
        assert await Customers(scope).count(condition) == len(untagged)
    condition = await without_deleted_tags(scope, parse_filter({"has_tags": True, "tag": ["tag_kept", "tag_gone"]}))
    assert await Customers(scope).count(condition) == len({kept})
