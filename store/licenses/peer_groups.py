"""The peer group of a product: over the whole partner, whatever the viewer sees."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.entitlements.peer_groups import HIGHEST_STEP, HIGHEST_THRESHOLD, PeerGroup, peer_group, place_of_rank, rank
from domain.types import AnalyticsProduct
from store.customers.conditions import one_of
from store.database.client import Document
from store.database.scope import Scope
from store.licenses.lines import ADDED_INDEX, COLLECTION, PEERS_INDEX, large, peers, too_young
from store.licenses.peer_histogram import STEP, read_tally, tally_of_lines

# A rate of a step lies so close to its hundredths, whatever floats make of them.
_NEAR = 1e-6
_ATTEMPTS = 3


async def threshold_of(scope: Scope, product: AnalyticsProduct, now: datetime) -> PeerGroup:
    """The size and threshold of one product's group at `now`."""
    return (await thresholds_of(scope, [product], now))[product]


async def thresholds_of(scope: Scope, products: Sequence[str], now: datetime) -> dict[str, PeerGroup]:
    """The size and threshold of each product's group at `now`.

    Kept counts, less the few lines that are too young, say how many lines there are and in which hundredth the rank
    lies; that hundredth alone is walked.
    """
    for _ in range(_ATTEMPTS):
        too_new = {"product": one_of(list(map(str, products))), **too_young(now)}
        tally, young = await gather(read_tally(scope), tally_of_lines(scope, too_new, ADDED_INDEX))
        counts = [
            {step: lines - young.get((of, step), 0) for (of, step), lines in tally.items() if of == product}
            for product in products
        ]
        groups = await gather(*(_group(scope, *one, now) for one in zip(products, counts, strict=True)))
        found = {product: group for product, group in zip(products, groups, strict=True) if group is not None}
        if len(found) == len(products):
            return found
    # Changes came between the reads each time: counting needs no two of them to agree.
    counted = await gather(*(_by_counting(scope, product, now) for product in products))
    return dict(zip(products, counted, strict=True))


async def _group(scope: Scope, product: str, counts: Mapping[int, int], now: datetime) -> PeerGroup | None:
    """None where what is walked is not what was counted."""
    size = sum(counts.values())
    if size <= 0:
        return PeerGroup(0, None)
    step, before = place_of_rank(counts)
    if step == HIGHEST_STEP:
        return peer_group(size, HIGHEST_THRESHOLD)
    near: Document = {"peer_rate": {"$gte": step / 100 - _NEAR, "$lt": (step + 1) / 100 + _NEAR}}
    pipeline: list[Document] = [
        {"$match": {**scope.match(), "product": str(product), **peers(now), **near}},
        {"$match": {"$expr": {"$eq": [STEP, step]}}},
        {"$sort": {"peer_rate": 1}},
        {"$skip": rank(size) - before - 1},
        {"$limit": 1},
        {"$project": {"_id": 0, "peer_rate": 1}},
    ]
    found = await scope.collection(COLLECTION).aggregate(pipeline, hint=PEERS_INDEX)
    return peer_group(size, found[0]["peer_rate"]) if found else None


async def _by_counting(scope: Scope, product: str, now: datetime) -> PeerGroup:
    """The same by going through all lines of an index."""
    lines, match = scope.collection(COLLECTION), {**scope.match(), "product": str(product)}
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
