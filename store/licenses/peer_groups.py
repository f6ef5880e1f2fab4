"""Reading the peer group of a product: over all lines of the partner, whatever the viewer sees.

1. The stored histogram of rates (peer_histogram.py) counts the candidates by hundredths. Subtracting the few candidates
   under 30 days gives the size of the group, and the hundredth that contains the 25th percentile.
2. Only that hundredth is read from the index of rates, to find the exact rate.
3. The reads are separate queries, so a change in between can make them inconsistent. After three attempts, the lines
   themselves are counted.
"""

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

# Widens the range of a step, against rounding of `step / 100`; the step itself is compared exactly afterwards.
_RATE_TOLERANCE = 1e-6
_ATTEMPTS = 3


async def read_peer_group(scope: Scope, product: AnalyticsProduct, now: datetime) -> PeerGroup:
    """Return the size and threshold of one product's group at `now`."""
    return (await read_peer_groups(scope, [product], now))[product]


async def read_peer_groups(scope: Scope, products: Sequence[str], now: datetime) -> dict[str, PeerGroup]:
    """Return the size and threshold of each product's group at `now`."""
    for _ in range(_ATTEMPTS):
        is_young = {"product": equals_any(list(map(str, products))), **match_young_candidates(now)}
        histogram, young = await gather(read_histogram(scope), count_histogram(scope, is_young, ADDED_INDEX))
        counts = [
            {step: lines - young.get((name, step), 0) for (name, step), lines in histogram.items() if name == product}
            for product in products
        ]
        pairs = zip(products, counts, strict=True)
        groups = await gather(*(_read_from_histogram(scope, product, steps, now) for product, steps in pairs))
        consistent = {product: group for product, group in zip(products, groups, strict=True) if group is not None}
        if len(consistent) == len(products):
            return consistent
    counted = await gather(*(_read_by_counting(scope, product, now) for product in products))
    return dict(zip(products, counted, strict=True))


async def _read_from_histogram(
    scope: Scope, product: str, counts: Mapping[int, int], now: datetime
) -> PeerGroup | None:
    """Return the group, or None where the lines have changed since they were counted."""
    size = sum(counts.values())
    if size <= 0:
        return PeerGroup(0, None)
    step, lower = find_percentile_step(counts)
    if step == MAX_RATE_STEP:
        return build_peer_group(size, MAX_THRESHOLD)
    in_range: Document = {
        "peer_rate": {"$gte": step / 100 - _RATE_TOLERANCE, "$lt": (step + 1) / 100 + _RATE_TOLERANCE}
    }
    pipeline: list[Document] = [
        {"$match": {**scope.match(), "product": str(product), **match_peers(now), **in_range}},
        {"$match": {"$expr": {"$eq": [RATE_STEP, step]}}},
        {"$sort": {"peer_rate": 1}},
        {"$skip": percentile_rank(size) - lower - 1},
        {"$limit": 1},
        {"$project": {"_id": 0, "peer_rate": 1}},
    ]
    rows = await scope.collection(COLLECTION).aggregate(pipeline, hint=PEERS_INDEX)
    return build_peer_group(size, rows[0]["peer_rate"]) if rows else None


async def _read_by_counting(scope: Scope, product: str, now: datetime) -> PeerGroup:
    """Return the group by scanning all its lines in the index."""
    lines, match = scope.collection(COLLECTION), {**scope.match(), "product": str(product)}
    candidates, young = await gather(
        lines.count({**match, **match_peer_candidates()}, hint=PEERS_INDEX),
        lines.count({**match, **match_young_candidates(now)}, hint=ADDED_INDEX),
    )
    size = candidates - young
    pipeline: list[Document] = [
        {"$match": {**match, **match_peers(now)}},
        {"$sort": {"peer_rate": 1}},
        {"$skip": max(0, percentile_rank(size) - 1)},
        {"$limit": 1},
        {"$project": {"_id": 0, "peer_rate": 1}},
    ]
    rows = await lines.aggregate(pipeline, hint=PEERS_INDEX) if size > 0 else []
    return build_peer_group(size, rows[0]["peer_rate"]) if rows else PeerGroup(0, None)
