"""Taking a deleted tag off every customer: a few with the deletion itself, the rest slice by slice behind it.

Nobody sees a deleted tag, wherever it still stands; the sweep only makes that true of the documents too.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.customers.keys import dimension_key
from store.changes.customer_batch import SLICE
from store.changes.mutations import Mutation
from store.database.client import Client, DeleteMany, Document, IndexModel, Session
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import DEADLINE_SECONDS, in_transaction
from store.tags.customer_tags import Tagging
from store.tags.retagging import retag
from store.tenants.partners import Partners

COLLECTION = "tag_sweeps"
TAG_SWEEP_INDEXES = (IndexModel([("partner_id", 1), ("tag_id", 1)], name="tag", unique=True),)
# A transaction that began before the deletion may still put the tag on somebody: not longer than it may last.
_STRAGGLERS = timedelta(seconds=DEADLINE_SECONDS + 2)


async def begin_sweep(mutation: Mutation, tag_id: str, name: str) -> None:
    """Takes the tag off the customers of one slice, and leaves the rest to the job."""
    now = mutation.scope.now
    sweep: Document = {
        "_id": new_id("swp"),
        "partner_id": mutation.scope.partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "tag_id": tag_id,
        "name": name,
        "administrator_id": mutation.actor.id,
    }
    await mutation.scope.collection(COLLECTION).insert_many([sweep], session=mutation.session)
    await _swept(_whole(mutation.scope), sweep, mutation.session)


async def waiting_sweeps(client: Client) -> list[Document]:
    """The sweeps of all partners that are not finished: for the job that works them off."""
    return await client.collection(COLLECTION).find({}, sort=[("_id", 1)], limit=100)


async def sweep_on(scope: Scope, sweep: Document) -> int:
    """Takes the tag off the next customers, in one transaction; answers how many had it."""

    async def attempt(session: Session) -> int:
        swept = await _swept(scope, sweep, session)
        if not swept and scope.now - sweep["created_at"] > _STRAGGLERS:
            finished = DeleteMany({**scope.match(), "_id": sweep["_id"]})
            await scope.collection(COLLECTION).bulk_write([finished], session=session)
        return swept

    return await in_transaction(scope.client, attempt)


async def _swept(scope: Scope, sweep: Mapping[str, Any], session: Session) -> int:
    where = {**scope.match(), "keys": dimension_key("tag", sweep["tag_id"])}
    found = await scope.collection("customers").find(where, {"_id": 1}, limit=SLICE, session=session)
    if not found:
        return 0
    tagging = Tagging({sweep["tag_id"]: sweep["name"]}, are_added=False)
    of_slice = {"_id": {"$in": [one["_id"] for one in found]}}
    partner = await Partners(scope).get(session=session)
    await retag(scope, of_slice, tagging, session, sweep["administrator_id"], partner)
    return len(found)


def _whole(scope: Scope) -> Scope:
    """The whole partner: whoever deletes a tag takes it off customers of others too."""
    return replace(scope, administrator_id=None, role=None)
