"""How many customers in sight have each tag."""

from collections.abc import Sequence

from domain.customers.keys import dimension_key
from store.customers.orders import KEYS_INDEX
from store.database.client import Document
from store.database.scope import Scope


async def count_customers_by_tag(scope: Scope, tag_ids: Sequence[str]) -> dict[str, int]:
    """By tag, in one aggregation over the customers that have any of them."""
    sight = scope.match_customers()
    keys = [dimension_key("tag", tag) for tag in tag_ids]
    visible = {"$and": [{"keys": sight.pop("keys")}]}
    stages: list[Document] = [
        {"$match": {**sight, "keys": {"$in": keys}, **visible}},
        {"$project": {"_id": 0, "tag_ids": 1}},
        {"$unwind": "$tag_ids"},
        {"$match": {"tag_ids": {"$in": list(tag_ids)}}},
        {"$group": {"_id": "$tag_ids", "count": {"$sum": 1}}},
    ]
    found = await scope.collection("customers").aggregate(stages, hint=KEYS_INDEX)
    return {row["_id"]: row["count"] for row in found}
