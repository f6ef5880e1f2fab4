"""The mutations of tags: each the body of one transaction."""

from collections.abc import Mapping
from typing import Any

from domain.partner.tags import LONGEST_DESCRIPTION, LONGEST_NAME, MOST_TAGS
from domain.text.folding import sort_form
from domain.text.normalization import name_key
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.database.client import DeleteMany, Document
from store.database.ids import new_id
from store.events.log import Note
from store.tags.cleanup import begin_sweep
from store.tags.documents import COLLECTION


async def create_tag(mutation: Mutation) -> Document:
    """A new tag; answers its id as `tag`."""
    checks = mutation.checks
    name = checks.line("name", LONGEST_NAME, "The tag's name")
    description = checks.optional_lines("description", LONGEST_DESCRIPTION, "The description")
    if name is not None:
        await _check_is_free(mutation, name)
    await _check_room(mutation)
    checks.raise_any()
    document = _new_tag(mutation, str(name), description)
    await mutation.scope.collection(COLLECTION).insert_many([document], session=mutation.session)
    mutation.tell(Note(ActivityKind.TAG_CREATED, document["_id"], f"Tag {name} was created"))
    return {"tag": document["_id"]}


async def update_tag(mutation: Mutation) -> Document:
    """Changes what is given; answers the tag's id as `tag`."""
    checks = mutation.checks
    changes = await _changes(mutation)
    stored = await _stored(mutation)
    checks.raise_any()
    differing = {name: value for name, value in changes.items() if stored[name] != value}
    if differing:
        told = {name: [stored[name], value] for name, value in differing.items()}
        if "name" in differing:
            differing |= {"name_key": name_key(differing["name"]), "name_folded": sort_form(differing["name"])}
        change = {"$set": {**differing, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
        where = {**mutation.scope.match(), "_id": stored["_id"]}
        await mutation.scope.collection(COLLECTION).update_one(where, change, session=mutation.session)
        mutation.tell(Note(ActivityKind.TAG_CHANGED, stored["_id"], _told(stored["name"], told), told))
    return {"tag": stored["_id"]}


async def delete_tag(mutation: Mutation) -> Document:
    """Deletes the tag, and begins to take it off every customer; answers its id as `deleted`."""
    stored = await _stored(mutation)
    mutation.checks.raise_any()
    scope, session = mutation.scope, mutation.session
    where = {**scope.match(), "_id": stored["_id"]}
    await scope.collection(COLLECTION).bulk_write([DeleteMany(where)], session=session)
    await scope.collection("partners").update_one(scope.match(), {"$inc": {"tag_count": -1}}, session=session)
    mutation.tell(Note(ActivityKind.TAG_DELETED, stored["_id"], f"Tag {stored['name']} was deleted"))
    await begin_sweep(mutation, stored["_id"], stored["name"])
    return {"deleted": stored["_id"]}


async def _changes(mutation: Mutation) -> Document:
    checks, changes = mutation.checks, Document()
    if checks.has("name"):
        name = changes["name"] = checks.line("name", LONGEST_NAME, "The tag's name")
        if name is not None:
            await _check_is_free(mutation, name, mutation.input["id"])
    if checks.has("color"):
        changes["color"] = mutation.input["color"] and str(mutation.input["color"])
        if changes["color"] is None:
            checks.add(UserErrorCode.INVALID, "The colour cannot be removed.", "color")
    if checks.has("description"):
        changes["description"] = checks.optional_lines("description", LONGEST_DESCRIPTION, "The description")
    return changes


async def _stored(mutation: Mutation) -> Document:
    """The tag that is meant; an empty document, and a mistake, where there is none or it has changed."""
    where = {**mutation.scope.match(), "_id": mutation.input["id"]}
    found = await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)
    if found is None:
        mutation.checks.missing("tag", "id")
        return {}
    mutation.checks.version(found["version"], "The tag")
    return found


def _told(name: str, changes: Mapping[str, list[Any]]) -> str:
    if "name" in changes:
        return f"Tag {name} was renamed to {changes['name'][1]}"
    return f"Tag {name} got another {' and '.join('colour' if one == 'color' else one for one in changes)}"


async def _check_is_free(mutation: Mutation, name: str, own_id: str | None = None) -> None:
    """Two that are created at once meet in the unique index: the second transaction runs again, and finds it here."""
    where = {**mutation.scope.match(), "name_key": name_key(name)}
    found = await mutation.scope.collection(COLLECTION).find_one(where, {"name": 1}, session=mutation.session)
    if found is not None and found["_id"] != own_id:
        mutation.checks.add(UserErrorCode.TAKEN, f"There is a tag {found['name']} already.", "name")


async def _check_room(mutation: Mutation) -> None:
    """The count stands on the partner's document, where two that create a tag each meet."""
    scope, session = mutation.scope, mutation.session
    change = {"$inc": {"tag_count": 1}}
    partner = await scope.collection("partners").find_one_and_update(scope.match(), change, session=session)
    if partner is not None and partner["tag_count"] > MOST_TAGS:
        message = f"A partner has at most {MOST_TAGS:,} tags: delete one that is no longer used."
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
        "name_folded": sort_form(name),
        "color": str(mutation.input["color"]),
        "description": description,
        "created_by": mutation.actor.id,
    }
