"""One batch of a bulk job: customers that its administrator may still tag, changed in one transaction."""

from asyncio import gather
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic

from domain.permissions import Permission, has_permission
from domain.types import AdministratorState
from store.database.client import Document, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.tags.bulk_jobs import BATCH_COLLECTION
from store.tags.customer_tags import Tagging
from store.tags.documents import Tags
from store.tags.retagging import retag
from store.tenants.administrators import Administrators
from store.tenants.partners import PartnerDocument, Partners

BATCH_DEADLINE_SECONDS = 3.0
_FRESH_SECONDS = 1.0


class JobAuthorizationLost(Exception):
    """The administrator may no longer tag customers, or all the tags are gone: the job cannot go on."""


class _BatchAlreadyProcessed(Exception):
    """Another process has worked on the batch since it was read: the transaction must come to nothing."""


@dataclass(frozen=True, slots=True)
class _Grant:
    """On whose behalf a batch is worked off, and what is done: as it stood when it was read."""

    acting: Scope
    tagging: Tagging
    partner: PartnerDocument | None


class JobAuthorization:
    """What a job may do, read anew each second: for each batch would be a tenth of what a batch takes."""

    def __init__(self, scope: Scope, job: Document) -> None:
        self._scope, self._job = scope, job
        self._read: _Grant | None = None
        self._read_at = 0.0

    async def current(self) -> _Grant:
        """At most a second old; JobAuthorizationLost where the job has to end.

        It is read outside the transaction, which sees nothing older. What changes within the second finds nothing
        wrong afterwards: a deleted tag is swept off for longer, and changed settings look at each customer again.
        """
        if self._read is None or monotonic() - self._read_at > _FRESH_SECONDS:
            self._read_at = monotonic()
            self._read = _Grant(*await gather(self._acting(), self._tagging(), Partners(self._scope).get()))
        return replace(self._read, acting=replace(self._read.acting, now=utc_now()))

    async def _acting(self) -> Scope:
        """What the administrator may reach."""
        id_ = self._job["administrator_id"]
        actor = (await Administrators(self._scope).by_ids([id_])).get(id_)
        if (
            actor is None
            or actor.state is not AdministratorState.ACTIVE
            or not has_permission(actor.role, Permission.EDIT_TAGS)
        ):
            raise JobAuthorizationLost
        return replace(self._scope, administrator_id=id_, role=actor.role)

    async def _tagging(self) -> Tagging:
        living = await Tags(self._scope).by_ids(sorted(self._job["tags"]))
        if not living:
            raise JobAuthorizationLost
        return Tagging({id_: tag.name for id_, tag in living.items()}, self._job["is_addition"])


async def process_batch(
    scope: Scope,
    authorization: JobAuthorization,
    batch: Document,
    at_most: int,
    deadline: float = BATCH_DEADLINE_SECONDS,
) -> Document:
    """Change the next customers of the batch; return the batch as it is afterwards.

    Another process can have changed them since the batch was read: then nothing is written. Raise JobAuthorizationLost
    where the job has to end, Unavailable where the transaction cannot commit within `deadline` seconds.
    """

    async def attempt(session: Session) -> None:
        grant = await authorization.current()
        acting = grant.acting
        visible = {**acting.match_customers(), "_id": {"$in": batch["ids"][:at_most]}}
        actor, partner = acting.administrator_id, grant.partner
        changed, skipped = await retag(acting, visible, grant.tagging, session, actor, partner)
        await _record_progress(acting, batch, at_most, len(changed), skipped, session)

    with suppress(_BatchAlreadyProcessed):
        await in_transaction(scope.client, attempt, deadline=deadline)
    done = batch["done"] + len(batch["ids"][:at_most])
    return {**batch, "ids": batch["ids"][at_most:], "done": done}


async def _record_progress(
    scope: Scope, batch: Document, at_most: int, changed: int, skipped: int, session: Session
) -> None:
    """Notes the progress in the batch, which is still as it was read: else these customers have been counted."""
    now, rest = batch["ids"][:at_most], batch["ids"][at_most:]
    where = {**scope.match(), "_id": batch["_id"], "is_done": False, "done": batch["done"]}
    told = {"done": len(now), "changed": changed, "skipped": skipped}
    progress = {"$set": {"ids": rest, "is_done": not rest, "updated_at": scope.now}, "$inc": told}
    if not await scope.collection(BATCH_COLLECTION).update_one(where, progress, session=session):
        raise _BatchAlreadyProcessed
