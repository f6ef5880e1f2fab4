"""assignAdministrator and unassignAdministrator, and what a removal or another role takes away."""

from collections.abc import Sequence
from typing import Any

from domain.partner.assignments import Hold, with_own
from domain.types import ActivityKind, AdministratorState, PartnerRole
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerSlice
from store.changes.customer_change import CustomerWork
from store.changes.mutations import Mutation
from store.database.client import Document
from store.events.log import Note
from store.tenants.administrators import AdministratorDocument, Administrators

_C = UserErrorCode


async def assign_administrator(mutation: Mutation) -> Document:
    """Assigns an ADMINISTRATOR to customers; answers `administrator` and the `customers`."""
    checks, expires_at = mutation.checks, mutation.input.get("expires_at")
    administrator = await _administrator(mutation)
    if administrator is not None and administrator.role is not PartnerRole.ADMINISTRATOR:
        message = f"Only administrators of the role ADMINISTRATOR are assigned; {administrator.display_name} sees all."
        checks.add(_C.INVALID, message, "administrator")
    if expires_at is not None and expires_at <= mutation.scope.now:
        checks.add(_C.INVALID, "The access must end in the future.", "expires_at")
    changing = await _customers(mutation)
    administrator = checks.passed(administrator)
    for work in changing.works:
        _assign(work, administrator, mutation.actor.id, expires_at, changing)
    await mutation.write(changing)
    return {"administrator": administrator.id, "customers": list(mutation.input["customers"])}


async def unassign_administrator(mutation: Mutation) -> Document:
    """Takes the access to customers back, whoever gave it; the same answer."""
    administrator = await _administrator(mutation)
    changing = await _customers(mutation)
    administrator = mutation.checks.passed(administrator)
    for work in changing.works:
        drop_assignment(work, administrator.id, administrator.display_name)
    await mutation.write(changing)
    return {"administrator": administrator.id, "customers": list(mutation.input["customers"])}


async def _administrator(mutation: Mutation) -> AdministratorDocument | None:
    """The administrator that is meant; a removed one is nobody's colleague any more."""
    identity = mutation.input["administrator"]
    found = (await Administrators(mutation.scope).by_ids([identity], session=mutation.session)).get(identity)
    if found is None or found.state is AdministratorState.DEACTIVATED:
        mutation.checks.missing("administrator", "administrator")
        return None
    return found


async def _customers(mutation: Mutation) -> CustomerSlice:
    ids = mutation.checks.ids(mutation.input["customers"], "customers", "customers") or []
    changing = await mutation.customers({"_id": {"$in": ids}})
    seen = {work.id for work in changing.works}
    for position, id_ in enumerate(ids):
        if id_ not in seen:
            mutation.checks.missing("customer", "customers", position)
    return changing


def _assign(
    work: CustomerWork, administrator: AdministratorDocument, given_by: str, expires_at: Any, changing: CustomerSlice
) -> None:
    held, others = _sorted_out(work, administrator.id)
    after = with_own(held, administrator.id, given_by, expires_at, changing.now)
    if after == held:
        return
    fields = {"assignments": [*others, after]}
    if held is not None and held["expires_at"] == after["expires_at"]:
        # What is kept beside a delivered assignment changes nothing that anybody sees.
        work.remember_customer(fields)
        return
    until = "" if after["expires_at"] is None else f" until {after['expires_at'].date().isoformat()}"
    verb = "was assigned to" if held is None else "stays assigned to"
    changes = {} if held is None else {"expires_at": [held["expires_at"], after["expires_at"]]}
    summary = f"{administrator.display_name} {verb} {work.customer['name']}{until}"
    work.put_customer(fields)
    work.note(Note(ActivityKind.ADMINISTRATOR_ASSIGNED, administrator.id, summary, changes))


def drop_assignment(work: CustomerWork, administrator_id: str, name: str) -> None:
    """Takes the administrator's hold away, if there is one; a removed customer's goes without a word."""
    held, others = _sorted_out(work, administrator_id)
    if held is None:
        return
    if not work.customer["keys"]:
        work.remember_customer({"assignments": others})
        return
    summary = f"{name} is no longer assigned to {work.customer['name']}"
    work.put_customer({"assignments": others})
    work.note(Note(ActivityKind.ADMINISTRATOR_UNASSIGNED, administrator_id, summary))


def _sorted_out(work: CustomerWork, administrator_id: str) -> tuple[Hold | None, Sequence[Hold]]:
    """The administrator's hold, and those of the others."""
    holds = work.customer["assignments"]
    held = next((hold for hold in holds if hold["administrator_id"] == administrator_id), None)
    return held, [hold for hold in holds if hold["administrator_id"] != administrator_id]
