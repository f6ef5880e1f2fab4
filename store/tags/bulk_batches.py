"""One slice of a bulk job: customers that its administrator may still tag, changed in one transaction."""

from asyncio import gather
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic

from domain.permissions import Permission, allows
from domain.types import AdministratorState
from store.database.client import Document, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.tags.bulk_jobs import SLICES
from store.tags.customer_tags import Tagging
from store.tags.documents import Tags
from store.tags.retagging import retag
from store.tenants.administrators import Administrators
from store.tenants.partners import PartnerDocument, Partners

_DEADLINE_SECONDS = 3.0
_FRESH_SECONDS = 1.0


class NotAllowedAnyMore(Exception):
    """The administrator may no longer tag customers, or all the tags are gone: the job cannot go on."""


class _DoneElsewhere(Exception):
    """Another process has worked on the slice since it was read: the transaction must come to nothing."""


@dataclass(frozen=True, slots=True)
class _Mandate:
    """On whose behalf a slice is worked off, and what is done: as it stood when it was read."""

    acting: Scope
    tagging: Tagging
    partner: PartnerDocument | None


class Mandates:
    """What a job may do, read anew each second: for each slice would be a tenth of what a slice takes."""

    def __init__(self, scope: Scope, job: Document) -> None:
        self._scope, self._job = scope, job
        self._read: _Mandate | None = None
        self._read_at = 0.0

    async def current(self) -> _Mandate:
        """At most a second old; NotAllowedAnyMore where the job has to end.

        It is read outside the transaction, which sees nothing older. What changes within the second finds nothing
        wrong afterwards: a deleted tag is swept off for longer, and changed settings look at each customer again.
        """
        if self._read is None or monotonic() - self._read_at > _FRESH_SECONDS:
            self._read_at = monotonic()
            self._read = _Mandate(*await gather(self._acting(), self._tagging(), Partners(self._scope).get()))
        return replace(self._read, acting=replace(self._read.acting, now=utc_now()))

    async def _acting(self) -> Scope:
        """What the administrator may reach."""
        id_ = self._job["administrator_id"]
        actor = (await Administrators(self._scope).by_ids([id_])).get(id_)
        if (
            actor is None
            or actor.state is not AdministratorState.ACTIVE
            or not allows(actor.role, Permission.EDIT_TAGS)
        ):
            raise NotAllowedAnyMore
        return replace(self._scope, administrator_id=id_, role=actor.role)

    async def _tagging(self) -> Tagging:
        living = await Tags(self._scope).by_ids(sorted(self._job["tags"]))
        if not living:
            raise NotAllowedAnyMore
        return Tagging({id_: tag.name for id_, tag in living.items()}, self._job["are_added"])


async def work_off(scope: Scope, mandates: Mandates, slice_: Document, at_most: int) -> None:
    """Changes the next customers of the slice; nothing where another process has done them meanwhile.

    NotAllowedAnyMore where the job has to end. Unavailable where others keep changing these customers.
    """

    async def attempt(session: Session) -> None:
        mandate = await mandates.current()
        acting = mandate.acting
        in_sight = {**acting.match_customers(), "_id": {"$in": slice_["ids"][:at_most]}}
        actor, partner = acting.administrator_id, mandate.partner
        changed, skipped = await retag(acting, in_sight, mandate.tagging, session, actor, partner)
        await _note(acting, slice_, at_most, len(changed), skipped, session)

    with suppress(_DoneElsewhere):
        await in_transaction(scope.client, attempt, deadline=_DEADLINE_SECONDS)


async def _note(scope: Scope, slice_: Document, at_most: int, changed: int, skipped: int, session: Session) -> None:
    """Notes the progress in the slice, which is still as it was read: else these customers have been counted."""
    now, rest = slice_["ids"][:at_most], slice_["ids"][at_most:]
    where = {**scope.match(), "_id": slice_["_id"], "is_done": False, "done": slice_["done"]}
    told = {"done": len(now), "changed": changed, "skipped": skipped}
    progress = {"$set": {"ids": rest, "is_done": not rest, "updated_at": scope.now}, "$inc": told}
    if not await scope.collection(SLICES).update_one(where, progress, session=session):
        raise _DoneElsewhere
