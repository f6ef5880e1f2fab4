"""Tags that a filter names and that are no more: they match nobody, even before every customer has lost them."""

from domain.customers.filter import AllOf, AnyOf, Condition, HasKey, Not
from domain.customers.keys import dimension_key
from store.database.scope import Scope
from store.tags.documents import Tags

_DIMENSION = "tag"
_PREFIX = dimension_key(_DIMENSION, "")


async def without_deleted_tags(scope: Scope, condition: AllOf) -> AllOf:
    """The condition without the tags that do not exist; costs a query only where it names any."""
    named = set(_tag_ids_of(condition))
    if not named:
        return condition
    living = await Tags(scope).by_ids(sorted(named))
    gone = frozenset(_PREFIX + tag for tag in named - set(living))
    return condition if not gone else AllOf(tuple(_without_tags(one, gone) for one in condition.conditions))


def _tag_ids_of(condition: Condition) -> list[str]:
    match condition:
        case HasKey(dimension, keys):
            return [key.removeprefix(_PREFIX) for key in keys] if dimension == _DIMENSION else []
        case AllOf(inner) | AnyOf(inner):
            return [tag for one in inner for tag in _tag_ids_of(one)]
        case Not(one):
            return _tag_ids_of(one)
        case _:
            return []


def _without_tags(condition: Condition, gone: frozenset[str]) -> Condition:
    match condition:
        case HasKey(dimension, keys):
            return HasKey(dimension, tuple(key for key in keys if key not in gone))
        case AllOf(inner):
            return AllOf(tuple(_without_tags(one, gone) for one in inner))
        case AnyOf(inner):
            return AnyOf(tuple(_without_tags(one, gone) for one in inner))
        case Not(one):
            return Not(_without_tags(one, gone))
        case _:
            return condition
