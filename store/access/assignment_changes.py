"""assignAdministrator and unassignAdministrator, and what a removal or another role takes away."""

from collections.abc import Sequence
from typing import Any

from domain.partner.assignments import AssignmentFacts, add_manual_assignment
from domain.types import ActivityKind, AdministratorState, PartnerRole
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerBatch
from store.changes.customer_change import CustomerChange
from store.changes.mutations import Mutation
from store.database.client import Document
from store.events.log import EventDraft
from store.tenants.administrators import AdministratorDocument, Administrators

_C = UserErrorCode


async def assign_administrator(mutation: Mutation) -> Document:
    """Assigns an ADMINISTRATOR to customers; answers `administrator` and the `customers`."""
    checks, expires_at = mutation.checks, mutation.input.get("expires_at")
    administrator = await _load_administrator(mutation)
    if administrator is not None and administrator.role is not PartnerRole.ADMINISTRATOR:
        message = f"Only administrators of the role ADMINISTRATOR are assigned; {administrator.display_name} sees all."
        checks.add(_C.INVALID, message, "administrator")
    if expires_at is not None and expires_at <= mutation.scope.now:
        checks.add(_C.INVALID, "The access must end in the future.", "expires_at")
    batch = await _load_customers(mutation)
    administrator = checks.require(administrator)
    for work in batch.changes:
        _assign(work, administrator, mutation.actor.id, expires_at, batch)
    await mutation.write(batch)
    return {"administrator": administrator.id, "customers": list(mutation.input["customers"])}


async def unassign_administrator(mutation: Mutation) -> Document:
    """Takes the access to customers back, whoever gave it; the same answer."""
    administrator = await _load_administrator(mutation)
    batch = await _load_customers(mutation)
    administrator = mutation.checks.require(administrator)
    for work in batch.changes:
        remove_assignment(work, administrator.id, administrator.display_name)
    await mutation.write(batch)
    return {"administrator": administrator.id, "customers": list(mutation.input["customers"])}


async def _load_administrator(mutation: Mutation) -> AdministratorDocument | None:
    """The administrator that is meant; a removed one is nobody's colleague any more."""
    identity = mutation.input["administrator"]
    found = (await Administrators(mutation.scope).by_ids([identity], session=mutation.session)).get(identity)
    if found is None or found.state is AdministratorState.DEACTIVATED:
        mutation.checks.add_not_found("administrator", "administrator")
        return None
    return found


async def _load_customers(mutation: Mutation) -> CustomerBatch:
    ids = mutation.checks.read_ids(mutation.input["customers"], "customers", "customers") or []
    batch = await mutation.load_customers({"_id": {"$in": ids}})
    seen = {work.id for work in batch.changes}
    for position, id_ in enumerate(ids):
        if id_ not in seen:
            mutation.checks.add_not_found("customer", "customers", position)
    return batch


def _assign(
    work: CustomerChange, administrator: AdministratorDocument, given_by: str, expires_at: Any, batch: CustomerBatch
) -> None:
    held, others = _split_assignments(work, administrator.id)
    after = add_manual_assignment(held, administrator.id, given_by, expires_at, batch.now)
    if after == held:
        return
    fields = {"assignments": [*others, after]}
    if held is not None and held["expires_at"] == after["expires_at"]:
        # What is kept beside a delivered assignment changes nothing that anybody sees.
        work.update_customer_bookkeeping(fields)
        return
    until = "" if after["expires_at"] is None else f" until {after['expires_at'].date().isoformat()}"
    verb = "was assigned to" if held is None else "stays assigned to"
    changes = {} if held is None else {"expires_at": [held["expires_at"], after["expires_at"]]}
    summary = f"{administrator.display_name} {verb} {work.customer['name']}{until}"
    work.update_customer(fields)
    work.add_event(EventDraft(ActivityKind.ADMINISTRATOR_ASSIGNED, administrator.id, summary, changes))


def remove_assignment(work: CustomerChange, administrator_id: str, name: str) -> None:
    """Takes the administrator's hold away, if there is one; a removed customer's goes without a word."""
    held, others = _split_assignments(work, administrator_id)
    if held is None:
        return
    if not work.customer["keys"]:
        work.update_customer_bookkeeping({"assignments": others})
        return
    summary = f"{name} is no longer assigned to {work.customer['name']}"
    work.update_customer({"assignments": others})
    work.add_event(EventDraft(ActivityKind.ADMINISTRATOR_UNASSIGNED, administrator_id, summary))


def _split_assignments(
    work: CustomerChange, administrator_id: str
) -> tuple[AssignmentFacts | None, Sequence[AssignmentFacts]]:
    """The administrator's hold, and those of the others."""
    holds = work.customer["assignments"]
    held = next((hold for hold in holds if hold["administrator_id"] == administrator_id), None)
    return held, [hold for hold in holds if hold["administrator_id"] != administrator_id]
