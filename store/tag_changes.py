"""The mutations of tags: each the body of one transaction."""

from domain.input_texts import name_key
from domain.tags import LONGEST_DESCRIPTION, LONGEST_NAME, MOST_TAGS
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from domain.words import sort_form
from store.client import Document
from store.events import Note
from store.ids import new_id
from store.mutations import Mutation
from store.tags import COLLECTION


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


async def _check_is_free(mutation: Mutation, name: str) -> None:
    """Two that are created at once meet in the unique index: the second transaction runs again, and finds it here."""
    where = {**mutation.scope.match(), "name_key": name_key(name)}
    found = await mutation.scope.collection(COLLECTION).find_one(where, {"name": 1}, session=mutation.session)
    if found is not None:
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
