"""Taking a deleted tag off every customer: a few with the deletion itself, the rest slice by slice behind it.

Nobody sees a deleted tag, wherever it still stands; the cleanup only makes that true of the documents too.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.customers.keys import dimension_key
from store.changes.customer_batch import BATCH_SIZE
from store.changes.mutations import Mutation
from store.database.client import Client, DeleteMany, Document, IndexModel, Session
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import DEADLINE_SECONDS, in_transaction
from store.tags.customer_tags import Tagging
from store.tags.retagging import retag
from store.tenants.partners import Partners

COLLECTION = "tag_cleanups"
TAG_CLEANUP_INDEXES = (IndexModel([("partner_id", 1), ("tag_id", 1)], name="tag", unique=True),)
# A transaction that began before the deletion may still put the tag on somebody: not longer than it may last.
_LATE_TRANSACTIONS = timedelta(seconds=DEADLINE_SECONDS + 2)


async def start_tag_cleanup(mutation: Mutation, tag_id: str, name: str) -> None:
    """Takes the tag off the customers of one slice, and leaves the rest to the job."""
    now = mutation.scope.now
    cleanup: Document = {
        "_id": new_id("swp"),
        "partner_id": mutation.scope.partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "tag_id": tag_id,
        "name": name,
        "administrator_id": mutation.actor.id,
    }
    await mutation.scope.collection(COLLECTION).insert_many([cleanup], session=mutation.session)
    await _clean_batch(_without_viewer(mutation.scope), cleanup, mutation.session)


async def find_tag_cleanups(client: Client) -> list[Document]:
    """The cleanups of all partners that are not finished: for the job that works them off."""
    return await client.collection(COLLECTION).find({}, sort=[("_id", 1)], limit=100)


async def continue_tag_cleanup(scope: Scope, cleanup: Document) -> int:
    """Takes the tag off the next customers, in one transaction; answers how many had it."""

    async def attempt(session: Session) -> int:
        swept = await _clean_batch(scope, cleanup, session)
        if not swept and scope.now - cleanup["created_at"] > _LATE_TRANSACTIONS:
            finished = DeleteMany({**scope.match(), "_id": cleanup["_id"]})
            await scope.collection(COLLECTION).bulk_write([finished], session=session)
        return swept

    return await in_transaction(scope.client, attempt)


async def _clean_batch(scope: Scope, cleanup: Mapping[str, Any], session: Session) -> int:
    where = {**scope.match(), "keys": dimension_key("tag", cleanup["tag_id"])}
    found = await scope.collection("customers").find(where, {"_id": 1}, limit=BATCH_SIZE, session=session)
    if not found:
        return 0
    tagging = Tagging({cleanup["tag_id"]: cleanup["name"]}, is_addition=False)
    of_slice = {"_id": {"$in": [one["_id"] for one in found]}}
    partner = await Partners(scope).get(session=session)
    await retag(scope, of_slice, tagging, session, cleanup["administrator_id"], partner)
    return len(found)


def _without_viewer(scope: Scope) -> Scope:
    """The whole partner: whoever deletes a tag takes it off customers of others too."""
    return replace(scope, administrator_id=None, role=None)
