"""One slice of a bulk job: customers that its administrator may still tag, changed in one transaction."""

from dataclasses import replace

from domain.permissions import Permission, allows
from domain.types import AdministratorState
from store.administrators import Administrators
from store.bulk_jobs import SLICES
from store.client import Document, Session
from store.clock import utc_now
from store.customer_tags import Tagging
from store.retagging import retag
from store.scope import Scope
from store.tags import Tags
from store.transactions import in_transaction

_DEADLINE_SECONDS = 3.0


class NotAllowedAnyMore(Exception):
    """The administrator may no longer tag customers, or all the tags are gone: the job cannot go on."""


async def work_off(scope: Scope, job: Document, slice_id: str, at_most: int) -> None:
    """Changes the next customers of the slice; nothing where another process has done them meanwhile.

    NotAllowedAnyMore where the job has to end. Unavailable where others keep changing these customers.
    """

    async def attempt(session: Session) -> None:
        where = {**scope.match(), "_id": slice_id, "is_done": False}
        found = await scope.collection(SLICES).find_one(where, session=session)
        if found is None:
            return
        now, rest = found["ids"][:at_most], found["ids"][at_most:]
        acting = await _acting(scope, job, session)
        tagging = await _tagging(acting, job, session)
        in_sight = {**acting.match_customers(), "_id": {"$in": now}}
        changed, skipped = await retag(acting, in_sight, tagging, session, job["administrator_id"])
        told = {"done": len(now), "changed": len(changed), "skipped": skipped}
        progress = {"$set": {"ids": rest, "is_done": not rest, "updated_at": acting.now}, "$inc": told}
        await scope.collection(SLICES).update_one({**scope.match(), "_id": slice_id}, progress, session=session)

    await in_transaction(scope.client, attempt, deadline=_DEADLINE_SECONDS)


async def _acting(scope: Scope, job: Document, session: Session) -> Scope:
    """What the administrator may reach in this transaction."""
    identity = job["administrator_id"]
    actor = (await Administrators(scope).by_ids([identity], session=session)).get(identity)
    if actor is None or actor.state is not AdministratorState.ACTIVE or not allows(actor.role, Permission.EDIT_TAGS):
        raise NotAllowedAnyMore
    return replace(scope, now=utc_now(), administrator_id=identity, role=actor.role)


async def _tagging(scope: Scope, job: Document, session: Session) -> Tagging:
    living = await Tags(scope).by_ids(sorted(job["tags"]), session=session)
    if not living:
        raise NotAllowedAnyMore
    return Tagging({id_: tag.name for id_, tag in living.items()}, job["are_added"])
