"""One batch of a bulk job: customers that the job's administrator may still tag, changed in one transaction."""

from asyncio import Lock, gather
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from time import monotonic

from msgspec import Struct
from msgspec.structs import replace

from domain.failures import Unavailable
from domain.permissions import Permission, has_permission
from store.database.client import Document, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import MAX_COMMIT_SECONDS, in_transaction
from store.tags.bulk_jobs import BATCH_COLLECTION
from store.tags.customer_tags import Tagging
from store.tags.documents import Tags
from store.tags.retagging import Retagging
from store.tenants.administrators import AdministratorDocument, Administrators
from store.tenants.partners import PartnerDocument, Partners

BATCH_DEADLINE_SECONDS = 3.0
_REFRESH_SECONDS = 1.0


class JobAuthorizationLost(Exception):
    """The administrator may no longer tag customers, or all tags of the job were deleted. The job has to end."""


class _BatchAlreadyProcessed(Exception):
    """Another process has changed the batch since it was read. The transaction has to be rolled back."""


class _Grant(Struct, frozen=True):
    """The administrator for whom the job works, its tags that still exist, and the partner, all read at one time."""

    administrator: AdministratorDocument
    tagging: Tagging
    partner: PartnerDocument | None


class JobAuthorization:
    """The administrator and the tags of a job, read again after one second.

    Reading them for each batch took a tenth of the time of a batch.
    """

    def __init__(self, scope: Scope, job: Document) -> None:
        self._scope, self._job = scope, job
        self._grant: _Grant | None = None
        self._read_at = 0.0

    async def current(self) -> _Grant:
        """Return a grant that is at most one second old; raise JobAuthorizationLost where the job has to end.

        It is read outside the transaction of the batch. A change within that second does no lasting harm: the
        cleanup of a deleted tag also covers late transactions, and changed settings re-evaluate every customer.
        """
        if self._grant is None or monotonic() - self._read_at > _REFRESH_SECONDS:
            read_at, partner = monotonic(), Partners(self._scope).get()
            grant = _Grant(*await gather(self._load_administrator(), self._load_tagging(), partner))
            # Assigned together, after the reads: a failed read must not extend the life of the older grant.
            self._grant, self._read_at = grant, read_at
        return self._grant

    async def _load_administrator(self) -> AdministratorDocument:
        administrator = await Administrators(self._scope).find_active(self._job["administrator_id"])
        if administrator is None or not has_permission(administrator.role, Permission.EDIT_TAGS):
            raise JobAuthorizationLost
        return administrator

    async def _load_tagging(self) -> Tagging:
        tags = await Tags(self._scope).by_ids(sorted(self._job["tags"]))
        if not tags:
            raise JobAuthorizationLost
        # A tag that has got a rule since belongs to the rule.
        names = {id_: tag.name for id_, tag in tags.items() if tag.raw_rule is None}
        return Tagging(names, self._job["is_addition"])


class _ChangeTurns:
    """The turns of a batch to change its customers, one for each attempt, and how long it has waited for them."""

    def __init__(self, changing: Lock) -> None:
        self._changing = changing
        self.waited = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for the turn, and keep it."""
        asked_at = monotonic()
        async with self._changing:
            self.waited += monotonic() - asked_at
            yield


async def process_batch(
    scope: Scope,
    authorization: JobAuthorization,
    batch: Document,
    at_most: int,
    changing: Lock,
    deadline: float = BATCH_DEADLINE_SECONDS,
) -> Document:
    """Change the next `at_most` customers of the batch; return the batch as it is afterwards.

    It has `changing` while it changes customers, which takes most of its time: another batch can be prepared or
    committed meanwhile.

    Another process can have changed them since the batch was read: then nothing is written. Raise JobAuthorizationLost
    where the job has to end, Unavailable where the transaction cannot commit within `deadline` seconds, without those
    for which it waits for `changing`.
    """
    turns, began_at = _ChangeTurns(changing), monotonic()

    async def attempt(session: Session) -> None:
        if monotonic() - began_at - turns.waited > deadline:
            raise Unavailable
        await _attempt(scope, authorization, batch, at_most, turns, session)

    # A batch that waits for its turn may take longer than one that is tried again.
    with suppress(_BatchAlreadyProcessed):
        await in_transaction(scope.client, attempt, deadline=deadline + MAX_COMMIT_SECONDS)
    done = batch["done"] + len(batch["ids"][:at_most])
    return {**batch, "ids": batch["ids"][at_most:], "done": done}


async def _attempt(
    scope: Scope, authorization: JobAuthorization, batch: Document, at_most: int, turns: _ChangeTurns, session: Session
) -> None:
    grant = await authorization.current()
    administrator = grant.administrator
    acting = replace(scope, now=utc_now(), administrator_id=administrator.id, role=administrator.role)
    visible = {**acting.match_customers(), "_id": {"$in": batch["ids"][:at_most]}}
    retagging = Retagging(acting, session, administrator.id, grant.tagging, grant.partner)
    prepared = await retagging.prepare(visible)
    await retagging.insert_events(prepared)
    await _record_progress(acting, batch, at_most, len(prepared.tags_after), prepared.skipped, session)
    async with turns.turn():
        await retagging.change_customers(prepared)


async def _record_progress(
    scope: Scope, batch: Document, at_most: int, changed: int, skipped: int, session: Session
) -> None:
    """Write the progress into the batch; raise _BatchAlreadyProcessed where it is no longer as it was read."""
    processed, remaining = batch["ids"][:at_most], batch["ids"][at_most:]
    where = {**scope.match(), "_id": batch["_id"], "is_done": False, "done": batch["done"]}
    counts = {"done": len(processed), "changed": changed, "skipped": skipped}
    fields = {"ids": remaining, "is_done": not remaining, "updated_at": scope.now}
    if not await scope.collection(BATCH_COLLECTION).update_one(
        where, {"$set": fields, "$inc": counts}, session=session
    ):
        raise _BatchAlreadyProcessed
