"""The mutations of administrators: invited, changed, removed; each the body of one transaction."""

from typing import Any

from domain.text.contacts import is_email
from domain.text.folding import sort_form
from domain.types import ActivityKind, AdministratorState, PartnerRole
from domain.user_errors import UserErrorCode
from store.access.assignment_cleanup import begin_drop, is_dropping
from store.changes.mutations import Mutation
from store.database.client import Document
from store.database.ids import new_id
from store.events.log import Note
from store.tenants.administrators import COLLECTION, fold_email

LONGEST_NAME = 100
_C = UserErrorCode


async def invite_administrator(mutation: Mutation) -> Document:
    """Invites somebody, or again somebody who was removed; answers `administrator`."""
    checks, role = mutation.checks, PartnerRole(mutation.input["role"])
    name = checks.line("display_name", LONGEST_NAME, "The display name")
    email = mutation.input["email"].strip()
    stored = await _with_email(mutation, email)
    if not email:
        checks.add(_C.BLANK, "The e-mail address is blank.", "email")
    elif not is_email(email):
        checks.add(_C.INVALID, "This is not an e-mail address, such as ada@partner.example.", "email")
    elif stored is not None and stored["state"] != AdministratorState.DEACTIVATED:
        checks.add(_C.TAKEN, f"{stored['display_name']} has this e-mail address already.", "email")
    if stored is not None:
        await _check_dropped(mutation, stored, role)
    checks.raise_any()
    fields = {
        "email": email,
        "display_name": name,
        "name_folded": sort_form(str(name)),
        "role": str(role),
        "state": str(AdministratorState.INVITED),
    }
    identity = await (_invited_anew(mutation, stored, fields) if stored else _invited(mutation, fields))
    mutation.tell(Note(ActivityKind.ADMINISTRATOR_INVITED, identity, f"{name} was invited as {_spelled(role)}"))
    return {"administrator": identity}


async def change_administrator(mutation: Mutation) -> Document:
    """Changes name or role; another role drops the assignments. Answers `administrator`."""
    checks = mutation.checks
    stored = await _stored(mutation)
    changes: dict[str, Any] = {}
    if checks.has("display_name"):
        changes["display_name"] = checks.line("display_name", LONGEST_NAME, "The display name")
    if checks.has("role"):
        changes["role"] = mutation.input["role"] and str(mutation.input["role"])
        if changes["role"] is None:
            checks.add(_C.INVALID, "The role cannot be removed.", "role")
    if stored and changes.get("role"):
        await _check_another_stays(mutation, stored, changes["role"] == PartnerRole.FULL_ADMINISTRATOR, "role")
        await _check_dropped(mutation, stored, PartnerRole(changes["role"]))
    checks.raise_any()
    differing = {name: [stored[name], value] for name, value in changes.items() if stored[name] != value}
    if differing:
        await _change(mutation, stored, differing)
        mutation.tell(Note(ActivityKind.ADMINISTRATOR_CHANGED, stored["_id"], _told(stored, differing), differing))
    return {"administrator": stored["_id"]}


async def remove_administrator(mutation: Mutation) -> Document:
    """Lets the administrator in no more, and drops the assignments; answers `administrator`."""
    where = {**mutation.scope.match(), "_id": mutation.input["id"]}
    stored = await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)
    if stored is None:
        mutation.checks.missing("administrator", "id")
    else:
        await _check_another_stays(mutation, stored, False, "id")
    stored = mutation.checks.passed(stored)
    if stored["state"] != AdministratorState.DEACTIVATED:
        changes = {"state": [stored["state"], str(AdministratorState.DEACTIVATED)]}
        await _change(mutation, stored, changes)
        summary = f"{stored['display_name']} was removed"
        mutation.tell(Note(ActivityKind.ADMINISTRATOR_REMOVED, stored["_id"], summary, changes))
    return {"administrator": stored["_id"]}


async def _with_email(mutation: Mutation, email: str) -> Document | None:
    where = {**mutation.scope.match(), "email_folded": fold_email(email)}
    return await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)


async def _stored(mutation: Mutation) -> Document:
    """The administrator that is meant; an empty document, and a mistake, where there is none or they were removed."""
    where = {**mutation.scope.match(), "_id": mutation.input["id"]}
    found = await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)
    if found is None:
        mutation.checks.missing("administrator", "id")
        return {}
    if found["state"] == AdministratorState.DEACTIVATED:
        message = f"{found['display_name']} was removed: invite them again."
        mutation.checks.add(_C.WRONG_STATE, message, "id")
    mutation.checks.version(found["version"], "The administrator")
    return found


async def _check_dropped(mutation: Mutation, stored: Document, role: PartnerRole) -> None:
    if role is PartnerRole.ADMINISTRATOR and await is_dropping(mutation.scope, stored["_id"], mutation.session):
        message = f"The customers that {stored['display_name']} had before are still being taken away: try again soon."
        mutation.checks.add(_C.WRONG_STATE, message, "role")


async def _check_another_stays(mutation: Mutation, stored: Document, stays: bool, field: str) -> None:
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


async def _invited(mutation: Mutation, fields: Document) -> str:
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


async def _invited_anew(mutation: Mutation, stored: Document, fields: Document) -> str:
    change = {"$set": {**fields, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
    where = {**mutation.scope.match(), "_id": stored["_id"]}
    await mutation.scope.collection(COLLECTION).update_one(where, change, session=mutation.session)
    return str(stored["_id"])


async def _change(mutation: Mutation, stored: Document, changes: dict[str, list[Any]]) -> None:
    fields = {name: pair[1] for name, pair in changes.items()}
    if "display_name" in fields:
        fields["name_folded"] = sort_form(fields["display_name"])
    change = {"$set": {**fields, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
    where = {**mutation.scope.match(), "_id": stored["_id"]}
    await mutation.scope.collection(COLLECTION).update_one(where, change, session=mutation.session)
    if stored["role"] == PartnerRole.ADMINISTRATOR and not changes.keys().isdisjoint(("role", "state")):
        await begin_drop(mutation, stored)


def _told(stored: Document, changes: dict[str, list[Any]]) -> str:
    told = []
    if "display_name" in changes:
        told.append(f"is now called {changes['display_name'][1]}")
    if "role" in changes:
        told.append(f"became {_spelled(PartnerRole(changes['role'][1]))}")
    return f"{stored['display_name']} {' and '.join(told)}"


def _spelled(role: PartnerRole) -> str:
    """The role as a sentence names it."""
    return str(role).lower().replace("_", " ").replace("read only", "read-only")
