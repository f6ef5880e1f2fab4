"""The mutations that assign an administrator to customers and remove the assignment."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from domain.inputs import value_or_none
from domain.messages import translatable
from domain.partner.assignments import (
    AssignAdministrator,
    AssignmentFacts,
    UnassignAdministrator,
    add_manual_assignment,
)
from domain.types import ActivityKind, AdministratorState, PartnerRole
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerBatch
from store.changes.customer_change import CustomerChange
from store.changes.mutations import Mutation
from store.events.log import EventDraft
from store.tenants.administrators import COLLECTION, AdministratorDocument, Administrators

_C = UserErrorCode
_AssignmentMutation = Mutation[AssignAdministrator] | Mutation[UnassignAdministrator]


class AssignmentResult(Struct, frozen=True):
    """The ids of the administrator and of the customers, in the order of the input."""

    administrator: str
    customers: Sequence[str]


async def assign_administrator(mutation: Mutation[AssignAdministrator]) -> AssignmentResult:
    """Assign an administrator of the role ADMINISTRATOR to customers."""
    checks, expires_at = mutation.checks, value_or_none(mutation.input.expires_at)
    administrator = await _load_administrator(mutation)
    if administrator is not None and administrator.role is not PartnerRole.ADMINISTRATOR:
        message = translatable(
            "Only administrators of the role ADMINISTRATOR are assigned; {name} sees all.",
            name=administrator.display_name,
        )
        checks.add(_C.INVALID, message, "administrator")
    if expires_at is not None and expires_at <= mutation.scope.now:
        checks.add(_C.INVALID, translatable("The access must end in the future."), "expires_at")
    batch = await _load_customers(mutation)
    administrator = checks.require(administrator)
    for change in batch.changes:
        _assign(change, administrator, mutation.actor.id, expires_at, batch.now)
    await _withdraw_pending_assignments(mutation, administrator, batch)
    await mutation.write(batch)
    return AssignmentResult(administrator.id, mutation.input.customers)


async def unassign_administrator(mutation: Mutation[UnassignAdministrator]) -> AssignmentResult:
    """Remove an administrator's assignment to customers, also a delivered one."""
    administrator = await _load_administrator(mutation)
    batch = await _load_customers(mutation)
    administrator = mutation.checks.require(administrator)
    for change in batch.changes:
        remove_assignment(change, administrator.id, administrator.display_name)
    await _withdraw_pending_assignments(mutation, administrator, batch)
    await mutation.write(batch)
    return AssignmentResult(administrator.id, mutation.input.customers)


async def _load_administrator(mutation: _AssignmentMutation) -> AdministratorDocument | None:
    """Return the administrator; add NOT_FOUND where there is none or they were removed."""
    administrator = await Administrators(mutation.scope).find(mutation.input.administrator, session=mutation.session)
    if administrator is None or administrator.state is AdministratorState.DEACTIVATED:
        mutation.checks.add_not_found(translatable("administrator"), "administrator")
        return None
    return administrator


async def _withdraw_pending_assignments(
    mutation: _AssignmentMutation, administrator: AdministratorDocument, batch: CustomerBatch
) -> None:
    """Remove the customers from the pending list of an interrupted import: the change made here is the later one."""
    external_ids = [change.customer["external_id"] for change in batch.changes]
    where = {**mutation.scope.match(), "_id": administrator.id, "assignments_pending.customers": {"$in": external_ids}}
    change = {"$pull": {"assignments_pending.customers": {"$in": external_ids}}}
    await mutation.scope.collection(COLLECTION).update_one(where, change, session=mutation.session)


async def _load_customers(mutation: _AssignmentMutation) -> CustomerBatch:
    ids = mutation.checks.read_ids(mutation.input.customers, translatable("customers"), "customers") or []
    batch = await mutation.load_customers({"_id": {"$in": ids}})
    visible = {change.id for change in batch.changes}
    for position, id_ in enumerate(ids):
        if id_ not in visible:
            mutation.checks.add_not_found(translatable("customer"), "customers", position)
    return batch


def _assign(
    change: CustomerChange,
    administrator: AdministratorDocument,
    assigned_by: str,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    before, others = split_assignments(change, administrator.id)
    after = add_manual_assignment(before, administrator.id, assigned_by, expires_at, now)
    update_assignment(change, administrator.id, administrator.display_name, before, after, others)


def update_assignment(
    change: CustomerChange,
    administrator_id: str,
    name: str,
    before: AssignmentFacts | None,
    after: AssignmentFacts,
    others: Sequence[AssignmentFacts],
) -> None:
    """Replace an administrator's entry `before` by `after` and add the event; write no event where access stays."""
    if after == before:
        return
    fields = {"assignments": [*others, after]}
    if before is not None and before["expires_at"] == after["expires_at"]:
        # Only the source of the assignment differs, which no field of the API shows.
        change.update_customer_bookkeeping(fields)
        return
    until = "" if after["expires_at"] is None else f" until {after['expires_at'].date().isoformat()}"
    verb = "was assigned to" if before is None else "stays assigned to"
    differences = {} if before is None else {"expires_at": [before["expires_at"], after["expires_at"]]}
    summary = f"{name} {verb} {change.customer['name']}{until}"
    change.update_customer(fields)
    change.add_event(EventDraft(ActivityKind.ADMINISTRATOR_ASSIGNED, administrator_id, summary, differences))


def remove_assignment(change: CustomerChange, administrator_id: str, name: str) -> None:
    """Remove the administrator's assignment, if there is one; write no event for a removed customer."""
    before, others = split_assignments(change, administrator_id)
    if before is None:
        return
    if not change.customer["keys"]:
        change.update_customer_bookkeeping({"assignments": others})
        return
    summary = f"{name} is no longer assigned to {change.customer['name']}"
    change.update_customer({"assignments": others})
    change.add_event(EventDraft(ActivityKind.ADMINISTRATOR_UNASSIGNED, administrator_id, summary))


async def end_external_id_claims(batch: CustomerBatch, changes: Iterable[CustomerChange]) -> None:
    """Take delivered customers from the administrators who gave their external ids and see only assigned customers.

    An assignment that was delivered stays.
    """
    claimed = [(change, id_) for change in changes if (id_ := change.customer.get("external_id_given_by")) is not None]
    if not claimed:
        return
    ids = sorted({id_ for _, id_ in claimed})
    administrators = await Administrators(batch.scope).by_ids(ids, session=batch.session)
    for change, id_ in claimed:
        own, _ = split_assignments(change, id_)
        if own is not None and not own["imported"]:
            remove_assignment(change, id_, administrators[id_].display_name)
        change.update_customer_bookkeeping({"external_id_given_by": None})


def split_assignments(
    change: CustomerChange, administrator_id: str
) -> tuple[AssignmentFacts | None, list[AssignmentFacts]]:
    """Return the administrator's entry of the customer, and the entries of the others."""
    entries = change.customer["assignments"]
    own = next((entry for entry in entries if entry["administrator_id"] == administrator_id), None)
    return own, [entry for entry in entries if entry["administrator_id"] != administrator_id]
