"""Deleted tags in filters. They match no customer, even while customers still store them."""

from collections.abc import Callable

from domain.customers.conditions import AllOf, Condition, HasKey, Not, leaves, replace_leaves
from domain.customers.key_dimensions import HAS_TAGS, TAG
from domain.customers.keys import presence_key
from store.database.scope import Scope
from store.tags.cleanup import is_tag_cleanup_pending
from store.tags.documents import Tags

_NO_TAGS_KEY = presence_key(HAS_TAGS.name, is_present=False)


async def without_deleted_tags(scope: Scope, condition: AllOf) -> AllOf:
    """Return the condition without tags that do not exist; a condition without tags needs no query."""
    conditions = [part for part in leaves(condition) if isinstance(part, HasKey)]
    if any(part.dimension == HAS_TAGS.name for part in conditions) and await is_tag_cleanup_pending(scope):
        existing = tuple(sorted(TAG.key(tag.id) for tag in await Tags(scope).search(None)))
        condition = _replace_keys(condition, lambda part: _as_tags(part, existing))
    tag_ids = {key.removeprefix(TAG.key("")) for part in conditions if part.dimension == TAG.name for key in part.keys}
    deleted = tag_ids - set(await Tags(scope).by_ids(sorted(tag_ids))) if tag_ids else ()
    if not deleted:
        return condition
    deleted_keys = frozenset(map(TAG.key, deleted))
    return _replace_keys(condition, lambda part: _without_keys(part, deleted_keys))


def _replace_keys(condition: AllOf, replace: Callable[[HasKey], Condition]) -> AllOf:
    """Return the condition with each condition on keys replaced."""
    parts = (
        replace_leaves(part, lambda leaf: replace(leaf) if isinstance(leaf, HasKey) else leaf)
        for part in condition.conditions
    )
    return AllOf(tuple(parts))


def _as_tags(condition: HasKey, existing: tuple[str, ...]) -> Condition:
    """Return a condition on the presence of tags as one on the existing tags: others are still taken off customers."""
    if condition.dimension != HAS_TAGS.name:
        return condition
    has_tags = HasKey(TAG.name, existing)
    return Not(has_tags) if condition.keys == (_NO_TAGS_KEY,) else has_tags


def _without_keys(condition: HasKey, deleted: frozenset[str]) -> Condition:
    return HasKey(condition.dimension, tuple(key for key in condition.keys if key not in deleted))
