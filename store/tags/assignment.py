"""assignTags and removeTags: who is meant, and whether they are changed here or by a job behind the answer."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from domain.customers.filter import is_impossible, parse_filter, simplify
from domain.failures import BadUserInput
from domain.partner.bulk_jobs import MAX_SYNCHRONOUS_CUSTOMERS
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.customers.list_planner.rarest_keys import choose_rarest_keys
from store.customers.orders import KEYS_INDEX
from store.customers.queries import customers_query
from store.database.client import Document
from store.tags.bulk_jobs import start_job
from store.tags.customer_tags import Tagging
from store.tags.deleted_tags import without_deleted_tags
from store.tags.documents import Tags
from store.tags.retagging import retag

_MAX_TAGS = 500
_MAX_SHOWN = 100
# A query is a document, and none is larger than 16 MiB.
_COUNT_CHUNK, _READ_CHUNK = 50_000, 1_000


class _TaggingResult(NamedTuple):
    """How many changed and had no room, and the first that changed."""

    changed: int
    skipped: int
    shown: list[str]


async def assign_tags(mutation: Mutation) -> Document:
    """Puts tags on customers; answers `changed`, `skipped`, the first `customers`, and the `job` if there is one."""
    return await _change_tags(mutation, is_addition=True)


async def remove_tags(mutation: Mutation) -> Document:
    """Takes tags off customers, with the same answer."""
    return await _change_tags(mutation, is_addition=False)


async def _change_tags(mutation: Mutation, *, is_addition: bool) -> Document:
    names = await _tag_names(mutation)
    ids = await _selected_ids(mutation, mutation.input["customers"])
    mutation.checks.raise_if_invalid()
    tagging, is_dry = Tagging(names, is_addition), bool(mutation.input.get("dry_run"))
    if len(ids) > MAX_SYNCHRONOUS_CUSTOMERS and not is_dry:
        job = await start_job(mutation, tagging, ids)
        return {"changed": 0, "skipped": 0, "customers": [], "job": job}
    outcome = await (_preview(mutation, tagging, ids) if is_dry else _apply(mutation, tagging, ids))
    return {"changed": outcome.changed, "skipped": outcome.skipped, "customers": outcome.shown, "job": None}


async def _tag_names(mutation: Mutation) -> Mapping[str, str]:
    checks = mutation.checks
    ids = checks.read_ids(mutation.input["tags"], "tags", "tags", most=_MAX_TAGS) or []
    found = await Tags(mutation.scope).by_ids(ids, session=mutation.session)
    for position, id_ in enumerate(ids):
        if id_ not in found:
            checks.add_not_found("tag", "tags", position)
    return {id_: tag.name for id_, tag in found.items()}


async def _selected_ids(mutation: Mutation, selection: Mapping[str, Any]) -> list[str]:
    """The ids of the customers that are meant, in the order of their names where a filter chooses them."""
    if selection.get("ids") is None:
        return await _matching_ids(mutation, selection.get("matching") or {})
    checks = mutation.checks
    ids = checks.read_ids(selection["ids"], "customers", "customers", "ids") or []
    where = {**mutation.scope.match_customers(), "_id": {"$in": ids}}
    found = await mutation.scope.collection("customers").find(where, {"_id": 1}, session=mutation.session)
    seen = {customer["_id"] for customer in found}
    for position, id_ in enumerate(ids):
        if id_ not in seen:
            checks.add_not_found("customer", "customers", "ids", position)
    return ids


async def _matching_ids(mutation: Mutation, given: Mapping[str, Any]) -> list[str]:
    try:
        condition = parse_filter(given)
    except BadUserInput as bad:
        mutation.checks.add(UserErrorCode.INVALID, str(bad), "customers", "matching")
        return []
    scope = mutation.scope
    wanted = simplify(await without_deleted_tags(scope, condition))
    if is_impossible(wanted):
        return []
    where = customers_query(scope, wanted, await choose_rarest_keys(scope, wanted))
    collection = scope.collection("customers")
    found = await collection.find(where, {"_id": 1}, hint=KEYS_INDEX, session=mutation.session)
    return [customer["_id"] for customer in found]


async def _apply(mutation: Mutation, tagging: Tagging, ids: list[str]) -> _TaggingResult:
    if not ids:
        return _TaggingResult(0, 0, [])
    where = {**mutation.scope.match_customers(), "_id": {"$in": ids}}
    actor_id = mutation.actor.id
    changed, skipped = await retag(mutation.scope, where, tagging, mutation.session, actor_id, mutation.partner)
    return _TaggingResult(len(changed), skipped, changed[:_MAX_SHOWN])


async def _preview(mutation: Mutation, tagging: Tagging, ids: list[str]) -> _TaggingResult:
    """What would change, read from the tags alone: many customers have the same, and are counted together."""
    scope, session = mutation.scope, mutation.session
    changed = skipped = 0
    for some in _chunks(ids, _COUNT_CHUNK):
        where = {**scope.match_customers(), "_id": {"$in": some}}
        stages = [{"$match": where}, {"$group": {"_id": "$tag_ids", "count": {"$sum": 1}}}]
        alike = {
            str(n): one for n, one in enumerate(await scope.collection("customers").aggregate(stages, session=session))
        }
        after, _ = await tagging.compute_changes(scope, session, [(key, one["_id"]) for key, one in alike.items()])
        changed += sum(alike[key]["count"] for key in after)
        skipped += sum(
            one["count"] for key, one in alike.items() if key not in after and tagging.would_change(one["_id"])
        )
    return _TaggingResult(changed, skipped, await _first_changing(mutation, tagging, ids, min(changed, _MAX_SHOWN)))


async def _first_changing(mutation: Mutation, tagging: Tagging, ids: list[str], count: int) -> list[str]:
    """The first customers that would change, in the order of the ids."""
    scope, session = mutation.scope, mutation.session
    first: list[str] = []
    for some in _chunks(ids, _READ_CHUNK):
        if len(first) >= count:
            break
        where = {**scope.match_customers(), "_id": {"$in": some}}
        found = await scope.collection("customers").find(where, {"tag_ids": 1}, session=session)
        after, _ = await tagging.compute_changes(scope, session, [(one["_id"], one["tag_ids"]) for one in found])
        first += [id_ for id_ in some if id_ in after]
    return first[:count]


def _chunks(ids: list[str], size: int) -> Iterator[list[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
