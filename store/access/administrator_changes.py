"""The mutations that invite, change and remove administrators; each function is the body of one transaction."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.inputs import ABSENT
from domain.messages import translatable
from domain.partner.administrators import (
    MAX_NAME_LENGTH,
    ChangeAdministrator,
    InviteAdministrator,
    RemoveAdministrator,
)
from domain.text.contacts import fold_email, read_email
from domain.text.folding import fold_for_sorting
from domain.types import ActivityKind, AdministratorState, PartnerRole
from domain.user_errors import UserErrorCode
from store.access.assignment_cleanup import begin_assignment_cleanup, is_cleanup_pending
from store.access.delivered_assignments import PENDING_ASSIGNMENTS
from store.changes.mutations import ChangedObject, Mutation
from store.database.client import Document
from store.database.ids import new_id
from store.events.log import EventDraft
from store.tenants.administrators import COLLECTION

_C = UserErrorCode
_Changes = dict[str, list[Any]]


class AdministratorChange(Struct, frozen=True):
    """The id of the administrator, and the number of assignments that the change of role drops."""

    id: str
    dropped_assignments: int


async def invite_administrator(mutation: Mutation[InviteAdministrator]) -> ChangedObject:
    """Insert an invited administrator, or invite a removed one again."""
    checks, role = mutation.checks, mutation.input.role
    name = checks.read_line(
        mutation.input.display_name, MAX_NAME_LENGTH, translatable("The display name"), "display_name"
    )
    email = read_email(mutation.input.email)
    stored = None if email is None else await _find_by_email(mutation, email)
    if not mutation.input.email.strip():
        checks.add(_C.BLANK, translatable("The e-mail address is blank."), "email")
    elif email is None:
        checks.add(_C.INVALID, translatable("This is not an e-mail address, such as ada@partner.example."), "email")
    elif stored is not None and stored["state"] != AdministratorState.DEACTIVATED:
        checks.add(
            _C.TAKEN, translatable("{name} has this e-mail address already.", name=stored["display_name"]), "email"
        )
    if stored is not None:
        await _check_cleanup_finished(mutation, stored, role)
    name, email = checks.require(name), checks.require(email)
    fields = {
        "email": email,
        "display_name": name,
        "name_folded": fold_for_sorting(name),
        "role": str(role),
        "state": str(AdministratorState.INVITED),
        "invited_at": mutation.scope.now,
    }
    id_ = await (_invite_again(mutation, stored, fields) if stored else _insert_invited(mutation, fields))
    summary = f"{name} was invited as {_role_name(role)}"
    mutation.add_event(EventDraft(ActivityKind.ADMINISTRATOR_INVITED, id_, summary))
    return ChangedObject(id_)


async def change_administrator(mutation: Mutation[ChangeAdministrator]) -> AdministratorChange:
    """Change name or role; another role also removes the assignments. A dry run only counts them."""
    stored = await _load_administrator(mutation)
    values = _read_changes(mutation)
    role = mutation.input.role
    if stored is not None and isinstance(role, PartnerRole):
        is_full = role is PartnerRole.FULL_ADMINISTRATOR
        await _check_not_last_full_administrator(mutation, stored, "role", stays_full=is_full)
        await _check_cleanup_finished(mutation, stored, role)
    stored = mutation.checks.require(stored)
    changes = {name: [stored[name], value] for name, value in values.items() if stored[name] != value}
    loses_assignments = "role" in changes and stored["role"] == PartnerRole.ADMINISTRATOR
    dropped = await _count_assignments(mutation, stored["_id"]) if loses_assignments else 0
    if changes and not mutation.input.dry_run:
        await _update_administrator(mutation, stored, changes)
        summary = _change_summary(stored, changes)
        mutation.add_event(EventDraft(ActivityKind.ADMINISTRATOR_CHANGED, stored["_id"], summary, changes))
    return AdministratorChange(stored["_id"], dropped)


async def _count_assignments(mutation: Mutation[ChangeAdministrator], administrator_id: str) -> int:
    """Return the number of customers that the administrator sees by an assignment."""
    scope = replace(mutation.scope, administrator_id=administrator_id, role=PartnerRole.ADMINISTRATOR)
    stages: list[Document] = [{"$match": scope.match_customers()}, {"$count": "customers"}]
    counted = await scope.collection("customers").aggregate(stages, session=mutation.session)
    return int(counted[0]["customers"]) if counted else 0


def _read_changes(mutation: Mutation[ChangeAdministrator]) -> Document:
    checks, input, values = mutation.checks, mutation.input, Document()
    if input.display_name is not ABSENT:
        values["display_name"] = checks.read_line(
            input.display_name, MAX_NAME_LENGTH, translatable("The display name"), "display_name"
        )
    if input.role is None:
        checks.add(_C.INVALID, translatable("The role cannot be removed."), "role")
    elif input.role is not ABSENT:
        values["role"] = str(input.role)
    return values


async def remove_administrator(mutation: Mutation[RemoveAdministrator]) -> ChangedObject:
    """Deactivate the administrator and remove the assignments; a removed administrator stays as they are."""
    stored = await _find_by_id(mutation, mutation.input.id)
    if stored is None:
        mutation.checks.add_not_found(translatable("administrator"), "id")
    else:
        await _check_not_last_full_administrator(mutation, stored, "id", stays_full=False)
    stored = mutation.checks.require(stored)
    if stored["state"] != AdministratorState.DEACTIVATED:
        changes = {"state": [stored["state"], str(AdministratorState.DEACTIVATED)]}
        await _update_administrator(mutation, stored, changes)
        summary = f"{stored['display_name']} was removed"
        mutation.add_event(EventDraft(ActivityKind.ADMINISTRATOR_REMOVED, stored["_id"], summary, changes))
    return ChangedObject(stored["_id"])


async def _find_by_email(mutation: Mutation[Any], email: str) -> Document | None:
    where = {**mutation.scope.match(), "email_folded": fold_email(email)}
    return await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)


async def _find_by_id(mutation: Mutation[Any], id_: str) -> Document | None:
    where = {**mutation.scope.match(), "_id": id_}
    return await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)


async def _load_administrator(mutation: Mutation[ChangeAdministrator]) -> Document | None:
    """Return the administrator's document; add a mistake where there is none, it was removed, or it is stale."""
    stored = await _find_by_id(mutation, mutation.input.id)
    if stored is None:
        mutation.checks.add_not_found(translatable("administrator"), "id")
        return None
    if stored["state"] == AdministratorState.DEACTIVATED:
        message = translatable("{name} was removed: invite them again.", name=stored["display_name"])
        mutation.checks.add(_C.WRONG_STATE, message, "id")
    mutation.checks.check_version(mutation.input.version, stored["version"], translatable("The administrator"))
    return stored


async def _check_cleanup_finished(mutation: Mutation[Any], stored: Document, role: PartnerRole) -> None:
    if role is PartnerRole.ADMINISTRATOR and await is_cleanup_pending(mutation.scope, stored["_id"], mutation.session):
        message = translatable(
            "The customers that {name} had before are still being taken away: try again soon.",
            name=stored["display_name"],
        )
        mutation.checks.add(_C.WRONG_STATE, message, "role")


async def _check_not_last_full_administrator(
    mutation: Mutation[Any], stored: Document, field: str, *, stays_full: bool
) -> None:
    """Add a mistake where the partner would have no active FULL_ADMINISTRATOR.

    The guard on the partner's document makes two concurrent removals conflict.
    """
    full = {"role": str(PartnerRole.FULL_ADMINISTRATOR), "state": str(AdministratorState.ACTIVE)}
    if stays_full or any(stored[name] != value for name, value in full.items()):
        return
    scope, session = mutation.scope, mutation.session
    others = {**scope.match(), **full, "_id": {"$ne": stored["_id"]}}
    if await scope.collection(COLLECTION).find_one(others, {"_id": 1}, session=session) is None:
        message = translatable(
            "{name} is the last active full administrator: appoint another one first.", name=stored["display_name"]
        )
        mutation.checks.add(_C.LAST_FULL_ADMINISTRATOR, message, field)
        return
    guard = {"$inc": {"full_administrators_guard": 1}}
    await scope.collection("partners").update_one(scope.match(), guard, session=session)


async def _insert_invited(mutation: Mutation[InviteAdministrator], fields: Document) -> str:
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


async def _invite_again(mutation: Mutation[InviteAdministrator], stored: Document, fields: Document) -> str:
    change = {"$set": {**fields, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
    where = {**mutation.scope.match(), "_id": stored["_id"]}
    await mutation.scope.collection(COLLECTION).update_one(where, change, session=mutation.session)
    return str(stored["_id"])


async def _update_administrator(mutation: Mutation[Any], stored: Document, changes: _Changes) -> None:
    fields = {name: after for name, (_before, after) in changes.items()}
    if "display_name" in fields:
        fields["name_folded"] = fold_for_sorting(fields["display_name"])
    change: Document = {"$set": {**fields, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
    loses_access = stored["role"] == PartnerRole.ADMINISTRATOR and not changes.keys().isdisjoint(("role", "state"))
    if loses_access:
        # Otherwise the rest of an interrupted import would assign customers again.
        change["$unset"] = {PENDING_ASSIGNMENTS: ""}
    where = {**mutation.scope.match(), "_id": stored["_id"]}
    await mutation.scope.collection(COLLECTION).update_one(where, change, session=mutation.session)
    if loses_access:
        await begin_assignment_cleanup(mutation, stored)


def _change_summary(stored: Document, changes: _Changes) -> str:
    phrases = []
    if "display_name" in changes:
        phrases.append(f"is now called {changes['display_name'][1]}")
    if "role" in changes:
        phrases.append(f"became {_role_name(PartnerRole(changes['role'][1]))}")
    return f"{stored['display_name']} {' and '.join(phrases)}"


def _role_name(role: PartnerRole) -> str:
    """Return the role for a sentence: `read-only administrator`."""
    return str(role).lower().replace("_", " ").replace("read only", "read-only")
