"""The documents of bulk jobs: work on many customers that continues after the mutation's response.

Each kind of work keeps fields of its own beside these: tagging in store/tags/bulk_jobs.py, the evaluation after a
change of settings in reevaluation.py.
"""

from collections.abc import Mapping
from typing import Any

from domain.partner.bulk_jobs import BulkJobState
from store.changes.mutations import Mutation
from store.database.client import Document, IndexModel, Session
from store.database.ids import new_id
from store.database.scope import Scope

JOB_COLLECTION = "bulk_jobs"
BULK_JOB_INDEXES = (
    IndexModel([("state", 1), ("_id", 1)], name="running", partialFilterExpression={"state": "RUNNING"}),
)
RUNNING: Document = {"state": str(BulkJobState.RUNNING)}


async def insert_job(mutation: Mutation[Any], total: int, fields: Mapping[str, Any]) -> str:
    """Insert a running job of the mutation's caller in its transaction; return the job's id."""
    now = mutation.scope.now
    job = {
        "_id": new_id("job"),
        "partner_id": mutation.scope.partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        **RUNNING,
        "administrator_id": mutation.actor.id,
        "total": total,
        "finished_at": None,
        **fields,
    }
    await mutation.scope.collection(JOB_COLLECTION).insert_many([job], session=mutation.session)
    return str(job["_id"])


async def end_job(
    scope: Scope, job_id: str, state: BulkJobState, counters: Mapping[str, int], session: Session
) -> None:
    """Store the final state and counters of a job that is still running."""
    final = {"state": str(state), "finished_at": scope.now, "updated_at": scope.now}
    change = {"$set": {**final, **counters}, "$inc": {"version": 1}}
    where = {**scope.match(), "_id": job_id, **RUNNING}
    await scope.collection(JOB_COLLECTION).update_one(where, change, session=session)
