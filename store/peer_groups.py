"""The peer group of a product: over the whole partner, whatever the viewer sees."""

from datetime import datetime

from domain.peer_groups import PeerGroup, peer_group, rank
from domain.types import AnalyticsProduct
from store.client import Document
from store.license_lines import COLLECTION, PEERS_INDEX, peers
from store.scope import Scope


async def threshold_of(scope: Scope, product: AnalyticsProduct, now: datetime) -> PeerGroup:
    """The size and threshold of the group at `now`; two reads of one index, and of no document."""
    lines = scope.collection(COLLECTION)
    where = {**scope.match(), "product": str(product), **peers(now)}
    size = await lines.count(where, hint=PEERS_INDEX)
    pipeline: list[Document] = [
        {"$match": where},
        {"$sort": {"peer_rate": 1}},
        {"$skip": max(0, rank(size) - 1)},
        {"$limit": 1},
        {"$project": {"_id": 0, "peer_rate": 1}},
    ]
    found = await lines.aggregate(pipeline, hint=PEERS_INDEX) if size else []
    return peer_group(size, found[0]["peer_rate"]) if found else PeerGroup(0, None)
