"""The mutations of administrators: invited, changed, removed; each the body of one transaction."""

from typing import Any

from domain.text.contacts import is_email
from domain.text.folding import fold_for_sorting
from domain.types import ActivityKind, AdministratorState, PartnerRole
from domain.user_errors import UserErrorCode
from store.access.assignment_cleanup import begin_assignment_cleanup, is_cleanup_pending
from store.changes.mutations import Mutation
from store.database.client import Document
from store.database.ids import new_id
from store.events.log import EventDraft
from store.tenants.administrators import COLLECTION, fold_email

MAX_NAME_LENGTH = 100
_C = UserErrorCode


async def invite_administrator(mutation: Mutation) -> Document:
    """Invites somebody, or again somebody who was removed; answers `administrator`."""
    checks, role = mutation.checks, PartnerRole(mutation.input["role"])
    name = checks.read_line("display_name", MAX_NAME_LENGTH, "The display name")
    email = mutation.input["email"].strip()
    stored = await _find_by_email(mutation, email)
    if not email:
        checks.add(_C.BLANK, "The e-mail address is blank.", "email")
    elif not is_email(email):
        checks.add(_C.INVALID, "This is not an e-mail address, such as ada@partner.example.", "email")
    elif stored is not None and stored["state"] != AdministratorState.DEACTIVATED:
        checks.add(_C.TAKEN, f"{stored['display_name']} has this e-mail address already.", "email")
    if stored is not None:
        await _check_cleanup_finished(mutation, stored, role)
    checks.raise_if_invalid()
    fields = {
        "email": email,
        "display_name": name,
        "name_folded": fold_for_sorting(str(name)),
        "role": str(role),
        "state": str(AdministratorState.INVITED),
    }
    identity = await (_invite_again(mutation, stored, fields) if stored else _insert_invited(mutation, fields))
    mutation.add_event(
        EventDraft(ActivityKind.ADMINISTRATOR_INVITED, identity, f"{name} was invited as {_role_name(role)}")
    )
    return {"administrator": identity}


async def change_administrator(mutation: Mutation) -> Document:
    """Changes name or role; another role drops the assignments. Answers `administrator`."""
    checks = mutation.checks
    stored = await _load_administrator(mutation)
    changes: dict[str, Any] = {}
    if checks.is_given("display_name"):
        changes["display_name"] = checks.read_line("display_name", MAX_NAME_LENGTH, "The display name")
    if checks.is_given("role"):
        changes["role"] = mutation.input["role"] and str(mutation.input["role"])
        if changes["role"] is None:
            checks.add(_C.INVALID, "The role cannot be removed.", "role")
    if stored and changes.get("role"):
        await _check_not_last_full_administrator(
            mutation, stored, changes["role"] == PartnerRole.FULL_ADMINISTRATOR, "role"
        )
        await _check_cleanup_finished(mutation, stored, PartnerRole(changes["role"]))
    checks.raise_if_invalid()
    differing = {name: [stored[name], value] for name, value in changes.items() if stored[name] != value}
    if differing:
        await _update_administrator(mutation, stored, differing)
        mutation.add_event(
            EventDraft(ActivityKind.ADMINISTRATOR_CHANGED, stored["_id"], _change_summary(stored, differing), differing)
        )
    return {"administrator": stored["_id"]}


async def remove_administrator(mutation: Mutation) -> Document:
    """Lets the administrator in no more, and drops the assignments; answers `administrator`."""
    where = {**mutation.scope.match(), "_id": mutation.input["id"]}
    stored = await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)
    if stored is None:
        mutation.checks.add_not_found("administrator", "id")
    else:
        await _check_not_last_full_administrator(mutation, stored, False, "id")
    stored = mutation.checks.require(stored)
    if stored["state"] != AdministratorState.DEACTIVATED:
        changes = {"state": [stored["state"], str(AdministratorState.DEACTIVATED)]}
        await _update_administrator(mutation, stored, changes)
        summary = f"{stored['display_name']} was removed"
        mutation.add_event(EventDraft(ActivityKind.ADMINISTRATOR_REMOVED, stored["_id"], summary, changes))
    return {"administrator": stored["_id"]}


async def _find_by_email(mutation: Mutation, email: str) -> Document | None:
    where = {**mutation.scope.match(), "email_folded": fold_email(email)}
    return await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)


async def _load_administrator(mutation: Mutation) -> Document:
    """The administrator that is meant; an empty document, and a mistake, where there is none or they were removed."""
    where = {**mutation.scope.match(), "_id": mutation.input["id"]}
    found = await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)
    if found is None:
        mutation.checks.add_not_found("administrator", "id")
        return {}
    if found["state"] == AdministratorState.DEACTIVATED:
        message = f"{found['display_name']} was removed: invite them again."
        mutation.checks.add(_C.WRONG_STATE, message, "id")
    mutation.checks.check_version(found["version"], "The administrator")
    return found


async def _check_cleanup_finished(mutation: Mutation, stored: Document, role: PartnerRole) -> None:
    if role is PartnerRole.ADMINISTRATOR and await is_cleanup_pending(mutation.scope, stored["_id"], mutation.session):
        message = f"The customers that {stored['display_name']} had before are still being taken away: try again soon."
        mutation.checks.add(_C.WRONG_STATE, message, "role")


async def _check_not_last_full_administrator(mutation: Mutation, stored: Document, stays: bool, field: str) -> None:
    """The last active FULL_ADMINISTRATOR stays; two who leave at once meet on the partner's document."""
    full = {"role": str(PartnerRole.FULL_ADMINISTRATOR), "state": str(AdministratorState.ACTIVE)}
    if stays or any(stored[name] != value for name, value in full.items()):
        return
    scope, session = mutation.scope, mutation.session
    where = {**scope.match(), **full, "_id": {"$ne": stored["_id"]}}
    if await scope.collection(COLLECTION).find_one(where, {"_id": 1}, session=session) is None:
        message = f"{stored['display_name']} is the last active full administrator: appoint another one first."
        mutation.checks.add(_C.LAST_FULL_ADMINISTRATOR, message, field)
        return
    guard = {"$inc": {"full_administrators_guard": 1}}
    await scope.collection("partners").update_one(scope.match(), guard, session=session)


async def _insert_invited(mutation: Mutation, fields: Document) -> str:
    now = mutation.scope.now
    document = {
        "_id": new_id("adm"),
        "partner_id": mutation.scope.partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "email_folded": fold_email(fields["email"]),
        "last_sign_in_at": None,
        "delivered": {},
        **fields,
    }
    await mutation.scope.collection(COLLECTION).insert_many([document], session=mutation.session)
    return str(document["_id"])


async def _invite_again(mutation: Mutation, stored: Document, fields: Document) -> str:
    change = {"$set": {**fields, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
    where = {**mutation.scope.match(), "_id": stored["_id"]}
    await mutation.scope.collection(COLLECTION).update_one(where, change, session=mutation.session)
    return str(stored["_id"])


async def _update_administrator(mutation: Mutation, stored: Document, changes: dict[str, list[Any]]) -> None:
    fields = {name: pair[1] for name, pair in changes.items()}
    if "display_name" in fields:
        fields["name_folded"] = fold_for_sorting(fields["display_name"])
    change = {"$set": {**fields, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
    where = {**mutation.scope.match(), "_id": stored["_id"]}
    await mutation.scope.collection(COLLECTION).update_one(where, change, session=mutation.session)
    if stored["role"] == PartnerRole.ADMINISTRATOR and not changes.keys().isdisjoint(("role", "state")):
        await begin_assignment_cleanup(mutation, stored)


def _change_summary(stored: Document, changes: dict[str, list[Any]]) -> str:
    told = []
    if "display_name" in changes:
        told.append(f"is now called {changes['display_name'][1]}")
    if "role" in changes:
        told.append(f"became {_role_name(PartnerRole(changes['role'][1]))}")
    return f"{stored['display_name']} {' and '.join(told)}"


def _role_name(role: PartnerRole) -> str:
    """The role as a sentence names it."""
    return str(role).lower().replace("_", " ").replace("read only", "read-only")
