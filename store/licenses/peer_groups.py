"""The peer group of a product: over the whole partner, whatever the viewer sees."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.entitlements.peer_groups import (
    MAX_RATE_STEP,
    MAX_THRESHOLD,
    PeerGroup,
    build_peer_group,
    find_percentile_step,
    percentile_rank,
)
from domain.types import AnalyticsProduct
from store.customers.conditions import equals_any
from store.database.client import Document
from store.database.scope import Scope
from store.licenses.lines import (
    ADDED_INDEX,
    COLLECTION,
    PEERS_INDEX,
    match_peer_candidates,
    match_peers,
    match_young_candidates,
)
from store.licenses.peer_histogram import RATE_STEP, count_histogram, read_histogram

# A rate of a step lies so close to its hundredths, whatever floats make of them.
_RATE_TOLERANCE = 1e-6
_ATTEMPTS = 3


async def read_peer_group(scope: Scope, product: AnalyticsProduct, now: datetime) -> PeerGroup:
    """The size and threshold of one product's group at `now`."""
    return (await read_peer_groups(scope, [product], now))[product]


async def read_peer_groups(scope: Scope, products: Sequence[str], now: datetime) -> dict[str, PeerGroup]:
    """The size and threshold of each product's group at `now`.

    Kept counts, less the few lines that are too young, say how many lines there are and in which hundredth the rank
    lies; that hundredth alone is walked.
    """
    for _ in range(_ATTEMPTS):
        too_new = {"product": equals_any(list(map(str, products))), **match_young_candidates(now)}
        histogram, young = await gather(read_histogram(scope), count_histogram(scope, too_new, ADDED_INDEX))
        counts = [
            {step: lines - young.get((of, step), 0) for (of, step), lines in histogram.items() if of == product}
            for product in products
        ]
        groups = await gather(*(_read_from_histogram(scope, *one, now) for one in zip(products, counts, strict=True)))
        found = {product: group for product, group in zip(products, groups, strict=True) if group is not None}
        if len(found) == len(products):
            return found
    # Changes came between the reads each time: counting needs no two of them to agree.
    counted = await gather(*(_read_by_counting(scope, product, now) for product in products))
    return dict(zip(products, counted, strict=True))


async def _read_from_histogram(
    scope: Scope, product: str, counts: Mapping[int, int], now: datetime
) -> PeerGroup | None:
    """None where what is walked is not what was counted."""
    size = sum(counts.values())
    if size <= 0:
        return PeerGroup(0, None)
    step, before = find_percentile_step(counts)
    if step == MAX_RATE_STEP:
        return build_peer_group(size, MAX_THRESHOLD)
    near: Document = {"peer_rate": {"$gte": step / 100 - _RATE_TOLERANCE, "$lt": (step + 1) / 100 + _RATE_TOLERANCE}}
    pipeline: list[Document] = [
        {"$match": {**scope.match(), "product": str(product), **match_peers(now), **near}},
        {"$match": {"$expr": {"$eq": [RATE_STEP, step]}}},
        {"$sort": {"peer_rate": 1}},
        {"$skip": percentile_rank(size) - before - 1},
        {"$limit": 1},
        {"$project": {"_id": 0, "peer_rate": 1}},
    ]
    found = await scope.collection(COLLECTION).aggregate(pipeline, hint=PEERS_INDEX)
    return build_peer_group(size, found[0]["peer_rate"]) if found else None


async def _read_by_counting(scope: Scope, product: str, now: datetime) -> PeerGroup:
    """The same by going through all lines of an index."""
    lines, match = scope.collection(COLLECTION), {**scope.match(), "product": str(product)}
    everyone, young = await gather(
        lines.count({**match, **match_peer_candidates()}, hint=PEERS_INDEX),
        lines.count({**match, **match_young_candidates(now)}, hint=ADDED_INDEX),
    )
    size = everyone - young
    pipeline: list[Document] = [
        {"$match": {**match, **match_peers(now)}},
        {"$sort": {"peer_rate": 1}},
        {"$skip": max(0, percentile_rank(size) - 1)},
        {"$limit": 1},
        {"$project": {"_id": 0, "peer_rate": 1}},
    ]
    found = await lines.aggregate(pipeline, hint=PEERS_INDEX) if size > 0 else []
    return build_peer_group(size, found[0]["peer_rate"]) if found else PeerGroup(0, None)
