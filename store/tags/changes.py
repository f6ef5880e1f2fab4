"""The mutations of tags: each the body of one transaction."""

from collections.abc import Mapping
from typing import Any

from domain.partner.tags import MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH, MAX_TAGS
from domain.text.folding import fold_for_sorting
from domain.text.normalization import name_key
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.database.client import DeleteMany, Document
from store.database.ids import new_id
from store.events.log import EventDraft
from store.tags.cleanup import start_tag_cleanup
from store.tags.documents import COLLECTION


async def create_tag(mutation: Mutation) -> Document:
    """A new tag; answers its id as `tag`."""
    checks = mutation.checks
    name = checks.read_line("name", MAX_NAME_LENGTH, "The tag's name")
    description = checks.read_optional_lines("description", MAX_DESCRIPTION_LENGTH, "The description")
    if name is not None:
        await _check_name_is_free(mutation, name)
    await _check_tag_limit(mutation)
    checks.raise_if_invalid()
    document = _new_tag(mutation, str(name), description)
    await mutation.scope.collection(COLLECTION).insert_many([document], session=mutation.session)
    mutation.add_event(EventDraft(ActivityKind.TAG_CREATED, document["_id"], f"Tag {name} was created"))
    return {"tag": document["_id"]}


async def update_tag(mutation: Mutation) -> Document:
    """Changes what is given; answers the tag's id as `tag`."""
    checks = mutation.checks
    changes = await _read_changes(mutation)
    stored = await _read_stored_tag(mutation)
    checks.raise_if_invalid()
    differing = {name: value for name, value in changes.items() if stored[name] != value}
    if differing:
        told = {name: [stored[name], value] for name, value in differing.items()}
        if "name" in differing:
            differing |= {"name_key": name_key(differing["name"]), "name_folded": fold_for_sorting(differing["name"])}
        change = {"$set": {**differing, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
        where = {**mutation.scope.match(), "_id": stored["_id"]}
        await mutation.scope.collection(COLLECTION).update_one(where, change, session=mutation.session)
        mutation.add_event(
            EventDraft(ActivityKind.TAG_CHANGED, stored["_id"], _change_summary(stored["name"], told), told)
        )
    return {"tag": stored["_id"]}


async def delete_tag(mutation: Mutation) -> Document:
    """Deletes the tag, and begins to take it off every customer; answers its id as `deleted`."""
    stored = await _read_stored_tag(mutation)
    mutation.checks.raise_if_invalid()
    scope, session = mutation.scope, mutation.session
    where = {**scope.match(), "_id": stored["_id"]}
    await scope.collection(COLLECTION).bulk_write([DeleteMany(where)], session=session)
    await scope.collection("partners").update_one(scope.match(), {"$inc": {"tag_count": -1}}, session=session)
    mutation.add_event(EventDraft(ActivityKind.TAG_DELETED, stored["_id"], f"Tag {stored['name']} was deleted"))
    await start_tag_cleanup(mutation, stored["_id"], stored["name"])
    return {"deleted": stored["_id"]}


async def _read_changes(mutation: Mutation) -> Document:
    checks, changes = mutation.checks, Document()
    if checks.is_given("name"):
        name = changes["name"] = checks.read_line("name", MAX_NAME_LENGTH, "The tag's name")
        if name is not None:
            await _check_name_is_free(mutation, name, mutation.input["id"])
    if checks.is_given("color"):
        changes["color"] = mutation.input["color"] and str(mutation.input["color"])
        if changes["color"] is None:
            checks.add(UserErrorCode.INVALID, "The colour cannot be removed.", "color")
    if checks.is_given("description"):
        changes["description"] = checks.read_optional_lines("description", MAX_DESCRIPTION_LENGTH, "The description")
    return changes


async def _read_stored_tag(mutation: Mutation) -> Document:
    """The tag that is meant; an empty document, and a mistake, where there is none or it has changed."""
    where = {**mutation.scope.match(), "_id": mutation.input["id"]}
    found = await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)
    if found is None:
        mutation.checks.add_not_found("tag", "id")
        return {}
    mutation.checks.check_version(found["version"], "The tag")
    return found


def _change_summary(name: str, changes: Mapping[str, list[Any]]) -> str:
    if "name" in changes:
        return f"Tag {name} was renamed to {changes['name'][1]}"
    return f"Tag {name} got another {' and '.join('colour' if one == 'color' else one for one in changes)}"


async def _check_name_is_free(mutation: Mutation, name: str, own_id: str | None = None) -> None:
    """Two that are created at once meet in the unique index: the second transaction runs again, and finds it here."""
    where = {**mutation.scope.match(), "name_key": name_key(name)}
    found = await mutation.scope.collection(COLLECTION).find_one(where, {"name": 1}, session=mutation.session)
    if found is not None and found["_id"] != own_id:
        mutation.checks.add(UserErrorCode.TAKEN, f"There is a tag {found['name']} already.", "name")


async def _check_tag_limit(mutation: Mutation) -> None:
    """The count stands on the partner's document, where two that create a tag each meet."""
    scope, session = mutation.scope, mutation.session
    change = {"$inc": {"tag_count": 1}}
    partner = await scope.collection("partners").find_one_and_update(scope.match(), change, session=session)
    if partner is not None and partner["tag_count"] > MAX_TAGS:
        message = f"A partner has at most {MAX_TAGS:,} tags: delete one that is no longer used."
        mutation.checks.add(UserErrorCode.LIMIT_REACHED, message)


def _new_tag(mutation: Mutation, name: str, description: str | None) -> Document:
    now = mutation.scope.now
    return {
        "_id": new_id("tag"),
        "partner_id": mutation.scope.partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "name": name,
        "name_key": name_key(name),
        "name_folded": fold_for_sorting(name),
        "color": str(mutation.input["color"]),
        "description": description,
        "created_by": mutation.actor.id,
    }
