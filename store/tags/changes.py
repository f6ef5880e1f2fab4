"""The mutations that create, update and delete a tag; each function is the body of one transaction."""

from collections.abc import Mapping
from typing import Any

from domain.customers.keys import dimension_key
from domain.inputs import ABSENT, value_or_none
from domain.messages import translatable
from domain.partner.tags import (
    MAX_DESCRIPTION_LENGTH,
    MAX_NAME_LENGTH,
    MAX_TAGS,
    CreateTag,
    DeleteTag,
    UpdateTag,
)
from domain.permissions import can_see_all_customers
from domain.text.folding import fold_for_sorting
from domain.text.normalization import name_key
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import ChangedObject, Mutation
from store.database.client import DeleteMany, Document
from store.database.ids import new_id
from store.events.log import EventDraft
from store.tags.cleanup import start_tag_cleanup
from store.tags.documents import COLLECTION
from store.tags.rules import check_rule_permission, find_dependent_rule, read_rule, rename_rule, store_rule


class TagSaved(ChangedObject, frozen=True):
    """The result of a mutation that saves a tag: its id, and the job that evaluates its new rule."""

    job: str | None = None


async def create_tag(mutation: Mutation[CreateTag]) -> TagSaved:
    """Insert a tag; one with a rule starts the job that gives it to the customers that match."""
    checks, input = mutation.checks, mutation.input
    name = checks.read_line(input.name, MAX_NAME_LENGTH, translatable("The tag's name"), "name")
    description = checks.read_optional_lines(
        input.description, MAX_DESCRIPTION_LENGTH, translatable("The description"), "description"
    )
    if name is not None:
        await _check_name_is_free(mutation, name)
    rule = None if input.rule is ABSENT else await read_rule(mutation, value_or_none(input.rule), None)
    await _check_tag_limit(mutation)
    document = _new_tag(mutation, checks.require(name), description, rule)
    await mutation.scope.collection(COLLECTION).insert_many([document], session=mutation.session)
    mutation.add_event(EventDraft(ActivityKind.TAG_CREATED, document["_id"], f"Tag {name} was created"))
    job = None if rule is None else await store_rule(mutation, document["_id"], document["name"], rule)
    return TagSaved(document["_id"], job)


async def update_tag(mutation: Mutation[UpdateTag]) -> TagSaved:
    """Change the fields that the input contains; a new rule starts the job that evaluates every customer."""
    changes = await _read_changes(mutation)
    stored = await _read_stored_tag(mutation, mutation.input.id, mutation.input.version)
    stored = mutation.checks.require(stored)
    new_values = {name: value for name, value in changes.items() if stored.get(name) != value}
    job = None
    if new_values:
        before_and_after = {name: [stored.get(name), value] for name, value in new_values.items()}
        if "name" in new_values:
            name = new_values["name"]
            new_values |= {"name_key": name_key(name), "name_folded": fold_for_sorting(name)}
        change = {"$set": {**new_values, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
        where = {**mutation.scope.match(), "_id": stored["_id"]}
        await mutation.scope.collection(COLLECTION).update_one(where, change, session=mutation.session)
        summary = _change_summary(stored["name"], before_and_after)
        mutation.add_event(EventDraft(ActivityKind.TAG_CHANGED, stored["_id"], summary, before_and_after))
        job = await _update_rule(mutation, {**stored, **new_values}, new_values)
    return TagSaved(stored["_id"], job)


async def _update_rule(mutation: Mutation[UpdateTag], tag: Document, new_values: Document) -> str | None:
    if "rule" in new_values:
        return await store_rule(mutation, tag["_id"], tag["name"], tag["rule"])
    if "name" in new_values and tag.get("rule") is not None:
        await rename_rule(mutation, tag["_id"], tag["name"])
    return None


async def delete_tag(mutation: Mutation[DeleteTag]) -> ChangedObject:
    """Delete the tag and start its removal from all customers; the caller must see every customer that has it."""
    stored = await _read_stored_tag(mutation, mutation.input.id, mutation.input.version)
    if stored is not None and await _is_used_out_of_sight(mutation, stored["_id"]):
        message = translatable(
            "Customers that are not assigned to you have this tag. Only a full administrator can delete it."
        )
        mutation.checks.add(UserErrorCode.WRONG_STATE, message, "id")
    if stored is not None:
        await _end_rule(mutation, stored)
    stored = mutation.checks.require(stored)
    scope, session = mutation.scope, mutation.session
    where = {**scope.match(), "_id": stored["_id"]}
    await scope.collection(COLLECTION).bulk_write([DeleteMany(where)], session=session)
    await scope.collection("partners").update_one(scope.match(), {"$inc": {"tag_count": -1}}, session=session)
    mutation.add_event(EventDraft(ActivityKind.TAG_DELETED, stored["_id"], f"Tag {stored['name']} was deleted"))
    await start_tag_cleanup(mutation, stored["_id"], stored["name"])
    return ChangedObject(stored["_id"])


async def _end_rule(mutation: Mutation[DeleteTag], stored: Document) -> None:
    """Delete the rule of a tag that is deleted; add a mistake where the rule of another tag refers to the tag."""
    if (rule := find_dependent_rule(mutation, stored["_id"])) is not None:
        message = translatable("The rule of the tag {name} refers to this tag: change that rule first.", name=rule.name)
        mutation.checks.add(UserErrorCode.WRONG_STATE, message, "id")
    if stored.get("rule") is not None:
        check_rule_permission(mutation)
        await store_rule(mutation, stored["_id"], stored["name"], None)


async def _is_used_out_of_sight(mutation: Mutation[DeleteTag], tag_id: str) -> bool:
    """Return whether a customer has the tag that the caller does not see, as of this transaction."""
    scope = mutation.scope
    if can_see_all_customers(mutation.actor.role):
        return False
    where = {**scope.match(), "keys": dimension_key("tag", tag_id), "$nor": [scope.match_customers()]}
    return await scope.collection("customers").find_one(where, {"_id": 1}, session=mutation.session) is not None


async def _read_changes(mutation: Mutation[UpdateTag]) -> Document:
    checks, input, changes = mutation.checks, mutation.input, Document()
    if input.name is not ABSENT:
        name = changes["name"] = checks.read_line(input.name, MAX_NAME_LENGTH, translatable("The tag's name"), "name")
        if name is not None:
            await _check_name_is_free(mutation, name, input.id)
    if input.color is None:
        checks.add(UserErrorCode.INVALID, translatable("The colour cannot be removed."), "color")
    elif input.color is not ABSENT:
        changes["color"] = str(input.color)
    if input.description is not ABSENT:
        changes["description"] = checks.read_optional_lines(
            input.description, MAX_DESCRIPTION_LENGTH, translatable("The description"), "description"
        )
    if input.rule is not ABSENT:
        changes["rule"] = await read_rule(mutation, value_or_none(input.rule), input.id)
    return changes


async def _read_stored_tag(mutation: Mutation[Any], tag_id: str, version: int) -> Document | None:
    """Return the tag's document; add a mistake where the tag does not exist or has another version."""
    where = {**mutation.scope.match(), "_id": tag_id}
    stored = await mutation.scope.collection(COLLECTION).find_one(where, session=mutation.session)
    if stored is None:
        mutation.checks.add_not_found(translatable("tag"), "id")
        return None
    mutation.checks.check_version(version, stored["version"], translatable("The tag"))
    return stored


def _change_summary(name: str, changes: Mapping[str, list[Any]]) -> str:
    if "name" in changes:
        return f"Tag {name} was renamed to {changes['name'][1]}"
    if "rule" in changes:
        before, after = changes["rule"]
        return (
            f"Tag {name} {'lost its rule' if after is None else 'got a rule' if before is None else 'got another rule'}"
        )
    fields = ("colour" if field == "color" else field for field in changes)
    return f"Tag {name} got another {' and '.join(fields)}"


async def _check_name_is_free(mutation: Mutation[Any], name: str, own_id: str | None = None) -> None:
    """Add TAKEN where another tag has the name.

    Of two concurrent transactions, the second one fails on the unique index, is repeated and finds the tag here.
    """
    where = {**mutation.scope.match(), "name_key": name_key(name)}
    stored = await mutation.scope.collection(COLLECTION).find_one(where, {"name": 1}, session=mutation.session)
    if stored is not None and stored["_id"] != own_id:
        mutation.checks.add(
            UserErrorCode.TAKEN, translatable("There is a tag {name} already.", name=stored["name"]), "name"
        )


async def _check_tag_limit(mutation: Mutation[CreateTag]) -> None:
    """Count the tag on the partner's document, where concurrent creations conflict; add LIMIT_REACHED above 1,000."""
    scope, session = mutation.scope, mutation.session
    change = {"$inc": {"tag_count": 1}}
    partner = await scope.collection("partners").find_one_and_update(scope.match(), change, session=session)
    if partner is not None and partner["tag_count"] > MAX_TAGS:
        message = translatable("A partner has at most {most} tags: delete one that is no longer used.", most=MAX_TAGS)
        mutation.checks.add(UserErrorCode.LIMIT_REACHED, message)


def _new_tag(mutation: Mutation[CreateTag], name: str, description: str | None, rule: Document | None) -> Document:
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
        "color": str(mutation.input.color),
        "description": description,
        "rule": rule,
        "created_by": mutation.actor.id,
    }
