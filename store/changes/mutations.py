"""One mutation of the API: one transaction, whoever asks checked in it, and its first answer kept by its key."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from domain.failures import AdministratorNotActive, Forbidden, PartnerNotFound, TermsNotAccepted
from domain.permissions import Permission, has_permission
from domain.text.input_checks import InputChecks, idempotency_key
from domain.types import AdministratorState
from store.changes.customer_batch import CustomerBatch, load_customers, write_customers
from store.changes.idempotency import find_stored_result, input_digest, store_result
from store.database.client import Document, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import OnCommit, in_transaction
from store.events.log import EventDraft, event_document
from store.tenants.administrators import AdministratorDocument, Administrators
from store.tenants.partners import PartnerDocument, Partners

NO_CUSTOMER: Mapping[str, Any] = {"customer_id": None, "facts_before": None, "facts_after": None}


@dataclass(frozen=True, slots=True)
class MutationRequest:
    """A mutation as it was asked for: its name, its input in Python's spelling, and the permission it needs."""

    name: str
    input: Mapping[str, Any]
    permission: Permission | None = None

    @property
    def needs_terms(self) -> bool:
        """Whether it waits until the organization has accepted the terms of service."""
        return self.name != "acceptTerms"


@dataclass(slots=True)
class Mutation:
    """What the body of a mutation works with; `scope` is that of who asks, as their role is in this transaction."""

    scope: Scope
    session: Session
    partner: PartnerDocument
    actor: AdministratorDocument
    checks: InputChecks
    _events: list[Document] = field(default_factory=list)

    @property
    def input(self) -> Mapping[str, Any]:
        """The input in Python's spelling, without what was not given."""
        return self.checks.input

    def add_event(self, note: EventDraft) -> None:
        """Tells of something that belongs to no customer."""
        shared = {**NO_CUSTOMER, "actor_id": self.actor.id}
        self._events.append(event_document(self.scope.partner_id, self.scope.now, shared, note))

    async def load_customers(self, where: Mapping[str, Any]) -> CustomerBatch:
        """Those of the customers in sight that match, to be changed and then written with `write`."""
        return await load_customers(self.scope, {**self.scope.match_customers(), **where}, self.session)

    async def write(self, batch: CustomerBatch) -> None:
        """Writes the changed customers, all that follows, and the events that tell of it."""
        await write_customers(batch, self.actor.id)

    async def write_events(self) -> None:
        """Writes what was told; the framework calls it once."""
        await self.scope.collection("events").insert_many(self._events, session=self.session)


MutationBody = Callable[[Mutation], Awaitable[Document]]


async def mutate(
    scope: Scope, asked: MutationRequest, body: MutationBody, on_commit: OnCommit | None = None
) -> Document:
    """Carries out the mutation; answers what `body` answered: ids and figures, which are all that is kept.

    The body may run several times, so it starts from what it reads in its session. It collects mistakes in
    `checks` and rejects with all of them; InputRejected means that nothing was changed, and keeps no answer: who
    puts the mistake right may use the key again.
    """
    key = idempotency_key(asked.input)
    return await in_transaction(
        scope.client, lambda session: _attempt(scope, asked, key, body, session), on_commit=on_commit
    )


async def _attempt(
    scope: Scope, asked: MutationRequest, key: str | None, body: MutationBody, session: Session
) -> Document:
    actor = await _actor(scope, asked, session)
    acting = replace(scope, now=utc_now(), role=actor.role)
    digest = input_digest(asked.name, asked.input)
    if key is not None and (answered := await find_stored_result(acting, key, digest, session)) is not None:
        return answered
    partner = await Partners(acting).get(session=session)
    if partner is None:
        raise PartnerNotFound
    if asked.needs_terms and partner.terms_accepted_at is None:
        raise TermsNotAccepted
    mutation = Mutation(acting, session, partner, actor, InputChecks(asked.input))
    answer = await body(mutation)
    await mutation.write_events()
    if key is not None:
        await store_result(acting, key, digest, answer, session)
    return answer


async def _actor(scope: Scope, asked: MutationRequest, session: Session) -> AdministratorDocument:
    """Who asks, as they stand in this transaction: they may have been removed since the request began."""
    identity = scope.administrator_id or ""
    found = (await Administrators(scope).by_ids([identity], session=session)).get(identity)
    if found is None or found.state is not AdministratorState.ACTIVE:
        raise AdministratorNotActive
    if asked.permission is not None and not has_permission(found.role, asked.permission):
        raise Forbidden(asked.permission)
    return found
