"""A mutation of the API: one transaction that checks the caller, runs the mutation's body and stores its result.

`mutate` is the entry point. The body of a mutation is a function of its feature, for example
`store.tags.changes.create_tag`.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from domain.failures import AdministratorNotActive, Forbidden, PartnerNotFound, TermsNotAccepted
from domain.permissions import Permission, has_permission
from domain.text.input_checks import InputChecks, check_idempotency_key, check_text_lengths
from store.changes.customer_batch import CustomerBatch, load_customers_at, write_customers
from store.changes.idempotency import find_stored_result, input_digest, store_result
from store.database.client import Document, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import OnCommit, in_transaction
from store.events.log import NO_CUSTOMER, EventDraft, event_document
from store.tenants.administrators import AdministratorDocument, Administrators
from store.tenants.partners import PartnerDocument, Partners

Input = TypeVar("Input")
Result = TypeVar("Result")


class MutationRequest(Struct, Generic[Input], frozen=True):
    """A caller's request for a mutation.

    `operation` names the mutation; an idempotency key belongs to one operation and one input. `permission` is what
    the caller's role must have. Only a mutation without `needs_terms` runs before the terms of service are accepted.
    """

    operation: str
    input: Input
    idempotency_key: str | None = None
    permission: Permission | None = None
    needs_terms: bool = True


class ChangedObject(Struct, frozen=True):
    """The result of a mutation of one object: its id."""

    id: str


class PartnerChanged(Struct, frozen=True):
    """The result of a mutation of the partner itself."""


class CommittedMutation(Struct, Generic[Result], frozen=True):
    """The result of a committed mutation, and the moment at which it was carried out."""

    result: Result
    now: datetime


class Mutation(Struct, Generic[Input]):
    """The transaction of a mutation, as its body uses it.

    `scope` has the caller's role as the transaction reads it, and the moment of the mutation as `now`.
    """

    scope: Scope
    session: Session
    partner: PartnerDocument
    actor: AdministratorDocument
    input: Input
    checks: InputChecks = field(default_factory=InputChecks)
    _events: list[Document] = field(default_factory=list)

    def add_event(self, draft: EventDraft) -> None:
        """Add an event that belongs to no customer."""
        shared = {**NO_CUSTOMER, "actor_id": self.actor.id}
        self._events.append(event_document(self.scope.partner_id, self.scope.now, shared, draft))

    async def load_customers(self, where: Mapping[str, Any]) -> CustomerBatch:
        """Return the visible customers that match; the body changes them and then calls `write`."""
        visible = {**self.scope.match_customers(), **where}
        return await load_customers_at(self.scope, visible, self.session, self.partner, self.scope.now)

    async def write(self, batch: CustomerBatch) -> None:
        """Write the changed customers, their projections and their events."""
        await write_customers(batch, self.actor.id)

    async def write_events(self) -> None:
        """Write the events of `add_event`; only this module calls it, after the body."""
        await self.scope.collection("events").insert_many(self._events, session=self.session)


MutationBody = Callable[[Mutation[Input]], Awaitable[Result]]


async def mutate(
    scope: Scope,
    request: MutationRequest[Input],
    body: MutationBody[Input, Result],
    result_type: type[Result],
    on_commit: OnCommit | None = None,
) -> CommittedMutation[Result]:
    """Run the mutation and return its result, or the stored one where the request repeats an earlier one.

    The body can run several times, because a transaction that meets another one is repeated. Raise InputRejected
    with all mistakes that it found; nothing is changed or stored then, and the client can use the key again.
    `result_type` is a dataclass whose fields MongoDB can store; a repeated request builds it from them.
    """
    check_idempotency_key(request.idempotency_key)
    check_text_lengths(request.input)

    async def attempt(session: Session) -> CommittedMutation[Result]:
        return await _attempt(scope, request, body, result_type, session)

    return await in_transaction(scope.client, attempt, on_commit=on_commit)


async def _attempt(
    scope: Scope,
    request: MutationRequest[Input],
    body: MutationBody[Input, Result],
    result_type: type[Result],
    session: Session,
) -> CommittedMutation[Result]:
    actor = await _load_actor(scope, request.permission, session)
    # The clock is read after the first read of the transaction. So nothing that the transaction sees is younger.
    acting = replace(scope, now=utc_now(), role=actor.role)
    key, digest = request.idempotency_key, input_digest(request.operation, request.input)
    if key is not None and (stored := await find_stored_result(acting, key, digest, session)) is not None:
        return CommittedMutation(result_type(**stored), acting.now)
    partner = await _load_partner(acting, session, needs_terms=request.needs_terms)
    mutation = Mutation(acting, session, partner, actor, request.input)
    result = await body(mutation)
    await mutation.write_events()
    if key is not None:
        await store_result(acting, key, digest, _result_document(result), session)
    return CommittedMutation(result, acting.now)


def _result_document(result: Any) -> Document:
    return asdict(result)


async def _load_partner(scope: Scope, session: Session, *, needs_terms: bool) -> PartnerDocument:
    partner = await Partners(scope).get(session=session)
    if partner is None:
        raise PartnerNotFound
    if needs_terms and partner.terms_accepted_at is None:
        raise TermsNotAccepted
    return partner


async def _load_actor(scope: Scope, permission: Permission | None, session: Session) -> AdministratorDocument:
    """Return the caller as the transaction reads them: a removal since the start of the request takes effect."""
    actor = await Administrators(scope).find_active(scope.administrator_id, session=session)
    if actor is None:
        raise AdministratorNotActive
    if permission is not None and not has_permission(actor.role, permission):
        raise Forbidden(permission)
    return actor
