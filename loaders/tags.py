"""Tags, and how many customers have them."""

from collections.abc import Sequence

from loaders.relation import in_key_order
from store.database.scope import Scope
from store.database.stored_fields import Projection
from store.tags.counts import count_customers_by_tag
from store.tags.documents import TagDocument, Tags


async def read_tags(scope: Scope, ids: Sequence[str], projection: Projection = None) -> list[TagDocument | None]:
    """Return the partner's tags by id."""
    return in_key_order(ids, await Tags(scope).by_ids(ids, projection))


async def count_tagged_customers(scope: Scope, tag_ids: Sequence[str]) -> list[int]:
    """Return for each tag how many visible customers have it."""
    counts = await count_customers_by_tag(scope, tag_ids)
    return [counts.get(id_, 0) for id_ in tag_ids]
