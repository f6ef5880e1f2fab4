"""Removal of all assignments of an administrator: one batch in a mutation's transaction, the others by a job.

An import that takes the role or the administrator away requests a cleanup and carries it out; the job finishes it
where the import dies. The access itself ends with the administrator's document: a removed administrator is rejected,
and another role does not depend on assignments. Until the cleanup is finished, the administrator cannot become an
ADMINISTRATOR again. So no removed assignment takes effect again for a moment.
"""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from store.access.assignment_changes import remove_assignment
from store.changes.customer_batch import (
    BATCH_SIZE,
    CustomerBatch,
    load_customers,
    load_customers_at,
    write_customers,
)
from store.changes.mutations import Mutation
from store.database.client import DeleteMany, Document, IndexModel, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope, administrator_key
from store.database.transactions import in_transaction

COLLECTION = "assignment_cleanups"
ASSIGNMENT_CLEANUP_INDEXES = (IndexModel([("partner_id", 1), ("administrator_id", 1)], name="administrator"),)


async def begin_assignment_cleanup(mutation: Mutation[Any], administrator: Document) -> None:
    """Remove the assignments of one batch; insert a cleanup for the job where there may be more."""
    now, session = mutation.scope.now, mutation.session
    cleanup = _build_cleanup(mutation.scope, administrator, now, mutation.actor.id)
    # The removal also affects customers that the acting administrator does not see.
    scope = replace(mutation.scope, administrator_id=None, role=None)
    where = await _match_next_batch(scope, cleanup, session)
    batch = await load_customers_at(scope, where, session, mutation.partner, now)
    if await _remove_assignments(batch, cleanup) == BATCH_SIZE:
        await scope.collection(COLLECTION).insert_many([cleanup], session=session)


async def request_assignment_cleanup(scope: Scope, administrator: Document, session: Session) -> None:
    """Insert a cleanup of all assignments of the administrator; `finish_assignment_cleanups` carries it out."""
    cleanup = _build_cleanup(scope, administrator, utc_now(), None)
    await scope.collection(COLLECTION).insert_many([cleanup], session=session)


async def finish_assignment_cleanups(scope: Scope, administrator_id: str) -> None:
    """Carry out the unfinished cleanups of the administrator."""
    where = {**scope.match(), "administrator_id": administrator_id}
    for cleanup in await scope.collection(COLLECTION).find(where):
        while await continue_assignment_cleanup(scope, cleanup):
            pass


def _build_cleanup(scope: Scope, administrator: Document, now: datetime, actor_id: str | None) -> Document:
    return {
        "_id": new_id("acl"),
        "partner_id": scope.partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "administrator_id": administrator["_id"],
        "name": administrator["display_name"],
        "actor_id": actor_id,
    }


async def is_cleanup_pending(scope: Scope, administrator_id: str, session: Session) -> bool:
    """Return whether a cleanup of the administrator is unfinished."""
    where = {**scope.match(), "administrator_id": administrator_id}
    return await scope.collection(COLLECTION).find_one(where, {"_id": 1}, session=session) is not None


async def continue_assignment_cleanup(scope: Scope, cleanup: Document) -> int:
    """Remove the assignments of the next batch in one transaction; return the number of customers."""

    async def attempt(session: Session) -> int:
        where = await _match_next_batch(scope, cleanup, session)
        cleaned = await _remove_assignments(await load_customers(scope, where, session), cleanup)
        if not cleaned:
            finished = DeleteMany({**scope.match(), "_id": cleanup["_id"]})
            await scope.collection(COLLECTION).bulk_write([finished], session=session)
        return cleaned

    return await in_transaction(scope.client, attempt)


def match_assigned_customers(scope: Scope, administrator_id: str) -> Document:
    """Return the condition of the administrator's customers, also removed ones; the index of keys serves both."""
    existing = {"keys": administrator_key(administrator_id)}
    removed = {"keys": [], "assignments.administrator_id": administrator_id}
    return {**scope.match(), "$or": [existing, removed]}


async def _match_next_batch(scope: Scope, cleanup: Document, session: Session) -> Document:
    where = match_assigned_customers(scope, cleanup["administrator_id"])
    customers = await scope.collection("customers").find(where, {"_id": 1}, limit=BATCH_SIZE, session=session)
    return {"_id": {"$in": [customer["_id"] for customer in customers]}}


async def _remove_assignments(batch: CustomerBatch, cleanup: Document) -> int:
    for change in batch.changes:
        remove_assignment(change, cleanup["administrator_id"], cleanup["name"])
    await write_customers(batch, cleanup["actor_id"])
    return len(batch.changes)
