"""Removal of a deleted tag from all customers: one batch in the deletion's transaction, the others by a job.

No read returns a deleted tag, even while customers still store it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from domain.customers.keys import dimension_key
from store.changes.customer_batch import BATCH_SIZE
from store.changes.mutations import Mutation
from store.database.client import DeleteMany, Document, IndexModel, Session
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import DEADLINE_SECONDS, in_transaction
from store.tags.customer_tags import Tagging
from store.tags.retagging import Retagging
from store.tenants.partners import Partners

COLLECTION = "tag_cleanups"
TAG_CLEANUP_INDEXES = (IndexModel([("partner_id", 1), ("tag_id", 1)], name="tag", unique=True),)
# A transaction that began before the deletion can still assign the tag, until its deadline.
_LATE_TRANSACTIONS = timedelta(seconds=DEADLINE_SECONDS + 2)


async def start_tag_cleanup(mutation: Mutation[Any], tag_id: str, name: str) -> None:
    """Remove the tag from one batch of customers and insert the cleanup for the job."""
    now = mutation.scope.now
    cleanup: Document = {
        "_id": new_id("tcl"),
        "partner_id": mutation.scope.partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "tag_id": tag_id,
        "name": name,
        "administrator_id": mutation.actor.id,
    }
    await mutation.scope.collection(COLLECTION).insert_many([cleanup], session=mutation.session)
    # The deletion also affects customers that the administrator does not see.
    scope = replace(mutation.scope, administrator_id=None, role=None)
    await _clean_batch(
        cleanup, Retagging(scope, mutation.session, mutation.actor.id, _removal(cleanup), mutation.partner, now)
    )


async def is_tag_cleanup_pending(scope: Scope) -> bool:
    """Return whether customers of the partner may still store a deleted tag."""
    return await scope.collection(COLLECTION).find_one(scope.match(), {"_id": 1}) is not None


async def continue_tag_cleanup(scope: Scope, cleanup: Document) -> int:
    """Remove the tag from the next batch of customers; return their number.

    The cleanup is finished after a batch without customers, but not before late transactions have ended.
    """

    async def attempt(session: Session) -> int:
        partner = await Partners(scope).get(session=session)
        retagging = Retagging(scope, session, cleanup["administrator_id"], _removal(cleanup), partner)
        cleaned = await _clean_batch(cleanup, retagging)
        if not cleaned and scope.now - cleanup["created_at"] > _LATE_TRANSACTIONS:
            finished = DeleteMany({**scope.match(), "_id": cleanup["_id"]})
            await scope.collection(COLLECTION).bulk_write([finished], session=session)
        return cleaned

    return await in_transaction(scope.client, attempt)


async def _clean_batch(cleanup: Mapping[str, Any], retagging: Retagging) -> int:
    scope = retagging.scope
    where = {**scope.match(), "keys": dimension_key("tag", cleanup["tag_id"])}
    collection = scope.collection("customers")
    customers = await collection.find(where, {"_id": 1}, limit=BATCH_SIZE, session=retagging.session)
    if customers:
        await retagging.run({"_id": {"$in": [customer["_id"] for customer in customers]}})
    return len(customers)


def _removal(cleanup: Mapping[str, Any]) -> Tagging:
    return Tagging({cleanup["tag_id"]: cleanup["name"]}, is_addition=False)
