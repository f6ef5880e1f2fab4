"""Deleted tags in filters. They match no customer, even while customers still store them."""

from collections.abc import Callable, Iterator

from domain.customers.conditions import AllOf, AnyOf, Condition, HasKey, Not
from domain.customers.key_dimensions import HAS_TAGS, TAG
from domain.customers.keys import presence_key
from store.database.scope import Scope
from store.tags.cleanup import is_tag_cleanup_pending
from store.tags.documents import Tags

_NO_TAGS_KEY = presence_key(HAS_TAGS.name, is_present=False)


async def without_deleted_tags(scope: Scope, condition: AllOf) -> AllOf:
    """Return the condition without tags that do not exist; a condition without tags needs no query."""
    conditions = list(_key_conditions(condition))
    if any(part.dimension == HAS_TAGS.name for part in conditions) and await is_tag_cleanup_pending(scope):
        existing = tuple(sorted(TAG.key(tag.id) for tag in await Tags(scope).search(None)))
        condition = AllOf(_replaced_each(condition, lambda part: _as_tags(part, existing)))
    tag_ids = {key.removeprefix(TAG.key("")) for part in conditions if part.dimension == TAG.name for key in part.keys}
    deleted = tag_ids - set(await Tags(scope).by_ids(sorted(tag_ids))) if tag_ids else ()
    if not deleted:
        return condition
    deleted_keys = frozenset(map(TAG.key, deleted))
    return AllOf(_replaced_each(condition, lambda part: _without_keys(part, deleted_keys)))


def _as_tags(condition: HasKey, existing: tuple[str, ...]) -> Condition:
    """Return a condition on the presence of tags as one on the existing tags: others are still taken off customers."""
    if condition.dimension != HAS_TAGS.name:
        return condition
    has_tags = HasKey(TAG.name, existing)
    return Not(has_tags) if condition.keys == (_NO_TAGS_KEY,) else has_tags


def _without_keys(condition: HasKey, deleted: frozenset[str]) -> Condition:
    return HasKey(condition.dimension, tuple(key for key in condition.keys if key not in deleted))


def _key_conditions(condition: Condition) -> Iterator[HasKey]:
    match condition:
        case HasKey():
            yield condition
        case AllOf(conditions) | AnyOf(conditions):
            for inner in conditions:
                yield from _key_conditions(inner)
        case Not(inner):
            yield from _key_conditions(inner)
        case _:
            pass


def _replaced(condition: Condition, replace: Callable[[HasKey], Condition]) -> Condition:
    match condition:
        case HasKey():
            return replace(condition)
        case AllOf():
            return AllOf(_replaced_each(condition, replace))
        case AnyOf():
            return AnyOf(_replaced_each(condition, replace))
        case Not(inner):
            return Not(_replaced(inner, replace))
        case _:
            return condition


def _replaced_each(condition: AllOf | AnyOf, replace: Callable[[HasKey], Condition]) -> tuple[Condition, ...]:
    return tuple(_replaced(inner, replace) for inner in condition.conditions)
