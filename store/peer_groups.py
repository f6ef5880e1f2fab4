"""The peer group of a product: over the whole partner, whatever the viewer sees."""

from asyncio import gather
from datetime import datetime

from domain.peer_groups import PeerGroup, peer_group, rank
from domain.types import AnalyticsProduct
from store.client import Document
from store.license_lines import ADDED_INDEX, COLLECTION, PEERS_INDEX, large, peers, too_young
from store.scope import Scope


async def threshold_of(scope: Scope, product: AnalyticsProduct, now: datetime) -> PeerGroup:
    """The size and threshold of the group at `now`; it is read from indexes, and from no document."""
    lines, match = scope.collection(COLLECTION), {**scope.match(), "product": str(product)}
    # One unbroken stretch of an index is counted in half the time that it takes to look at each line's age.
    everyone, young = await gather(
        lines.count({**match, **large()}, hint=PEERS_INDEX),
        lines.count({**match, **too_young(now)}, hint=ADDED_INDEX),
    )
    size = everyone - young
    pipeline: list[Document] = [
        {"$match": {**match, **peers(now)}},
        {"$sort": {"peer_rate": 1}},
        {"$skip": max(0, rank(size) - 1)},
        {"$limit": 1},
        {"$project": {"_id": 0, "peer_rate": 1}},
    ]
    found = await lines.aggregate(pipeline, hint=PEERS_INDEX) if size > 0 else []
    return peer_group(size, found[0]["peer_rate"]) if found else PeerGroup(0, None)
