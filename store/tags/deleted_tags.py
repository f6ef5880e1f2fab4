"""Deleted tags in filters. They match no customer, even while customers still store them."""

from domain.customers.filter import AllOf, AnyOf, Condition, HasKey, Not
from domain.customers.keys import dimension_key
from store.database.scope import Scope
from store.tags.documents import Tags

_DIMENSION = "tag"
_PREFIX = dimension_key(_DIMENSION, "")


async def without_deleted_tags(scope: Scope, condition: AllOf) -> AllOf:
    """Return the condition without tags that do not exist; a condition without tags needs no query."""
    tag_ids = set(_tag_ids_of(condition))
    if not tag_ids:
        return condition
    existing = await Tags(scope).by_ids(sorted(tag_ids))
    deleted = frozenset(_PREFIX + tag for tag in tag_ids - set(existing))
    return AllOf(tuple(_without_keys(inner, deleted) for inner in condition.conditions)) if deleted else condition


def _tag_ids_of(condition: Condition) -> list[str]:
    match condition:
        case HasKey(dimension, keys):
            return [key.removeprefix(_PREFIX) for key in keys] if dimension == _DIMENSION else []
        case AllOf(conditions) | AnyOf(conditions):
            return [tag for inner in conditions for tag in _tag_ids_of(inner)]
        case Not(inner):
            return _tag_ids_of(inner)
        case _:
            return []


def _without_keys(condition: Condition, deleted: frozenset[str]) -> Condition:
    match condition:
        case HasKey(dimension, keys):
            return HasKey(dimension, tuple(key for key in keys if key not in deleted))
        case AllOf(conditions):
            return AllOf(tuple(_without_keys(inner, deleted) for inner in conditions))
        case AnyOf(conditions):
            return AnyOf(tuple(_without_keys(inner, deleted) for inner in conditions))
        case Not(inner):
            return Not(_without_keys(inner, deleted))
        case _:
            return condition
