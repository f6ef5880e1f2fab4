"""Bulk jobs that tag customers: the batches that they consist of, and the progress of any bulk job.

One transaction changes the customers of a batch and writes the counts into the batch. So a process that dies loses
nothing and repeats nothing, and the counts of a job are the sums over its batches.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.batches import split_into_batches
from domain.messages import translatable
from domain.partner.bulk_jobs import MAX_RUNNING_JOBS, BulkJobState
from domain.user_errors import UserErrorCode
from store.changes.bulk_jobs import JOB_COLLECTION, RUNNING, end_job, insert_job
from store.changes.mutations import Mutation
from store.database.client import Client, DeleteMany, Document, IndexModel, Session
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.tags.customer_tags import Tagging

# Larger ones are hardly faster, and others wait longer for their feed (docs/decisions/0015).
BATCH_SIZE = 120
# Of a job of 200,000 customers: to build and encode all batches at once takes 60 ms, in which others wait.
_CUSTOMERS_OF_AN_INSERT = 100 * BATCH_SIZE
BATCH_COLLECTION = "bulk_batches"
_COUNTERS = ("done", "changed", "skipped")
# The unfinished jobs that tag customers.
_RUNNING_TAGGING: Document = {**RUNNING, "tags": {"$exists": True}}
# The index covers the sums of a job, so reading its progress does not load the ids of its customers.
BULK_BATCH_INDEXES = (
    IndexModel(
        [(name, 1) for name in ("partner_id", "job_id", "is_done", "_id", *_COUNTERS)],
        name="figures",
    ),
)
_SUMS: Document = {"_id": None, **{name: {"$sum": f"${name}"} for name in _COUNTERS}}


class BulkJobDocument(Struct, frozen=True):
    """A job and its progress."""

    id: str
    state: BulkJobState
    total: int
    done: int
    changed: int
    skipped: int
    started_at: datetime
    finished_at: datetime | None


async def start_job(mutation: Mutation[Any], tagging: Tagging, customer_ids: Sequence[str]) -> str:
    """Insert the job and all its batches in the mutation's transaction; return the job's id."""
    stamps = {
        "partner_id": mutation.scope.partner_id,
        "version": 1,
        "created_at": mutation.scope.now,
        "updated_at": mutation.scope.now,
    }
    fields = {"tags": dict(tagging.names), "is_addition": tagging.is_addition}
    job_id = await insert_job(mutation, len(customer_ids), fields)
    counts = {"is_done": False, **dict.fromkeys(_COUNTERS, 0)}
    for part in split_into_batches(customer_ids, _CUSTOMERS_OF_AN_INSERT):
        batches = [
            {"_id": new_id("bat"), **stamps, "job_id": job_id, "ids": list(ids), **counts}
            for ids in split_into_batches(part, BATCH_SIZE)
        ]
        await mutation.scope.collection(BATCH_COLLECTION).insert_many(batches, session=mutation.session)
    return job_id


async def read_job(scope: Scope, id_: str) -> BulkJobDocument | None:
    """Return the job, where the viewer has started it or sees all customers.

    The sums are read first. A job without counters of its own afterwards still had all its batches; a finished job
    stores its sums, and an evaluation counts in the job itself.
    """
    sums = await _sum_counters(scope, id_)
    job = await scope.collection(JOB_COLLECTION).find_one({**scope.match(), "_id": id_, **_visibility(scope)})
    if job is None:
        return None
    counters = job if "done" in job else sums
    return BulkJobDocument(
        id=id_,
        state=BulkJobState(job["state"]),
        total=job["total"],
        done=counters["done"],
        changed=counters["changed"],
        skipped=counters["skipped"],
        started_at=job["created_at"],
        finished_at=job["finished_at"],
    )


async def _sum_counters(scope: Scope, job_id: str, session: Session = None) -> Document:
    where = {**scope.match(), "job_id": job_id}
    stages = [{"$match": where}, {"$group": _SUMS}, {"$project": {"_id": 0}}]
    sums = await scope.collection(BATCH_COLLECTION).aggregate(stages, session=session)
    return sums[0] if sums else dict.fromkeys(_COUNTERS, 0)


def _visibility(scope: Scope) -> Document:
    return {} if scope.role is None or scope.visibility_key == "*" else {"administrator_id": scope.administrator_id}


async def find_next_jobs(client: Client) -> list[Document]:
    """Return the oldest unfinished job of each partner that tags customers: no partner waits for another's jobs."""
    jobs = await client.collection(JOB_COLLECTION).find(_RUNNING_TAGGING, sort=[("_id", -1)])
    return list({job["partner_id"]: job for job in jobs}.values())


async def check_job_limit(mutation: Mutation[Any]) -> None:
    """Add LIMIT_REACHED where the partner has the most unfinished jobs; mutations at one moment can exceed it slightly.

    A job keeps the ids of its customers, 8 MB for 200,000, and takes minutes for as many.
    """
    where = {**mutation.scope.match(), **_RUNNING_TAGGING}
    jobs = mutation.scope.collection(JOB_COLLECTION)
    running = await jobs.find(where, {"_id": 1}, limit=MAX_RUNNING_JOBS, session=mutation.session)
    if len(running) >= MAX_RUNNING_JOBS:
        message = translatable(
            "A partner has at most {most} bulk jobs in progress: wait until one has ended.", most=MAX_RUNNING_JOBS
        )
        mutation.checks.add(UserErrorCode.LIMIT_REACHED, message, "customers")


async def find_open_batches(scope: Scope, job_id: str, limit: int) -> list[Document]:
    """Return the next unfinished batches of the job."""
    where = {**scope.match(), "job_id": job_id, "is_done": False}
    return await scope.collection(BATCH_COLLECTION).find(where, {"ids": 1, "done": 1}, sort=[("_id", 1)], limit=limit)


async def finish_job(scope: Scope, job_id: str, state: BulkJobState) -> None:
    """Store the job's final state and sums, once, and delete its batches."""

    async def attempt(session: Session) -> None:
        await end_job(scope, job_id, state, await _sum_counters(scope, job_id, session), session)
        batches = DeleteMany({**scope.match(), "job_id": job_id})
        await scope.collection(BATCH_COLLECTION).bulk_write([batches], session=session)

    await in_transaction(scope.client, attempt)
