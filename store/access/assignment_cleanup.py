"""Taking all customers from an administrator: a few at once, the rest slice by slice behind it.

Access itself ends with the administrator's own document: a removed one is let in no more, and another role is not
bound to assignments. Until the drop is finished the administrator cannot become an ADMINISTRATOR again, so that
nothing that was taken comes back for a moment.
"""

from dataclasses import replace

from store.access.assignment_changes import remove_assignment
from store.access.delivered_assignments import match_assigned_customers
from store.changes.customer_batch import BATCH_SIZE, load_customers, write_customers
from store.changes.mutations import Mutation
from store.database.client import Client, DeleteMany, Document, IndexModel, Session
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction

COLLECTION = "assignment_cleanups"
ASSIGNMENT_CLEANUP_INDEXES = (IndexModel([("partner_id", 1), ("administrator_id", 1)], name="administrator"),)


async def begin_assignment_cleanup(mutation: Mutation, administrator: Document) -> None:
    """Takes the customers of one slice away, and leaves the rest to the job."""
    now, scope = mutation.scope.now, mutation.scope
    drop: Document = {
        "_id": new_id("drp"),
        "partner_id": scope.partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "administrator_id": administrator["_id"],
        "name": administrator["display_name"],
        "actor_id": mutation.actor.id,
    }
    if await _remove_assignments(_all_customers(scope), drop, mutation.session) == BATCH_SIZE:
        await scope.collection(COLLECTION).insert_many([drop], session=mutation.session)


async def is_cleanup_pending(scope: Scope, administrator_id: str, session: Session) -> bool:
    """Whether customers are still being taken from the administrator."""
    where = {**scope.match(), "administrator_id": administrator_id}
    return await scope.collection(COLLECTION).find_one(where, {"_id": 1}, session=session) is not None


async def pending_assignment_cleanups(client: Client) -> list[Document]:
    """The drops of all partners that are not finished: for the job that works them off."""
    return await client.collection(COLLECTION).find({}, sort=[("_id", 1)], limit=100)


async def continue_assignment_cleanup(scope: Scope, drop: Document) -> int:
    """Takes the next customers away, in one transaction; answers how many there were."""

    async def attempt(session: Session) -> int:
        dropped = await _remove_assignments(scope, drop, session)
        if not dropped:
            finished = DeleteMany({**scope.match(), "_id": drop["_id"]})
            await scope.collection(COLLECTION).bulk_write([finished], session=session)
        return dropped

    return await in_transaction(scope.client, attempt)


async def _remove_assignments(scope: Scope, drop: Document, session: Session) -> int:
    where = match_assigned_customers(scope, drop["administrator_id"])
    found = await scope.collection("customers").find(where, {"_id": 1}, limit=BATCH_SIZE, session=session)
    if not found:
        return 0
    batch = await load_customers(scope, {"_id": {"$in": [one["_id"] for one in found]}}, session)
    for work in batch.changes:
        remove_assignment(work, drop["administrator_id"], drop["name"])
    await write_customers(batch, drop["actor_id"])
    return len(found)


def _all_customers(scope: Scope) -> Scope:
    return replace(scope, administrator_id=None, role=None)
