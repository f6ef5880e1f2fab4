"""The mutations of views: each the body of one transaction."""

from typing import Any

from domain.customers.filter import parse_filter
from domain.failures import BadUserInput, Forbidden
from domain.partner.views import (
    MAX_FILTER_LENGTH,
    MAX_NAME_LENGTH,
    MAX_OWN_VIEWS,
    MAX_SHARED_VIEWS,
    filter_length,
    filter_to_document,
)
from domain.permissions import Permission, has_permission
from domain.text.folding import fold_for_sorting
from domain.text.normalization import name_key
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.database.client import Document
from store.database.ids import new_id
from store.events.log import EventDraft
from store.organization.views import COLLECTION

_OWN_VIEW = "view of yours"


async def save_customer_view(mutation: Mutation) -> Document:
    """A new view, or another form of one's own; answers its id as `view`."""
    if mutation.input["shared"] and not has_permission(mutation.actor.role, Permission.EDIT_TAGS):
        raise Forbidden(Permission.EDIT_TAGS)
    checks = mutation.checks
    before = await _load_own_view(mutation, mutation.input["id"]) if mutation.input.get("id") is not None else None
    if mutation.input.get("id") is not None and before is None:
        checks.add_not_found(_OWN_VIEW, "id")
    if before is not None:
        checks.check_version(before["version"], "The view")
    name = checks.read_line("name", MAX_NAME_LENGTH, "The view's name")
    if name is not None:
        await _check_name_available(mutation, name, before)
    chosen = _validate_filter(mutation, before)
    await _check_view_limit(mutation, before)
    checks.raise_if_invalid()
    return await _save(mutation, before, {"name": name, "filter": chosen, "shared": mutation.input["shared"]})


async def delete_customer_view(mutation: Mutation) -> Document:
    """Deletes one's own view; answers its id as `deleted`."""
    view = await _load_own_view(mutation, mutation.input["id"])
    if view is None:
        mutation.checks.add_not_found(_OWN_VIEW, "id")
    mutation.checks.raise_if_invalid()
    where = {**mutation.scope.match(), "_id": mutation.input["id"]}
    await mutation.scope.collection(COLLECTION).delete_many(where, session=mutation.session)
    _add_view_event(mutation, ActivityKind.VIEW_DELETED, view or {}, "deleted")
    return {"deleted": mutation.input["id"]}


async def _load_own_view(mutation: Mutation, view_id: str) -> Document | None:
    """Only the owner changes a view: to everybody else there is none to be changed, be it shared or not."""
    where = {**mutation.scope.match(), "owner_id": mutation.actor.id, "_id": view_id}
    return await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)


async def _check_name_available(mutation: Mutation, name: str, before: Document | None) -> None:
    """Two that are saved at once meet in the unique index: the second transaction runs again, and finds it here."""
    where = {**mutation.scope.match(), "owner_id": mutation.actor.id, "name_key": name_key(name)}
    found = await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)
    if found is not None and (before is None or found["_id"] != before["_id"]):
        mutation.checks.add(UserErrorCode.TAKEN, f"You have a view {found['name']} already.", "name")


def _validate_filter(mutation: Mutation, before: Document | None) -> Any:
    """The filter to be kept: the one given, or what the view has where none is."""
    checks, given = mutation.checks, mutation.input.get("filter")
    if given is None:
        if before is not None and checks.is_given("filter"):
            message = "The view's filter cannot be removed: give an empty one, {}, for every customer."
            checks.add(UserErrorCode.INVALID, message, "filter")
        return None if before is None else before["filter"]
    try:
        parse_filter(given)
    except BadUserInput as refused:
        checks.add(UserErrorCode.INVALID, str(refused), "filter")
        return None
    kept = filter_to_document(given)
    if filter_length(kept) > MAX_FILTER_LENGTH:
        message = f"The filter is longer than the {MAX_FILTER_LENGTH:,} characters that a view keeps."
        checks.add(UserErrorCode.TOO_LONG, message, "filter")
    return kept


async def _check_view_limit(mutation: Mutation, before: Document | None) -> None:
    """A list of views is read whole, so both of its parts are bounded; two savers meet on the partner's document."""
    scope, session, is_shared = mutation.scope, mutation.session, mutation.input["shared"]
    if before is not None and before["shared"] == is_shared:
        return
    guard = {"$inc": {"views_guard": 1}}
    await scope.collection("partners").update_one(scope.match(), guard, session=session)
    most = MAX_SHARED_VIEWS if is_shared else MAX_OWN_VIEWS
    whose = {} if is_shared else {"owner_id": mutation.actor.id}
    where = {**scope.match(), **whose, "shared": is_shared}
    if len(await scope.collection(COLLECTION).find(where, {"_id": 1}, limit=most, session=session)) >= most:
        if is_shared:
            message = f"A partner has at most {most} shared views: keep this one to yourself."
            mutation.checks.add(UserErrorCode.LIMIT_REACHED, message, "shared")
        else:
            message = f"You keep {most} views already, which is the most: delete one that you no longer use."
            mutation.checks.add(UserErrorCode.LIMIT_REACHED, message)


async def _save(mutation: Mutation, before: Document | None, fields: Document) -> Document:
    if before is not None and all(before[name] == value for name, value in fields.items()):
        return {"view": before["_id"]}
    scope, now = mutation.scope, mutation.scope.now
    named = {"name_key": name_key(fields["name"]), "name_folded": fold_for_sorting(fields["name"])}
    written = {**fields, **named, "updated_at": now}
    collection = scope.collection(COLLECTION)
    if before is None:
        new = {"_id": new_id("viw"), **scope.match(), "version": 1, "created_at": now, "owner_id": mutation.actor.id}
        after = {**new, **written}
        await collection.insert_many([after], session=mutation.session)
    else:
        after = {**before, **written}
        change = {"$set": written, "$inc": {"version": 1}}
        await collection.update_one({**scope.match(), "_id": before["_id"]}, change, session=mutation.session)
    _add_view_event(mutation, ActivityKind.VIEW_SAVED, after, "saved")
    return {"view": after["_id"]}


def _add_view_event(mutation: Mutation, kind: ActivityKind, view: Document, what: str) -> None:
    """The name of a view that is not shared is nobody else's business."""
    summary = f"Shared view {view['name']} was {what}" if view["shared"] else f"A view of one's own was {what}"
    mutation.add_event(EventDraft(kind, view["_id"], summary))
