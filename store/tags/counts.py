"""The number of visible customers with each tag."""

from collections.abc import Sequence

from domain.customers.keys import dimension_key
from store.customers.orders import KEYS_INDEX
from store.database.client import Document
from store.database.scope import Scope


async def count_customers_by_tag(scope: Scope, tag_ids: Sequence[str]) -> dict[str, int]:
    """Return the counts by tag, from one aggregation over the customers that have any of the tags."""
    visibility = scope.match_customers()
    tag_keys = [dimension_key("tag", tag) for tag in tag_ids]
    # Two conditions on `keys` need $and, because a mapping has the field once.
    visible = {"$and": [{"keys": visibility.pop("keys")}]}
    stages: list[Document] = [
        {"$match": {**visibility, "keys": {"$in": tag_keys}, **visible}},
        {"$project": {"_id": 0, "tag_ids": 1}},
        {"$unwind": "$tag_ids"},
        {"$match": {"tag_ids": {"$in": list(tag_ids)}}},
        {"$group": {"_id": "$tag_ids", "count": {"$sum": 1}}},
    ]
    rows = await scope.collection("customers").aggregate(stages, hint=KEYS_INDEX)
    return {row["_id"]: row["count"] for row in rows}
