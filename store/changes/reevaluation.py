"""Evaluates the customers of a partner whose settings, or rules of tags, have changed, in the order of their names.

A bulk job shows the progress. Each batch counts its customers in its own transaction, so a process that dies loses and
repeats nothing. Where the settings change again meanwhile, each customer gets the latest ones: a job has ended when no
customer is left whose settings are older than the job's.

No index of its own finds the customers with an older settings epoch. A customer that is renamed while this runs is
written with the current settings, so a scan in the order of names misses none of the others. One that is added by a
transaction that began before the change has the former settings: the last scan begins when those have ended.
"""

import asyncio
from collections.abc import Collection
from functools import partial
from typing import Any

from domain.customers.keys import ALL_CUSTOMERS_KEY
from domain.partner.bulk_jobs import BulkJobState
from store.changes.bulk_jobs import JOB_COLLECTION, RUNNING, end_job, insert_job
from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import apply_tag_rules
from store.changes.mutations import Mutation
from store.customers.orders import KEYS_INDEX
from store.database.client import Client, Document, Session
from store.database.keyset import DEFAULT_COLUMNS, keyset_conditions, sort_key_of
from store.database.open_transactions import wait_for_open_transactions
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.tenants.partners import MAX_EPOCHS, PartnerDocument


async def partners_to_reevaluate(client: Client, others: Collection[str] = ()) -> list[PartnerDocument]:
    """Return at most 100 partners beside `others` whose customers have not all been evaluated by their settings."""
    where: Document = {"reevaluating": True, "partner_id": {"$nin": list(others)}}
    documents = await client.collection("partners").find(where, limit=100)
    return [PartnerDocument(document) for document in documents]


async def reevaluate(scope: Scope, partner: PartnerDocument, turn: asyncio.Lock) -> int:
    """Evaluate every customer with an older settings epoch, one transaction per batch; return how many there were.

    Partners that are evaluated at the same time share `turn`: each waits for it before each of its batches.
    """
    count = await _evaluate(scope, partner, turn)
    if not count:
        await wait_for_open_transactions(scope.client)
        count = await _evaluate(scope, partner, turn)
    if not count:
        await in_transaction(scope.client, partial(_finish, scope, partner))
    return count


async def _evaluate(scope: Scope, partner: PartnerDocument, turn: asyncio.Lock) -> int:
    count, last_key = 0, None
    while True:
        async with turn:
            customers = await _next_batch(scope, partner.epoch, last_key)
            if not customers:
                return count
            last_key = sort_key_of(DEFAULT_COLUMNS, customers[-1])
            ids = [customer["_id"] for customer in customers]
            await change_customers(scope, {"_id": {"$in": ids}}, _count_progress)
        count += len(customers)


async def save_partner(mutation: Mutation[Any], values: Document, new_epoch: Document | None) -> str | None:
    """Change fields of the partner's document.

    `new_epoch` has the thresholds of the settings epoch that begins with it. Return the job that then evaluates every
    customer; None without a new epoch.
    """
    scope, partner = mutation.scope, mutation.partner
    change: Document = {"$set": {**values, "updated_at": scope.now}, "$inc": {"version": 1}}
    number = partner.epoch + 1
    if new_epoch is not None:
        epoch = {"epoch": number, "at": scope.now, **new_epoch}
        change["$push"] = {"settings_history": {"$each": [epoch], "$slice": -MAX_EPOCHS}}
        change["$set"]["reevaluating"] = True
    await scope.collection("partners").update_one(scope.match(), change, session=mutation.session)
    return None if new_epoch is None else await _insert_job(mutation, number)


async def _insert_job(mutation: Mutation[Any], epoch: int) -> str:
    where = {**mutation.scope.match(), "keys": ALL_CUSTOMERS_KEY}
    stages: list[Document] = [{"$match": where}, {"$count": "customers"}]
    customers = mutation.scope.collection("customers")
    counted = await customers.aggregate(stages, session=mutation.session, hint=KEYS_INDEX)
    total = counted[0]["customers"] if counted else 0
    return await insert_job(mutation, total, {"settings_epoch": epoch, "done": 0, "changed": 0, "skipped": 0})


async def _count_progress(batch: CustomerBatch) -> None:
    """Count the customers that the batch evaluates by the settings of each running job."""
    for job in await _find_running_jobs(batch.scope, batch.session):
        changes = [change for change in batch.changes if change.customer["settings_epoch"] < job["settings_epoch"]]
        counts = {
            "done": len(changes),
            "changed": sum(bool(change.transitions) or _is_against_rules(batch, change) for change in changes),
        }
        where = {**batch.scope.match(), "_id": job["_id"]}
        await batch.scope.collection(JOB_COLLECTION).update_one(where, {"$inc": counts}, session=batch.session)


def _is_against_rules(batch: CustomerBatch, change: CustomerChange) -> bool:
    """Return whether the customer's tags are not those of the rules, as far as its stored projection says."""
    ruled = apply_tag_rules(change.customer, batch.partner, batch.now)
    return bool(ruled.added or ruled.removed)


async def _finish(scope: Scope, partner: PartnerDocument, session: Session) -> None:
    """End the jobs, unless the settings have changed again since the partner was read."""
    where = {**scope.match(), "settings_history.epoch": {"$not": {"$gt": partner.epoch}}}
    change = {"$unset": {"reevaluating": ""}}
    if not await scope.collection("partners").update_one(where, change, session=session):
        return
    for job in await _find_running_jobs(scope, session):
        # Customers that other changes have evaluated meanwhile are done too.
        await end_job(scope, job["_id"], BulkJobState.DONE, {"done": job["total"]}, session)


async def _find_running_jobs(scope: Scope, session: Session) -> list[Document]:
    where = {**scope.match(), **RUNNING, "settings_epoch": {"$exists": True}}
    return await scope.collection(JOB_COLLECTION).find(where, session=session)


async def _next_batch(scope: Scope, epoch: int, last_key: tuple[object, ...] | None) -> list[Document]:
    where: Document = {**scope.match(), "keys": ALL_CUSTOMERS_KEY, "settings_epoch": {"$lt": epoch}}
    if last_key is not None:
        where["name_folded"] = {"$gte": last_key[0]}
        where["$or"] = keyset_conditions(DEFAULT_COLUMNS, last_key, inclusive=False)  # type: ignore[arg-type]
    return await scope.collection("customers").find(
        where, {"name_folded": 1}, sort=[("name_folded", 1), ("_id", 1)], limit=BATCH_SIZE, hint=KEYS_INDEX
    )
