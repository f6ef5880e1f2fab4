"""The mutations that save and delete views; each function is the body of one transaction."""

from collections.abc import Mapping
from typing import Any

from domain.customers.filter import check_filter_permissions, parse_filter
from domain.failures import BadUserInput, Forbidden
from domain.inputs import ABSENT, value_or_none
from domain.messages import translatable
from domain.partner.views import (
    MAX_FILTER_LENGTH,
    MAX_NAME_LENGTH,
    MAX_OWN_VIEWS,
    MAX_SHARED_VIEWS,
    DeleteCustomerView,
    SaveCustomerView,
    filter_length,
    filter_to_document,
)
from domain.permissions import ROLE_PERMISSIONS, Permission, has_permission
from domain.text.folding import fold_for_sorting
from domain.text.normalization import name_key
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import ChangedObject, Mutation
from store.database.client import Document
from store.database.ids import new_id
from store.events.log import EventDraft
from store.organization.views import COLLECTION

_OWN_VIEW = translatable("view of yours")


async def save_customer_view(mutation: Mutation[SaveCustomerView]) -> ChangedObject:
    """Insert a view, or change the fields of a view of the caller that the input contains."""
    stored = await _load_view_to_save(mutation)
    name = await _read_name(mutation, stored)
    raw_filter = _validate_filter(mutation, stored)
    check_filter_permissions(raw_filter, ROLE_PERMISSIONS[mutation.actor.role])
    is_shared = _read_sharing(mutation, stored)
    await _check_view_limit(mutation, stored, is_shared=is_shared)
    fields = {"name": mutation.checks.require(name), "filter": raw_filter, "shared": is_shared}
    if stored is not None and all(stored[field] == value for field, value in fields.items()):
        return ChangedObject(stored["_id"])
    view = await _write_view(mutation, stored, fields)
    _add_view_event(mutation, ActivityKind.VIEW_SAVED, view, "saved")
    return ChangedObject(view["_id"])


async def delete_customer_view(mutation: Mutation[DeleteCustomerView]) -> ChangedObject:
    """Delete a view of the caller."""
    view = await _find_own_view(mutation, mutation.input.id)
    if view is None:
        mutation.checks.add_not_found(_OWN_VIEW, "id")
    view = mutation.checks.require(view)
    where = {**mutation.scope.match(), "_id": view["_id"]}
    await mutation.scope.collection(COLLECTION).delete_many(where, session=mutation.session)
    _add_view_event(mutation, ActivityKind.VIEW_DELETED, view, "deleted")
    return ChangedObject(view["_id"])


async def _load_view_to_save(mutation: Mutation[SaveCustomerView]) -> Document | None:
    """Return the stored view of the input's id; None for a new view, or after a mistake was added."""
    view_id = value_or_none(mutation.input.id)
    if view_id is None:
        return None
    stored = await _find_own_view(mutation, view_id)
    if stored is None:
        mutation.checks.add_not_found(_OWN_VIEW, "id")
    else:
        mutation.checks.check_version(mutation.input.version, stored["version"], translatable("The view"))
    return stored


async def _find_own_view(mutation: Mutation[Any], view_id: str) -> Document | None:
    """Return the view, where the caller owns it. Only the owner can change a view, even a shared one."""
    where = {**mutation.scope.match(), "owner_id": mutation.actor.id, "_id": view_id}
    return await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)


async def _read_name(mutation: Mutation[SaveCustomerView], stored: Document | None) -> str | None:
    """Return the name to save: that of the input, or the stored one where the input has none."""
    checks, given = mutation.checks, mutation.input.name
    if given is ABSENT:
        if stored is not None:
            return str(stored["name"])
        if value_or_none(mutation.input.id) is None:
            checks.add(UserErrorCode.BLANK, translatable("A new view needs a name."), "name")
        return None
    name = checks.read_line(given, MAX_NAME_LENGTH, translatable("The view's name"), "name")
    if name is not None:
        await _check_name_available(mutation, name, stored)
    return name


def _read_sharing(mutation: Mutation[SaveCustomerView], stored: Document | None) -> bool:
    """Return whether the saved view is shared; raise Forbidden where the caller may not save a shared view."""
    given = mutation.input.shared
    if given is None:
        mutation.checks.add(
            UserErrorCode.INVALID, translatable("A view is shared or not: give true or false."), "shared"
        )
    is_shared = given if isinstance(given, bool) else stored is not None and bool(stored["shared"])
    if is_shared and not has_permission(mutation.actor.role, Permission.EDIT_TAGS):
        raise Forbidden(Permission.EDIT_TAGS)
    return is_shared


async def _check_name_available(mutation: Mutation[SaveCustomerView], name: str, stored: Document | None) -> None:
    """Add TAKEN where another view of the caller has the name.

    Of two concurrent transactions, the second one fails on the unique index, is repeated and finds the view here.
    """
    where = {**mutation.scope.match(), "owner_id": mutation.actor.id, "name_key": name_key(name)}
    same_name = await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)
    if same_name is not None and (stored is None or same_name["_id"] != stored["_id"]):
        mutation.checks.add(
            UserErrorCode.TAKEN, translatable("You have a view {name} already.", name=same_name["name"]), "name"
        )


def _validate_filter(mutation: Mutation[SaveCustomerView], stored: Document | None) -> Mapping[str, Any] | None:
    """Return the filter to store: that of the input, or the stored one where the input has none."""
    checks, given = mutation.checks, mutation.input.filter
    raw_filter = value_or_none(given)
    if raw_filter is None:
        if stored is not None and given is None:
            message = translatable("The view's filter cannot be removed: give an empty one for every customer.")
            checks.add(UserErrorCode.INVALID, message, "filter")
        return None if stored is None else stored["filter"]
    try:
        parse_filter(raw_filter)
    except BadUserInput as error:
        checks.add(UserErrorCode.INVALID, error.message, "filter")
        return None
    document = filter_to_document(raw_filter)
    if filter_length(document) > MAX_FILTER_LENGTH:
        message = translatable(
            "The filter is longer than the {most} characters that a view keeps.", most=MAX_FILTER_LENGTH
        )
        checks.add(UserErrorCode.TOO_LONG, message, "filter")
    return document


async def _check_view_limit(mutation: Mutation[SaveCustomerView], stored: Document | None, *, is_shared: bool) -> None:
    """Add LIMIT_REACHED where the caller, or the partner for a shared view, has the most views already.

    The guard on the partner's document makes two concurrent saves conflict.
    """
    scope, session = mutation.scope, mutation.session
    if stored is not None and stored["shared"] == is_shared:
        return
    guard = {"$inc": {"views_guard": 1}}
    await scope.collection("partners").update_one(scope.match(), guard, session=session)
    most = MAX_SHARED_VIEWS if is_shared else MAX_OWN_VIEWS
    owner = {} if is_shared else {"owner_id": mutation.actor.id}
    where = {**scope.match(), **owner, "shared": is_shared}
    if len(await scope.collection(COLLECTION).find(where, {"_id": 1}, limit=most, session=session)) < most:
        return
    if is_shared:
        message = translatable("A partner has at most {most} shared views: keep this one to yourself.", most=most)
        mutation.checks.add(UserErrorCode.LIMIT_REACHED, message, "shared")
    else:
        message = translatable(
            "You keep {most} views already, which is the most: delete one that you no longer use.", most=most
        )
        mutation.checks.add(UserErrorCode.LIMIT_REACHED, message)


async def _write_view(mutation: Mutation[SaveCustomerView], stored: Document | None, fields: Document) -> Document:
    scope, now = mutation.scope, mutation.scope.now
    name_forms = {"name_key": name_key(fields["name"]), "name_folded": fold_for_sorting(fields["name"])}
    written = {**fields, **name_forms, "updated_at": now}
    collection = scope.collection(COLLECTION)
    if stored is None:
        new = {"_id": new_id("viw"), **scope.match(), "version": 1, "created_at": now, "owner_id": mutation.actor.id}
        view = {**new, **written}
        await collection.insert_many([view], session=mutation.session)
        return view
    change = {"$set": written, "$inc": {"version": 1}}
    await collection.update_one({**scope.match(), "_id": stored["_id"]}, change, session=mutation.session)
    return {**stored, **written}


def _add_view_event(mutation: Mutation[Any], kind: ActivityKind, view: Document, verb: str) -> None:
    """Add the event of a view. Only a shared view is named, because everybody reads the log."""
    summary = f"Shared view {view['name']} was {verb}" if view["shared"] else f"A view of one's own was {verb}"
    mutation.add_event(EventDraft(kind, view["_id"], summary))
