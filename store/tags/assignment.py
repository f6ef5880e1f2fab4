"""The mutations that assign tags to customers and remove them, in the mutation itself or by a bulk job."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from domain.batches import split_into_batches
from domain.customers.filter import check_filter_permissions, parse_filter
from domain.customers.simplification import is_impossible, simplify
from domain.failures import BadUserInput
from domain.inputs import value_or_none
from domain.messages import translatable
from domain.partner.bulk_jobs import MAX_SYNCHRONOUS_CUSTOMERS
from domain.partner.tags import ChangeCustomerTags, CustomerSelection
from domain.permissions import ROLE_PERMISSIONS
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.customers.list_planner.rarest_keys import choose_rarest_keys
from store.customers.orders import KEYS_INDEX
from store.customers.queries import customers_query
from store.tags.bulk_jobs import check_job_limit, start_job
from store.tags.customer_tags import Tagging
from store.tags.documents import Tags
from store.tags.filter_preparation import prepare_filter
from store.tags.retagging import Retagging

_MAX_TAGS = 500
_MAX_RETURNED_CUSTOMERS = 100
# A query is one BSON document of at most 16 MiB, so long lists of ids are split. Reads of whole rows use shorter lists.
_COUNT_CHUNK, _READ_CHUNK = 50_000, 1_000


class TaggingResult(Struct, frozen=True):
    """How many customers changed and how many had no room; the first that changed; the job that continues, if any."""

    changed: int
    skipped: int
    customers: Sequence[str]
    job: str | None = None


async def assign_tags(mutation: Mutation[ChangeCustomerTags]) -> TaggingResult:
    """Assign tags to customers."""
    return await _change_tags(mutation, is_addition=True)


async def remove_tags(mutation: Mutation[ChangeCustomerTags]) -> TaggingResult:
    """Remove tags from customers."""
    return await _change_tags(mutation, is_addition=False)


async def _change_tags(mutation: Mutation[ChangeCustomerTags], *, is_addition: bool) -> TaggingResult:
    names = await _load_tag_names(mutation)
    customer_ids = await _find_selected_ids(mutation, mutation.input.customers)
    mutation.checks.raise_if_invalid()
    tagging = Tagging(names, is_addition)
    if mutation.input.dry_run:
        return await _preview(mutation, tagging, customer_ids)
    if len(customer_ids) > MAX_SYNCHRONOUS_CUSTOMERS:
        return TaggingResult(0, 0, [], job=await start_job(mutation, tagging, customer_ids))
    return await _apply(mutation, tagging, customer_ids)


async def _load_tag_names(mutation: Mutation[ChangeCustomerTags]) -> Mapping[str, str]:
    checks = mutation.checks
    ids = checks.read_ids(mutation.input.tags, translatable("tags"), "tags", most=_MAX_TAGS) or []
    tags = await Tags(mutation.scope).by_ids(ids, session=mutation.session)
    for position, id_ in enumerate(ids):
        if id_ not in tags:
            checks.add_not_found(translatable("tag"), "tags", position)
        elif tags[id_].raw_rule is not None:
            message = translatable("The tag {name} has a rule, which alone decides its customers.", name=tags[id_].name)
            checks.add(UserErrorCode.WRONG_STATE, message, "tags", position)
    return {id_: tag.name for id_, tag in tags.items()}


async def _find_selected_ids(mutation: Mutation[ChangeCustomerTags], selection: CustomerSelection) -> list[str]:
    """Return the ids of the selected customers; those of a filter in the order of the customers' names."""
    selected = value_or_none(selection.ids)
    if selected is None:
        if not mutation.input.dry_run:
            await check_job_limit(mutation)
            mutation.checks.raise_if_invalid()
        return await _find_matching_ids(mutation, value_or_none(selection.matching) or {})
    checks = mutation.checks
    ids = checks.read_ids(selected, translatable("customers"), "customers", "ids") or []
    where = {**mutation.scope.match_customers(), "_id": {"$in": ids}}
    customers = await mutation.scope.collection("customers").find(where, {"_id": 1}, session=mutation.session)
    visible = {customer["_id"] for customer in customers}
    for position, id_ in enumerate(ids):
        if id_ not in visible:
            checks.add_not_found(translatable("customer"), "customers", "ids", position)
    return ids


async def _find_matching_ids(mutation: Mutation[ChangeCustomerTags], raw_filter: Mapping[str, Any]) -> list[str]:
    try:
        parsed = parse_filter(raw_filter)
    except BadUserInput as error:
        mutation.checks.add(UserErrorCode.INVALID, error.message, "customers", "matching")
        return []
    check_filter_permissions(raw_filter, ROLE_PERMISSIONS[mutation.actor.role])
    scope = mutation.scope
    condition = simplify(await prepare_filter(scope, parsed))
    if is_impossible(condition):
        return []
    where = customers_query(scope, condition, await choose_rarest_keys(scope, condition))
    collection = scope.collection("customers")
    return await collection.find_ids(where, hint=KEYS_INDEX, session=mutation.session)


async def _apply(mutation: Mutation[ChangeCustomerTags], tagging: Tagging, ids: list[str]) -> TaggingResult:
    if not ids:
        return TaggingResult(0, 0, [])
    scope = mutation.scope
    where = {**scope.match_customers(), "_id": {"$in": ids}}
    retagging = Retagging(scope, mutation.session, mutation.actor.id, tagging, mutation.partner, scope.now)
    changed, skipped = await retagging.run(where)
    return TaggingResult(len(changed), skipped, changed[:_MAX_RETURNED_CUSTOMERS])


async def _preview(mutation: Mutation[ChangeCustomerTags], tagging: Tagging, ids: list[str]) -> TaggingResult:
    """Return what would change. Customers with equal tags are counted as one group, because many have the same."""
    scope, session = mutation.scope, mutation.session
    changed = skipped = 0
    for batch in split_into_batches(ids, _COUNT_CHUNK):
        where = {**scope.match_customers(), "_id": {"$in": list(batch)}}
        stages = [{"$match": where}, {"$group": {"_id": "$tag_ids", "count": {"$sum": 1}}}]
        rows = await scope.collection("customers").aggregate(stages, session=session)
        groups = {str(number): row for number, row in enumerate(rows)}
        tags_by_group = [(key, row["_id"]) for key, row in groups.items()]
        tags_after, _ = await tagging.compute_changes(scope, session, tags_by_group)
        changed += sum(groups[key]["count"] for key in tags_after)
        skipped += sum(
            row["count"] for key, row in groups.items() if key not in tags_after and tagging.would_change(row["_id"])
        )
    first = await _find_first_changing(mutation, tagging, ids, min(changed, _MAX_RETURNED_CUSTOMERS))
    return TaggingResult(changed, skipped, first)


async def _find_first_changing(
    mutation: Mutation[ChangeCustomerTags], tagging: Tagging, ids: list[str], count: int
) -> list[str]:
    """Return the first `count` customers that would change, in the order of `ids`."""
    scope, session = mutation.scope, mutation.session
    first: list[str] = []
    for batch in split_into_batches(ids, _READ_CHUNK):
        if len(first) >= count:
            break
        where = {**scope.match_customers(), "_id": {"$in": list(batch)}}
        customers = await scope.collection("customers").find(where, {"tag_ids": 1}, session=session)
        tags_by_id = [(customer["_id"], customer["tag_ids"]) for customer in customers]
        tags_after, _ = await tagging.compute_changes(scope, session, tags_by_id)
        first += [id_ for id_ in batch if id_ in tags_after]
    return first[:count]
