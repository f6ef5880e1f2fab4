"""One slice of a bulk job: customers that its administrator may still tag, changed in one transaction."""

from asyncio import gather
from contextlib import suppress
from dataclasses import replace

from domain.permissions import Permission, allows
from domain.types import AdministratorState
from store.administrators import Administrators
from store.bulk_jobs import SLICES
from store.client import Document, Session
from store.clock import utc_now
from store.customer_tags import Tagging
from store.partners import Partners
from store.retagging import retag
from store.scope import Scope
from store.tags import Tags
from store.transactions import in_transaction

_DEADLINE_SECONDS = 3.0


class NotAllowedAnyMore(Exception):
    """The administrator may no longer tag customers, or all the tags are gone: the job cannot go on."""


class _DoneElsewhere(Exception):
    """Another process has worked on the slice since it was read: the transaction must come to nothing."""


async def work_off(scope: Scope, job: Document, slice_: Document, at_most: int) -> None:
    """Changes the next customers of the slice; nothing where another process has done them meanwhile.

    NotAllowedAnyMore where the job has to end. Unavailable where others keep changing these customers.
    """

    async def attempt(session: Session) -> None:
        # All at once and outside the transaction, which begins behind them and so sees nothing older.
        acting, tagging, partner = await gather(_acting(scope, job), _tagging(scope, job), Partners(scope).get())
        in_sight = {**acting.match_customers(), "_id": {"$in": slice_["ids"][:at_most]}}
        changed, skipped = await retag(acting, in_sight, tagging, session, job["administrator_id"], partner)
        await _note(acting, slice_, at_most, len(changed), skipped, session)

    with suppress(_DoneElsewhere):
        await in_transaction(scope.client, attempt, deadline=_DEADLINE_SECONDS)


async def _acting(scope: Scope, job: Document) -> Scope:
    """What the administrator may reach now."""
    identity = job["administrator_id"]
    actor = (await Administrators(scope).by_ids([identity])).get(identity)
    if actor is None or actor.state is not AdministratorState.ACTIVE or not allows(actor.role, Permission.EDIT_TAGS):
        raise NotAllowedAnyMore
    return replace(scope, now=utc_now(), administrator_id=identity, role=actor.role)


async def _tagging(scope: Scope, job: Document) -> Tagging:
    living = await Tags(scope).by_ids(sorted(job["tags"]))
    if not living:
        raise NotAllowedAnyMore
    return Tagging({id_: tag.name for id_, tag in living.items()}, job["are_added"])


async def _note(scope: Scope, slice_: Document, at_most: int, changed: int, skipped: int, session: Session) -> None:
    """Notes the progress in the slice, which is still as it was read: else these customers have been counted."""
    now, rest = slice_["ids"][:at_most], slice_["ids"][at_most:]
    where = {**scope.match(), "_id": slice_["_id"], "is_done": False, "done": slice_["done"]}
    told = {"done": len(now), "changed": changed, "skipped": skipped}
    progress = {"$set": {"ids": rest, "is_done": not rest, "updated_at": scope.now}, "$inc": told}
    if not await scope.collection(SLICES).update_one(where, progress, session=session):
        raise _DoneElsewhere
